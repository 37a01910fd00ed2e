"""A child (barn), once for each CPR number, however many requests name it; or without one, until one is known."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from services.registration.domain.correcting import correct
from services.registration.domain.cpr_number import CprNumber


@dataclass(frozen=True, slots=True)
class Unnumbered:
    """A child as somebody means it who names no CPR number: by the id that it has, or is to have."""

    child_id: str


ChildKey = CprNumber | Unnumbered
"""By what requests name a child."""


@dataclass(slots=True, repr=False)
class Child:
    """Who the child is. Only registration knows; everybody else knows `child_id`.

    No request for an enrolment changes it; `corrected` says of a field that somebody corrected when that was said. `hidden`: it is
    protected; so it is unless somebody has looked.
    """

    child_id: str
    cpr_number: CprNumber | None
    birth_date: date
    given_name: str
    family_name: str
    corrected: dict[str, datetime] = field(default_factory=dict)
    hidden: bool = True

    def correct(self, changes: Mapping[str, Any], said_at: datetime) -> tuple[str, ...]:
        """Take over a correction, as far as nothing newer is known; the fields that are another now, by name."""
        return correct(self, changes, said_at)

    @property
    def birth_month(self) -> str:
        """`2022-05`: as much of the birth date as other services may know."""
        return f"{self.birth_date:%Y-%m}"
