"""Families as they are in a large town, where few are called the same.

Those of the load test all are, which suits it. Where people are looked for who may be stored twice, each of a hundred
thousand who are called the same is a candidate beside as many others as are compared: a town like that there is not.
"""

# ruff: noqa: S311 - chance that can be had again, no secrets

import random
from itertools import product
from typing import Any, Final

from tests.reliability.load import Families

_STEMS: Final = (
    "Al",
    "Bir",
    "Da",
    "El",
    "Fre",
    "Gun",
    "Hil",
    "Jo",
    "Ka",
    "Lo",
    "Mar",
    "Ni",
    "Ol",
    "Pe",
    "Ras",
    "Sig",
    "Tor",
    "Ul",
    "Vil",
    "Yr",
)
GIVEN: Final = ["".join(parts) for parts in product(_STEMS, ("ba", "dis", "gro", "mund", "ne"))]
FAMILY: Final = ["".join(parts) for parts in product(_STEMS, ("bjerg", "holm", "kær", "sen", "toft"))]


class Neighbours(Families):
    """A given name and a family name of a hundred each: of those born on one day, one in a hundred shares the one or the other."""

    def __init__(self, first: int = 0) -> None:
        super().__init__(first)
        self._chance = random.Random(7)

    def details(self) -> dict[str, Any]:
        """What the next one asks for."""
        asked, family = super().details(), self._chance.choice(FAMILY)
        [guardian] = asked["guardians"]
        return {**asked, "child": self._named(asked["child"], family), "guardians": [self._named(guardian, family)]}

    def _named(self, person: dict[str, Any], family: str) -> dict[str, Any]:
        return {**person, "given_name": self._chance.choice(GIVEN), "family_name": family}
