"""Who competes for the fastest correct sign-up, and what each must be able to do.

Every rival keeps its sign-ups in a database of its own, under the same rule: `SEATS` seats an activity, at most `CHILDREN` of them
for children. A `Desk` is what one client has: it signs a family up and says whether it got seats.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

SEATS = 20
CHILDREN = 10
OF_A_FAMILY = 2
"""People: a guardian and a child, each with a seat."""
FAMILIES = min(SEATS // OF_A_FAMILY, CHILDREN)
"""So many get seats."""


class Family(NamedTuple):
    """Who comes."""

    guardian: str
    child: str


class Stand(NamedTuple):
    """How an activity stands: seats that are given, and families that are signed up at all."""

    taken: int
    families: int

    @property
    def is_right(self) -> bool:
        """Every seat is given that could be, and none twice."""
        return self.taken == OF_A_FAMILY * min(FAMILIES, self.families)


Desk = Callable[[str, Family], bool]


class Rival(Protocol):
    """One way to give seats."""

    name: str

    def prepare(self, url: str) -> None:
        """Make its tables in an empty database."""

    def open(self, url: str, number: int) -> Sequence[str]:
        """So many new activities, by their ids."""

    def welcome(self, url: str, number: int) -> Sequence[Family]:
        """So many families who are known, where that matters, and have signed up to nothing."""

    def store(self, url: str, activities: Sequence[str], more: int) -> None:
        """Sign `more` families up to these activities in turn, at one go: the first ten of each have seats, and the others wait."""

    def desk(self, url: str) -> AbstractContextManager[Desk]:
        """What a client in a process of its own works with."""

    def stands(self, url: str, activities: Sequence[str]) -> Sequence[Stand]:
        """How these activities stand."""
