"""The number in Denmark's Civil Registration System (CPR-nummer), and what may be read from it.

DDMMYY-SSSS. The seventh digit and the year give the century. Since 2007 numbers are handed out that fail modulus 11,
so it is not checked (CPR office: "Personnumre uden kontrolciffer"). A person without a number may have a replacement
number (erstatningspersonnummer), whose day is 60 higher; its serial says nothing about the century.
An age is never taken from the number: the birth date comes beside it, and the two must agree.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Self

_FORM = re.compile(r"(\d{6})-?(\d{4})", re.ASCII)
_WITHIN = re.compile(r"(?<!\d)(\d{6})[- ]?(\d{4})(?!\d)", re.ASCII)
_REPLACEMENT_DAYS = 60
_LAST_YEARS_OF_2000S = {4: 36, 5: 57, 6: 57, 7: 57, 8: 57, 9: 36}


@dataclass(frozen=True, slots=True, repr=False)
class CprNumber:
    """A readable number; the digits are reached only through `digits`. Text and repr show `150520-xxxx`."""

    digits: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `DDMMYY-SSSS` or ten digits; raises ValueError, which does not repeat the text."""
        form = _FORM.fullmatch(text)
        if form is None:
            raise ValueError("not a CPR number")
        number = cls("".join(form.groups()))
        if not number._birth_dates():
            raise ValueError("not a CPR number: no such date")
        return number

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The number, or None where the text is not one."""
        try:
            return cls.parse(text)
        except ValueError:
            return None

    @property
    def kind(self) -> str:
        """`ordinary`, or `replacement` where the day is 60 higher."""
        return "replacement" if int(self.digits[:2]) > _REPLACEMENT_DAYS else "ordinary"

    @property
    def masked(self) -> str:
        """What may be shown to those who may see the person: the first six digits."""
        return f"{self.digits[:6]}-xxxx"

    def agrees_with(self, birth_date: date) -> bool:
        """Whether the number can belong to somebody who was born on that day."""
        return birth_date in self._birth_dates()

    def youngest_on(self, day: date) -> date | None:
        """When somebody with this number who is there on that day was born; of a replacement number the later of the two days it may be."""
        return max((born for born in self._birth_dates() if born <= day), default=None)

    def _birth_dates(self) -> frozenset[date]:
        day, month, year = (int(self.digits[i : i + 2]) for i in (0, 2, 4))
        if self.kind == "replacement":
            return _dates(day - _REPLACEMENT_DAYS, month, (1900 + year, 2000 + year))
        return _dates(day, month, (self._century(year) + year,))

    def _century(self, year: int) -> int:
        seventh = int(self.digits[6])
        last = _LAST_YEARS_OF_2000S.get(seventh, -1)
        if year <= last:
            return 2000
        return 1800 if seventh in {5, 6, 7, 8} else 1900

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"CprNumber({self.masked})"


def names_somebody(text: str) -> bool:
    """Whether something in this text can be read as a number, in one of the usual spellings."""
    return any(CprNumber.read("".join(digits)) for digits in _WITHIN.findall(text))


def _dates(day: int, month: int, years: tuple[int, ...]) -> frozenset[date]:
    return frozenset(found for year in years if (found := _date(year, month, day)))


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
