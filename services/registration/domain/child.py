"""A child (barn), once for each CPR number, however many requests name it."""

from dataclasses import dataclass
from datetime import date

from services.registration.domain.cpr_number import CprNumber


@dataclass(slots=True, repr=False)
class Child:
    """Who the child is. Only registration knows; everybody else knows `child_id`.

    `hidden`: it is protected; so it is unless somebody has looked.
    """

    child_id: str
    cpr_number: CprNumber
    birth_date: date
    given_name: str
    family_name: str
    hidden: bool = True

    @property
    def birth_month(self) -> str:
        """`2022-05`: as much of the birth date as other services may know."""
        return f"{self.birth_date:%Y-%m}"
