"""Putting right who a child or a guardian is (berigtigelse; GDPR, article 16): names, a child's birth date, a CPR number.

Somebody says what is right and why it was wrong; a correction that changes nothing leaves no trace. A birth date and a number must
agree afterwards. A number that another has is given to nobody a second time: whether the two are one is a person's to say.

Nobody is born in the future. Where a child is enrolled still, and the right birth date would make that enrolment impossible, the
enrolment is to be ended first: no programme counts a child that it does not take.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from services.registration.domain.child import Child
from services.registration.domain.clocks import day_of
from services.registration.domain.cpr_number import CprNumber
from services.registration.domain.guardian import Guardian
from services.registration.domain.objection import Objection, Rule
from services.registration.domain.origin import DoneBy
from services.registration.domain.person import Kind
from services.registration.domain.programme import age_on

Somebody = Child | Guardian

_EARLIEST = date(1900, 1, 1)
"""Nobody who takes part was born before."""


class Ground(StrEnum):
    """Why it is to be corrected."""

    MISTYPED = "mistyped"
    CHANGED = "changed"
    AS_REGISTERED = "as-registered"
    ASKED_FOR = "asked-for"


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """What is right; what is None stays as it is. Only of a child a birth date is kept."""

    given_name: str | None = None
    family_name: str | None = None
    birth_date: date | None = None
    cpr_number: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class IdentityRequest:
    """Correct who this child or guardian is."""

    kind: Kind
    person_id: str
    changes: Identity
    reason: Ground

    @property
    def number(self) -> CprNumber | None:
        """The right number, where one is given that can be read."""
        return CprNumber.read(self.changes.cpr_number) if self.changes.cpr_number else None

    @property
    def values(self) -> Mapping[str, Any]:
        """What is given and can be read, as a child or a guardian holds it."""
        given = asdict(self.changes) | {"cpr_number": self.number}
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Correction:
    """One that changed something, as it is kept. `before` and `after` hold the fields that changed; of numbers what may be shown."""

    correction_id: str
    kind: Kind
    person_id: str
    reason: Ground
    source: str
    request_id: str
    done_by: DoneBy
    said_at: datetime
    recorded_at: datetime
    before: Mapping[str, str | None]
    after: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Begun:
    """An enrolment of the child that may go on: when it starts, and the oldest age that its programme takes."""

    start: date
    oldest_age: int

    def takes(self, birth_date: date) -> bool:
        """Whether a child of that birth date is young enough for it."""
        return age_on(self.start, birth_date) <= self.oldest_age


@dataclass(frozen=True, slots=True)
class Around:
    """What the rules look at beside somebody himself: who has the number, and the child's enrolments that may go on."""

    owner: str | None = None
    begun: Sequence[Begun] = ()


def objections(request: IdentityRequest, somebody: Somebody | None, around: Around, said_at: datetime) -> Iterator[Objection]:
    """Everything that speaks against it; `somebody` is None where the one who asks may not know that there is anybody."""
    if request.changes == Identity():
        yield Objection(Rule.NOTHING_TO_CORRECT, "/changes")
    if request.changes.cpr_number and request.number is None:
        yield Objection(Rule.INVALID_CPR_NUMBER, "/changes/cpr_number")
    if request.kind is Kind.GUARDIAN and request.changes.birth_date:
        yield Objection(Rule.BIRTH_DATE_NOT_KEPT, "/changes/birth_date")
    if somebody is None:
        yield Objection(Rule.UNKNOWN_PERSON, "/person_id")
    elif around.owner not in (None, request.person_id):
        yield Objection(Rule.CPR_NUMBER_TAKEN, "/changes/cpr_number")
    if isinstance(somebody, Child):
        yield from _against_birth(request, somebody, around, said_at)


def told(somebody: Somebody, names: Iterable[str]) -> dict[str, str | None]:
    """These fields as the history keeps them."""
    return {name: _shown(getattr(somebody, name)) for name in names}


def _against_birth(request: IdentityRequest, child: Child, around: Around, said_at: datetime) -> Iterator[Objection]:
    """Of the child as it would be. What was wrong before and is not touched is no reason to refuse the rest."""
    corrected = replace(child)
    touched = {"birth_date", "cpr_number"} & set(corrected.correct(request.values, said_at))
    at = "/changes/birth_date" if request.changes.birth_date else "/changes/cpr_number"
    if touched and corrected.cpr_number and not corrected.cpr_number.agrees_with(corrected.birth_date):
        yield Objection(Rule.BIRTH_DATE_AGAINST_NUMBER, at)
    if corrected.birth_date < _EARLIEST:
        yield Objection(Rule.BIRTH_DATE_TOO_EARLY, at)
    elif "birth_date" in touched:
        yield from _against_day(child.birth_date, corrected.birth_date, around.begun, day_of(said_at), at)


def _against_day(before: date, after: date, begun: Sequence[Begun], today: date, at: str) -> Iterator[Objection]:
    """Of a birth date that is to be another. Who was too old before, by a programme that takes fewer now, is no worse off."""
    if after > today:
        yield Objection(Rule.BIRTH_DATE_IN_THE_FUTURE, at)
    if any(after > one.start for one in begun):
        yield Objection(Rule.CHILD_NOT_BORN, at)
    too_old = [one.oldest_age for one in begun if one.takes(before) and not one.takes(after)]
    if too_old:
        yield Objection(Rule.CHILD_TOO_OLD, at, {"age": min(too_old)})


def _shown(value: CprNumber | date | str | None) -> str | None:
    """A name or a day as it is; of a number the first six digits."""
    return None if value is None else value.masked if isinstance(value, CprNumber) else str(value)
