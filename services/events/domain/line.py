"""The rule of a line (ventelistens regel): in which order parties wait, and whether a later one may go first when the first does not fit.

Two questions, two answers that go together as one likes. The *order* is that of arrival, or by groups of priority and
within a group by arrival, or as chance draws it (`domain/draw.py`). What happens when the first in that order does not fit
says the *policy*: `StrictOrder`, where nobody is let past, or `BestFit`, where the next who fits may, within bounds. Both are
plain values on the activity, set when it is opened: the rule under which people line up does not change while they stand there.

Everybody stands in his line by (`rank`, `place`, `signed_up_at`, `number`): `rank` is the group's or the drawn one, `place` the
number he took when he came, or that of the one before whom he may stand.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from services.events.domain.draw import DrawRule, Weight
from services.events.domain.offer import UNLESS_SAID, OfferRule
from services.events.domain.quota import Room
from services.events.domain.signup import Signup

LAST = 2**31 - 1
"""The rank of who has not been drawn."""


class Policy(Protocol):
    """Says who of a line is next; None while nobody is."""

    def next(self, line: Sequence[Signup], room: Room, now: datetime) -> Signup | None: ...


@dataclass(frozen=True)
class StrictOrder:
    """Freed seats are for the first in the line, and only for him.

    The law: whenever a party gets its seats, nobody stands before it; and at rest the first does not fit. So a large
    family waits longer than a small one, but never sees anyone overtake it to what it waits for. The price is a seat that may stay empty.
    """

    def next(self, line: Sequence[Signup], room: Room, now: datetime) -> Signup | None:  # noqa: ARG002 - a policy's form
        """The first who fits and sets nobody back: the first of all, unless a quota of his own keeps him waiting."""
        return _first(line, room, lambda _: False)


@dataclass(frozen=True)
class BestFit:
    """The first who fits may go before those who do not, until one of these was passed over often or long enough.

    The law: nobody is passed over more than `most_passes` times, nor at all once he has waited `most_days` days; from then
    on the seats are held for him, as in strict order. So a large family never starves: it is passed a bounded number of
    times in a bounded time. At rest nobody fits who has only parties before him that may be passed.
    """

    most_passes: int
    most_days: int

    def next(self, line: Sequence[Signup], room: Room, now: datetime) -> Signup | None:
        """The first who fits, unless he takes what one who may not be passed waits for before him."""
        return _first(line, room, lambda one: self.may_be_passed(one, now))

    def may_be_passed(self, signup: Signup, now: datetime) -> bool:
        """Whether a later party may still go first."""
        return signup.passes < self.most_passes and now - signup.signed_up_at < timedelta(days=self.most_days)


def _first(line: Sequence[Signup], room: Room, may_be_passed: Callable[[Signup], bool]) -> Signup | None:
    """The first who finds room in everything that he draws from, also if those who may not be passed had got what they wait for."""
    awaited = room
    for signup in line:
        if room.fits(signup) and awaited.spares(signup):
            return signup
        if not may_be_passed(signup):
            awaited = awaited.held_for(signup, room)
    return None


@dataclass(frozen=True)
class Traits:
    """What a rule asks about a party when it signs up: how many come, and whether the programme has never reached any of it."""

    people: int
    never_reached: bool

    def have(self, asked: "Group | Weight") -> bool:
        """Whether everything holds that a group or a weight asks."""
        return self.people >= asked.people_from and (self.never_reached or not asked.never_reached)


ALONE = Traits(1, never_reached=False)
"""Somebody of whom nothing else is known."""


@dataclass(frozen=True)
class Group:
    """A group of priority: families whom the programme has never reached, parties from a size on, or both. `title` by language."""

    code: str
    title: Mapping[str, str]
    never_reached: bool = False
    people_from: int = 1


class Order(StrEnum):
    """What the order in a line goes by."""

    ARRIVAL = "arrival"
    GROUPS = "groups"
    DRAW = "draw"


@dataclass(frozen=True)
class LineRule:
    """How an activity's line is kept. Without anything said: by arrival, in strict order."""

    groups: Sequence[Group] = ()
    best_fit: BestFit | None = None
    offers: OfferRule | None = None
    draw: DrawRule | None = None

    @property
    def order(self) -> Order:
        """What the order goes by."""
        if self.draw:
            return Order.DRAW
        return Order.GROUPS if self.groups else Order.ARRIVAL

    @property
    def policy(self) -> Policy:
        """Who is next in that order."""
        return self.best_fit or StrictOrder()

    @property
    def answering(self) -> OfferRule:
        """How long one may take to answer an offer, also where seats are given otherwise and only re-offers are answered."""
        return self.offers or UNLESS_SAID

    @property
    def answer_hours(self) -> int | None:
        """How long one may take to answer when freed seats are offered; None where they are given at once."""
        return self.offers.answer_hours if self.offers else None

    @property
    def lets_past(self) -> bool:
        """Whether a newcomer may get seats while others wait."""
        return bool(self.groups or self.best_fit or self.draw)

    @property
    def asks_reach(self) -> bool:
        """Whether it matters if the programme has reached a family before."""
        asking: list[Group | Weight] = [*self.groups, *(self.draw.weights if self.draw else ())]
        return any(one.never_reached for one in asking)

    def rank(self, traits: Traits) -> int:
        """The party's rank, the lowest first: that of the first group that has it; who is in none comes after all groups.

        Where chance decides, everybody is last until he is drawn.
        """
        if self.draw:
            return LAST
        return next((rank for rank, group in enumerate(self.groups) if traits.have(group)), len(self.groups))

    def later(self, by: timedelta) -> "LineRule":
        """The same rule for an activity that is held so much later."""
        return replace(self, draw=replace(self.draw, closes_at=self.draw.closes_at + by)) if self.draw else self

    def lots(self, traits: Traits) -> int:
        """How many lots the party has in a draw."""
        weights = self.draw.weights if self.draw else ()
        return next((weight.lots for weight in weights if traits.have(weight)), 1)


STRICT = LineRule()
