"""How alike two people are, of 100, and why: the reasons are codes, with their words in texts.toml, and name nobody.

A child's score is made of birth date and name; a guardian's of name and of what else he shares with the other: an address,
a number, a child. Neither a name nor an address alone is enough: many share the one, couples share the other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rapidfuzz import fuzz

from services.registration.domain.guardian import plain_phone
from services.registration.domain.naming import folded, is_initial
from services.registration.domain.person import Kind, Person

ENOUGH: Final = 80
"""From this score on two people are candidates."""

_SAME, _SURE = 100, 100
_ALIKE: Final = 75
_INITIALS: Final = 90
_MIRRORED: Final = 96
_GIVEN, _FAMILY = 0.6, 0.4


class Why(StrEnum):
    """What two people have in common."""

    SAME_NUMBER = "same-cpr-number"
    SAME_BIRTH_DATE = "same-birth-date"
    DAY_AND_MONTH_SWAPPED = "day-and-month-swapped"
    SAME_NAME = "same-name"
    OTHER_SPELLING = "other-spelling"
    NAMES_SWAPPED = "names-swapped"
    INITIALS = "initials"
    SIMILAR_NAME = "similar-name"
    SAME_EMAIL = "same-email"
    SAME_PHONE = "same-phone"
    SAME_CHILD = "same-child"


_WORTH: Final = {
    Why.SAME_BIRTH_DATE: 40,
    Why.DAY_AND_MONTH_SWAPPED: 28,
    Why.SAME_EMAIL: 45,
    Why.SAME_PHONE: 40,
    Why.SAME_CHILD: 36,
}
_SHARED_AT_MOST: Final = 50


@dataclass(frozen=True, slots=True)
class Likeness:
    """A score of 100, and the reasons in the order in which they weigh."""

    score: int
    reasons: Sequence[Why]

    @property
    def is_enough(self) -> bool:
        """Whether a person should look at the two."""
        return self.score >= ENOUGH


def likeness(one: Person, other: Person) -> Likeness:
    """How alike two people of the same kind are; the same whichever comes first."""
    if one.cpr_number and one.cpr_number == other.cpr_number:
        return Likeness(_SURE, [Why.SAME_NUMBER])
    alike, why = _name(one, other)
    shared = list(_birth(one, other) if one.kind is Kind.CHILD else _shared(one, other))
    worth = min(sum(_WORTH[reason] for reason in shared), _SHARED_AT_MOST)
    scale = _SURE - max(_WORTH[Why.SAME_BIRTH_DATE], worth)
    return Likeness(round(worth + alike * scale / _SAME) if shared else 0, [*shared, *([why] if why else [])])


def _name(one: Person, other: Person) -> tuple[float, Why | None]:
    """How alike the names are, of 100, and in what way."""
    if one.name.casefold() == other.name.casefold():
        return _SAME, Why.SAME_NAME
    ours, theirs = one.plain_name, other.plain_name
    if ours and ours.replace(" ", "") == theirs.replace(" ", ""):
        return _SAME, Why.OTHER_SPELLING
    if sorted(ours.split()) == sorted(theirs.split()):
        return _MIRRORED, Why.NAMES_SWAPPED
    if _abbreviates(ours.split(), theirs.split()) or _abbreviates(theirs.split(), ours.split()):
        return _INITIALS, Why.INITIALS
    alike = max(_by_part(one, other), _double(ours, theirs))
    return alike, Why.SIMILAR_NAME if alike >= _ALIKE else None


def _by_part(one: Person, other: Person) -> float:
    """Given name and family name, each with its counterpart or crosswise. The given name weighs more: sisters share the other."""
    given, family, others_given, others_family = map(folded, (one.given_name, one.family_name, other.given_name, other.family_name))
    straight = _GIVEN * fuzz.ratio(given, others_given) + _FAMILY * fuzz.ratio(family, others_family)
    crosswise = (fuzz.ratio(given, others_family) + fuzz.ratio(family, others_given)) / 2
    return max(straight, crosswise)


def _double(ours: str, theirs: str) -> float:
    """One of two double names was left out: every word of the shorter name, and at least two, stands in the longer."""
    short, long = sorted((set(ours.split()), set(theirs.split())), key=len)
    return _INITIALS if len(short) > 1 and short < long else 0


def _abbreviates(short: Sequence[str], whole: Sequence[str]) -> bool:
    """Whether one name is the other with initials: `a hansen`, `anna hansen`. A name of initials alone is anybody's."""
    if len(short) != len(whole) or all(map(is_initial, short)) or not any(map(is_initial, short)):
        return False
    return all(ours == theirs or (is_initial(ours) and theirs.startswith(ours)) for ours, theirs in zip(short, whole, strict=True))


def _birth(one: Person, other: Person) -> Iterator[Why]:
    if one.birth_date is None or other.birth_date is None:
        return
    if one.birth_date == other.birth_date:
        yield Why.SAME_BIRTH_DATE
    elif (one.birth_date.day, one.birth_date.month) == (other.birth_date.month, other.birth_date.day):
        yield Why.DAY_AND_MONTH_SWAPPED


def _shared(one: Person, other: Person) -> Iterator[Why]:
    if one.email and other.email and one.email.casefold() == other.email.casefold():
        yield Why.SAME_EMAIL
    if one.phone and other.phone and plain_phone(one.phone) == plain_phone(other.phone):
        yield Why.SAME_PHONE
    if one.children & other.children:
        yield Why.SAME_CHILD
