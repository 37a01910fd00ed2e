"""That a guardian is an adult who has a CPR number of his own, as far as the number itself tells.

Parents may be very young, and are guardians all the same: `YOUNGEST` keeps out children who were written where the adult belongs,
the child itself and its brothers and sisters, and nobody who may be a parent.
"""

from collections.abc import Iterator
from datetime import date
from typing import Final

from services.registration.domain.cpr_number import CprNumber
from services.registration.domain.objection import Objection, Rule
from services.registration.domain.programme import age_on

YOUNGEST: Final = 13
"""Years of age at which somebody may be a guardian. No law names it: younger than this hardly anybody is a parent."""


def objections(written: str, day: date, at: str, child: CprNumber | None = None) -> Iterator[Objection]:
    """What speaks against a guardian's number, who is to be one on that day, of the child with that number; `at` is where it stands."""
    number = CprNumber.read(written)
    if number is None:
        yield Objection(Rule.INVALID_CPR_NUMBER, at)
    elif number == child:
        yield Objection(Rule.GUARDIAN_IS_CHILD, at)
    elif _is_too_young(number, day):
        yield Objection(Rule.GUARDIAN_TOO_YOUNG, at, {"age": YOUNGEST})


def _is_too_young(number: CprNumber, day: date) -> bool:
    """A number whose birth date has not come is nobody's, and tells no age."""
    born = number.youngest_on(day)
    return born is not None and age_on(day, born) < YOUNGEST
