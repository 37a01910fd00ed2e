"""Synthetic people: names, birth dates and numbers that nobody has, drawn by chance from `names.toml`.

CPR numbers are replacement numbers (the day is 60 higher), e-mail addresses are at the domains that RFC 2606 reserves,
and telephone numbers begin with a zero, which no Danish number does.
"""

import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_DOMAINS = ("example.org", "example.com", "example.net")
_REPLACEMENT_DAYS = 60


class Background(msgspec.Struct, frozen=True):
    """Names that go together; `reads` gives each language its share, `speaks` is the one spoken at home beside Danish."""

    code: str
    weight: int
    reads: Mapping[str, int]
    women: Sequence[str]
    men: Sequence[str]
    girls: Sequence[str]
    boys: Sequence[str]
    families: Sequence[str]
    speaks: str | None = None


class House(msgspec.Struct, frozen=True):
    """Where children go, and the whole years of age at which they start there."""

    code: str
    number: str
    weight: int
    ages: Sequence[int]


class Names(msgspec.Struct, frozen=True):
    """The whole of `names.toml`; `spellings` says how letters beyond a to z are written in a mail address."""

    spellings: Mapping[str, str]
    backgrounds: Sequence[Background]
    houses: Sequence[House]


def read_names(path: Path) -> Names:
    return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Names)


class People:
    """Draws people; the same chance gives the same people. No two of them share a CPR number or an address."""

    def __init__(self, chance: Random, spellings: Mapping[str, str]) -> None:
        self.chance = chance
        self._spellings = str.maketrans(dict(spellings))
        self._numbers: set[str] = set()
        self._addresses = 0

    def pick(self, choices: Sequence[T], weights: Sequence[float] | None = None) -> T:
        return self.chance.choices(choices, weights)[0]

    def happens(self, share: float) -> bool:
        """Whether something is so that is so in this share of all cases."""
        return self.chance.random() < share

    def days(self, least: int, most: int) -> timedelta:
        return timedelta(days=self.chance.randint(least, most))

    def guardian(self, background: Background, family_name: str, *, female: bool, known: bool) -> dict[str, Any]:
        """An adult as a request describes him; one who is `known` has a CPR number and an e-mail address for certain."""
        given_name = self.pick(background.women if female else background.men)
        guardian: dict[str, Any] = {}
        if known or self.happens(0.8):
            guardian["cpr_number"] = self.cpr_number(date(1978, 1, 1) + self.days(0, 8500), female=female)
        guardian |= {"given_name": given_name, "family_name": family_name}
        if known or self.happens(0.88):
            guardian["email"] = self.address(given_name, family_name)
        if self.happens(0.4):
            guardian["phone"] = f"+45 00 {self._pair()} {self._pair()} {self._pair()}"
        return guardian | self._languages(background) | {"custody": True}

    def child(self, background: Background, family_name: str, born: date) -> dict[str, Any]:
        female = self.happens(0.49)
        return {
            "cpr_number": self.cpr_number(born, female=female),
            "birth_date": born.isoformat(),
            "given_name": self.pick(background.girls if female else background.boys),
            "family_name": family_name,
        }

    def cpr_number(self, born: date, *, female: bool) -> str:
        """A replacement number for somebody born on that day: the last digit is even for women, odd for men."""
        while True:
            serial = self.chance.randrange(0 if female else 1, 10_000, 2)
            number = f"{born.day + _REPLACEMENT_DAYS:02}{born:%m%y}-{serial:04}"
            if number not in self._numbers:
                self._numbers.add(number)
                return number

    def address(self, given_name: str, family_name: str) -> str:
        self._addresses += 1
        return f"{self._plain(given_name)}.{self._plain(family_name)}.{self._addresses}@{self.pick(_DOMAINS)}"

    def _languages(self, background: Background) -> dict[str, str]:
        reads = self.pick(list(background.reads), list(background.reads.values()))
        spoken = background.speaks if background.speaks != reads and self.happens(0.6) else None
        return {"language": reads} | ({"spoken_language": spoken} if spoken else {})

    def _pair(self) -> str:
        return f"{self.chance.randrange(100):02}"

    def _plain(self, name: str) -> str:
        """The name in the letters of a mail address."""
        spelled = unicodedata.normalize("NFKD", name.lower().translate(self._spellings))
        return "".join(letter for letter in spelled if letter.isascii() and letter.isalpha())
