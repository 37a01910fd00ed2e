"""What is wrong with what was typed, said at the field that it is typed in. The rules are the handlers'; here they find their fields."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from services.chassis.errors import Reason
from services.chassis.pages.words import Said, Words
from services.registration.domain.objection import Objection
from services.registration.domain.sign_up import Channel
from services.registration.pages.typed import Typed
from services.registration.texts import reason

PROVEN_AT: Final = {Channel.EMAIL: "email", Channel.SMS: "phone"}
_ABOUT_CUSTODY: Final = "guardian-without-custody"

Found = tuple[str, Mapping[str, Any], Sequence[Reason | Objection]]
"""A child's place on the page, what is asked for it, and what speaks against that."""


def at_fields(found: Iterable[Found], typed: Typed, channel: Channel, words: Words) -> dict[str, list[Said]]:
    """Each problem once, by the name of the field that it is said at."""
    problems: dict[str, dict[Said, None]] = {}
    for child, data, against in found:
        for one in against:
            name = _Page(typed.places("guardians"), child, data, channel).field(one)
            problems.setdefault(name, {})[_said(one, name, words)] = None
    return {name: [*said] for name, said in problems.items()}


def _said(one: Reason | Objection, name: str, words: Words) -> Said:
    if isinstance(one, Reason):
        return words.problem(one.slug, name, {}, {"da": one.da, "en": one.en})
    told = reason(one.rule, one.field, one.values)
    return words.problem(told.slug, name, one.values, {"da": told.da, "en": told.en})


class _Page:
    """From a JSON pointer into a request to the name of a field of the page."""

    def __init__(self, guardians: Sequence[str], child: str, data: Mapping[str, Any], channel: Channel) -> None:
        self._guardians, self._child, self._data = guardians, child, data
        self._proven = PROVEN_AT[channel]

    def field(self, one: Reason | Objection) -> str:
        slug = one.slug if isinstance(one, Reason) else one.rule.value
        code = "" if isinstance(one, Reason) else str(one.values.get("code", ""))
        match one.field.strip("/").split("/"):
            case ["guardians"] | ["consent", "guardian"]:
                return f"guardians/{self._guardians[0]}/{'custody' if slug == _ABOUT_CUSTODY else self._proven}"
            case ["guardians", place, *rest]:
                return self._below(["guardians", self._guardians[int(place)]], rest, self._data["guardians"][int(place)], code)
            case ["child", *rest]:
                return self._below(["children", self._child, "child"], rest, self._data["child"], code)
            case ["consent", *_]:
                return "consent/given"
            case rest:
                return "/".join(["children", self._child, *rest])

    def _below(self, at: Sequence[str], rest: Sequence[str], said: Mapping[str, Any], code: str) -> str:
        """A field of one person; answers are named by their questions. Of several values in one field only the field has a name."""
        match rest:
            case ["answers", place, *_]:
                code = said["answers"][int(place)]["question"]
                return "/".join([*at, "answers", code])
            case ["answers"]:
                return "/".join([*at, "answers", code])
            case _:
                return "/".join([*at, *rest[:1]])
