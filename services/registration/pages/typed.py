"""What somebody has typed on the page, by the names of its fields, and the requests that it comes to.

A field is named as the JSON pointer of what it fills: `guardians/0/email`, `children/1/child/given_name`. Who was taken off the page
again leaves a gap, so `guardians` and `children` say who is on it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.chassis.ids import new_id
from services.registration.domain.answer import is_met
from services.registration.domain.fitting import Value
from services.registration.domain.programme import Programme
from services.registration.domain.question import About, Question, QuestionKind

PURPOSE: Final = "take-part"
"""What the page asks agreement to: the one purpose whose consent comes with a request (`enrolment.requested/v1`)."""
AT_HOME: Final = "-"
"""Chosen in place of an institution; no code looks like it."""
MOST: Final = {"guardians": 4, "children": 4}
_FIRST: Final = {"guardians": "given_name", "children": "child/given_name"}
_PLACE: Final = re.compile(r"[0-9]{1,2}", re.ASCII)
_WHOLE: Final = re.compile(r"-?[0-9]{1,9}", re.ASCII)
_OF_A_GUARDIAN: Final = ("given_name", "family_name", "email", "phone", "relation", "language", "spoken_language")
_OF_A_CHILD: Final = ("cpr_number", "birth_date", "given_name", "family_name")
_YES_OR_NO: Final = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True, repr=False)
class Typed:
    """The values of each name, as they were sent."""

    values: Mapping[str, Sequence[str]]

    def all(self, name: str) -> Sequence[str]:
        return self.values.get(name, ())

    def text(self, name: str) -> str:
        """What stands in a field of one value, without the spaces around it."""
        return next(iter(self.all(name)), "").strip()

    def places(self, group: str) -> list[str]:
        """Who is on the page, of the guardians or the children; always one at least."""
        known = dict.fromkeys(place for place in self.all(group) if _PLACE.fullmatch(place))
        return [*known][: MOST[group]] or ["0"]

    def changed(self, do: str, what: str) -> "Typed":
        """The same after one was added to a group of `MOST`, or taken off the page (`group/place`)."""
        group, _, place = what.partition("/")
        if group not in MOST or do not in {"add", "remove"}:
            return self
        return self._one_more(group) if do == "add" else self._without(group, place)

    def newest(self, group: str) -> str:
        """The first field of who was added to a group last."""
        return f"{group}/{self.places(group)[-1]}/{_FIRST[group]}" if group in _FIRST else ""

    @property
    def with_ids(self) -> "Typed":
        """The same with an id for each child's request, so that what is sent twice is taken once."""
        names = [f"children/{place}/id" for place in self.places("children")]
        return self.having({name: [self.text(name) or new_id()] for name in names})

    def having(self, values: Mapping[str, Sequence[str]]) -> "Typed":
        """The same with these values of some names."""
        return Typed({**self.values, **values})

    def _one_more(self, group: str) -> "Typed":
        places = self.places(group)
        free = next(str(place) for place in range(MOST[group] + 1) if str(place) not in places)
        return self.having({group: [*places, free][: MOST[group]]})

    def _without(self, group: str, place: str) -> "Typed":
        """The same without that one and everything that was typed of him."""
        begins = f"{group}/{place}/"
        kept = {name: values for name, values in self.values.items() if not name.startswith(begins)}
        return Typed(kept | {group: [one for one in self.places(group) if one != place]})


def asked(typed: Typed, questions: Sequence[Question], about: About, at: str) -> list[tuple[Question, Value | None]]:
    """The questions that are asked after what was answered so far, in their order, each with its answer."""
    found: list[tuple[Question, Value | None]] = []
    answers: dict[str, Value] = {}
    for question in questions:
        if question.about is about and is_met(question.when, answers):
            value = _answer(typed, question, f"{at}/answers/{question.code}")
            found.append((question, value))
            answers |= {} if value is None else {question.code: value}
    return found


def requests(typed: Typed, programme: Programme, open_questions: Sequence[Question]) -> Iterator[tuple[str, dict[str, Any]]]:
    """For each child on the page: its place, and what is asked for it, as the contract enrolment.requested/v1 has it."""
    guardians = [_guardian(typed, place, first=nth == 0, questions=open_questions) for nth, place in enumerate(typed.places("guardians"))]
    for place in typed.places("children"):
        at = f"children/{place}"
        child = _texts(typed, f"{at}/child", _OF_A_CHILD) | _answers(typed, open_questions, About.CHILD, f"{at}/child")
        data = {"programme": programme.code, **_texts(typed, at, ("track", "start_date")), **_institution(typed.text(f"{at}/institution"))}
        yield place, data | {"child": child, "guardians": guardians} | _consent(typed)


def _guardian(typed: Typed, place: str, *, first: bool, questions: Sequence[Question]) -> dict[str, Any]:
    """Questions are put to the one who fills the page in; he cannot answer for another."""
    at = f"guardians/{place}"
    found: dict[str, Any] = _texts(typed, at, _OF_A_GUARDIAN)
    if (custody := typed.text(f"{at}/custody")) in _YES_OR_NO:
        found["custody"] = _YES_OR_NO[custody]
    if channels := typed.all(f"{at}/channels"):
        found["channels"] = [*channels]
    return found | (_answers(typed, questions, About.GUARDIAN, at) if first else {})


def _texts(typed: Typed, at: str, names: Sequence[str]) -> dict[str, str]:
    return {name: text for name in names if (text := typed.text(f"{at}/{name}"))}


def _institution(chosen: str) -> dict[str, str | None]:
    if not chosen:
        return {}
    return {"institution": None if chosen == AT_HOME else chosen}


def _answers(typed: Typed, questions: Sequence[Question], about: About, at: str) -> dict[str, Any]:
    given = [(question.code, value) for question, value in asked(typed, questions, about, at) if value is not None]
    return {"answers": [{"question": code, "answer": [*value] if isinstance(value, tuple) else value} for code, value in given]}


def _answer(typed: Typed, question: Question, name: str) -> Value | None:
    """As JSON has it; what cannot be read stays as it was typed, and the rules refuse it."""
    text = typed.text(name)
    match question.kind:
        case QuestionKind.CHOICES:
            return tuple(typed.all(name)) or None
        case QuestionKind.YES_NO:
            return _YES_OR_NO.get(text)
        case QuestionKind.NUMBER if _WHOLE.fullmatch(text):
            return int(text)
        case _:
            return text or None


def _consent(typed: Typed) -> dict[str, Any]:
    """To the words that were on the page. Who has not answered is asked later."""
    given = _YES_OR_NO.get(typed.text("consent/given"))
    if given is None:
        return {}
    shown = _texts(typed, "consent", ("text_version", "language", "given_at"))
    return {"consent": {"purpose": PURPOSE, "given": given, "guardian": 0, "channel": "web", **shown}}
