"""Somebody as far as it matters for whether two are one: a child or a guardian, stored or only described."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.registration.domain.cpr_number import CprNumber
from services.registration.domain.naming import folded, sounds


class Kind(StrEnum):
    """Only people of the same kind can be the same."""

    CHILD = "child"
    GUARDIAN = "guardian"


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Person:
    """What is known of somebody. `children` are the ids of a guardian's children; one who is only described has no `person_id`."""

    kind: Kind
    given_name: str
    family_name: str
    person_id: str = ""
    birth_date: date | None = None
    email: str | None = None
    phone: str | None = None
    children: AbstractSet[str] = frozenset()
    cpr_number: CprNumber | None = None

    @property
    def name(self) -> str:
        """In the usual order."""
        return f"{self.given_name} {self.family_name}"

    @property
    def plain_name(self) -> str:
        """The same without marks and capitals."""
        return f"{folded(self.given_name)} {folded(self.family_name)}".strip()

    @property
    def sounds(self) -> AbstractSet[str]:
        """How its words sound."""
        return sounds(self.given_name) | sounds(self.family_name)
