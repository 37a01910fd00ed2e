"""Families as they are stored: what lines are compared with, and what undoing goes back to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Final

import msgspec

from services.registration.domain.address import Address
from services.registration.domain.cpr_number import CprNumber
from services.registration.domain.guardian import Guardian
from services.registration.domain.guardianship import Terms

OF_A_GUARDIAN: Final = ("given_name", "family_name", "email", "phone", "language", "spoken_language", "cpr_number", "address")
"""What a file may say of a guardian."""


@dataclass(frozen=True, slots=True, repr=False)
class StoredGuardian:
    """A guardian's own details."""

    given_name: str
    family_name: str
    language: str
    email: str | None = None
    phone: str | None = None
    spoken_language: str | None = None
    cpr_number: CprNumber | None = None
    former_names: Sequence[str] = ()
    address: Address | None = None
    hidden: bool = False

    @property
    def masked(self) -> str | None:
        """As much of the number as may be shown."""
        return self.cpr_number.masked if self.cpr_number else None

    def as_guardian(self) -> Guardian:
        """The guardian whom these details describe."""
        return Guardian("", **{name: getattr(self, name) for name in self.__slots__})


@dataclass(frozen=True, slots=True)
class StoredEnrolment:
    """Where a child is enrolled in the programme (no institution: at home), and after how many steps."""

    enrolment_id: str
    institution: str | None
    track: str
    start_date: date
    steps: int


@dataclass(slots=True, repr=False)
class StoredChild:
    """A child, its enrolment in the programme, and what holds between it and its guardians, by their ids."""

    child_id: str
    birth_date: date
    given_name: str
    family_name: str
    enrolment: StoredEnrolment | None = None
    terms: dict[str, Terms] = field(default_factory=dict)


@dataclass(repr=False)
class StoredFamilies:
    """Children by the line that names them, and every guardian around them by id."""

    children: dict[int, StoredChild]
    guardians: dict[str, StoredGuardian]

    def ids_around(self, line: int) -> set[str]:
        """The child's own id, and its guardians'."""
        child = self.children.get(line)
        return {child.child_id, *child.terms} if child else set()

    def guardians_around(self, child: StoredChild | None, number: CprNumber | None) -> list[StoredGuardian]:
        """The one with the number, and the child's."""
        numbered = self._by_number.get(number) if number else None
        return [*([numbered] if numbered else ()), *(self.guardians[id_] for id_ in (child.terms if child else ()))]

    @cached_property
    def _by_number(self) -> dict[CprNumber, StoredGuardian]:
        return {one.cpr_number: one for one in self.guardians.values() if one.cpr_number}


@dataclass(frozen=True, slots=True)
class Brought:
    """A child whom a line brought, the enrolment that came with it, if one did, and the guardians whom the line named."""

    child_id: str
    enrolment_id: str | None
    guardians: list[str]


@dataclass(frozen=True, slots=True)
class Built:
    """What others did with people since they came in: slugs, by the person's id."""

    reasons: dict[str, list[str]]

    def on(self, person_id: str) -> list[str]:
        """Each reason for which this one stays."""
        return self.reasons.get(person_id, [])


class Made(msgspec.Struct):
    """What a line led to, for taking it back: the enrolment that it made; guardians, and what holds, as they were and as they are."""

    child_id: str
    enrolment: StoredEnrolment | None
    guardians: dict[str, tuple[StoredGuardian | None, StoredGuardian]]
    terms: dict[str, tuple[Terms | None, Terms]]
