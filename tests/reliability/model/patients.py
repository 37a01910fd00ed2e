"""Messages that are hard to handle: some for a while, some for good, until somebody mends what ails them."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

import psycopg
import sqlalchemy as sa

from services.chassis.errors import Conflict, TryLater
from tests.chassis.tiny import Thing, Trouble
from tests.reliability.model.faults import Crash

ALWAYS = 1_000_000


class Ailment(StrEnum):
    """How handling a message fails."""

    NONE = ""
    DEFECT = "defect"
    LATER = "later"
    COLLIDES = "collides"
    CONTRADICTS = "contradicts"
    KILLS = "kills"


ERRORS: dict[Ailment, BaseException] = {
    Ailment.DEFECT: Trouble(),
    Ailment.LATER: TryLater(en="Not now."),
    Ailment.COLLIDES: sa.exc.OperationalError("", {}, psycopg.errors.SerializationFailure()),
    Ailment.CONTRADICTS: Conflict(en="It contradicts what is."),
    Ailment.KILLS: Crash(),
}


@dataclass
class Patients:
    """Who is ill, how often he still fails, and how often he has failed; his name travels in the message's `trouble`."""

    left: dict[str, int] = field(default_factory=dict)
    failed: Counter[str] = field(default_factory=Counter)
    present: str = ""
    """What ails the present states that are told again."""

    def admit(self, ailment: Ailment, times: int) -> str:
        """A new name for a message that will fail so many times."""
        if ailment is Ailment.NONE:
            return ""
        name = f"{ailment}-{len(self.left)}"
        self.left[name] = times
        return name

    def suffer(self, thing: Thing) -> None:
        """Takes the place of the tiny service's `stumble`."""
        if self.left.get(thing.trouble, 0) > 0:
            self.left[thing.trouble] -= 1
            self.failed[thing.trouble] += 1
            raise ERRORS[ailment_of(thing.trouble)]

    def forget(self) -> None:
        """Another run, other patients."""
        self.left.clear()
        self.failed.clear()

    def heal(self) -> None:
        """Nobody fails any more."""
        self.left.update(dict.fromkeys(self.left, 0))


def ailment_of(name: str) -> Ailment:
    """What ails somebody of this name."""
    return Ailment(name.partition("-")[0])
