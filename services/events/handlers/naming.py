"""Refusals and answers of rules with the names that people know: a rule names tracks, districts and institutions by their codes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from services.events.domain.refusal import Refusal, Slug
from services.events.domain.rule import Answer

if TYPE_CHECKING:
    from services.events.storage import Work

BY_CODES = {Slug.RULE_TRACKS: "tracks", Slug.RULE_DISTRICTS: "districts", Slug.RULE_INSTITUTIONS: "institutions"}
"""The rules that name something by codes, and what."""

Said = TypeVar("Said", Refusal, Answer)


def named(said: Iterable[Said], programme: str, work: "Work") -> Sequence[Said]:
    """The same with names for codes, as far as they are known; asks only where there is anything to name."""
    found = list(said)
    if not any(one.slug in BY_CODES for one in found):
        return found
    names = work.places.names(programme)
    return [replace(one, values=_named(one.values, names[BY_CODES[one.slug]])) if one.slug in BY_CODES else one for one in found]


def _named(values: Mapping[str, object], names: Mapping[str, str]) -> Mapping[str, object]:
    codes = str(values["wanted"]).split(", ")
    return dict(values) | {"wanted": ", ".join(names.get(code, code) for code in codes)}
