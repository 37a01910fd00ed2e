"""Seats that are held for a while for somebody who fills in the form: taken as far as all others are concerned.

A hold ends with the sign-up that names it, when it is given back, or when its time is over; then its seats go to the line first.
Its time is longer for a larger party, whose form is longer, and can be extended once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.events.domain.quota import Claim
from services.events.domain.refusal import Refusal, Slug

AT_LEAST = timedelta(minutes=10)
FOR_EACH = timedelta(minutes=2)
MOST_HELD = 2
MOST_HELD_FOR_OTHERS = 20


@dataclass(frozen=True)
class Hold:
    """`held_by` is the subject of the token of whoever asked for it; `counted`, how many count in each quota."""

    hold_id: str
    activity_id: str
    held_by: str
    seats: int
    counted: Mapping[str, int]
    expires_at: datetime
    extended: bool = False

    def is_over(self, now: datetime) -> bool:
        return self.expires_at <= now

    def covers(self, claim: Claim) -> bool:
        """Whether everything that the other takes is held by this one."""
        return claim.seats <= self.seats and all(self.counted.get(code, 0) >= number for code, number in claim.counted.items())

    def longer(self, now: datetime) -> "Hold":
        """The same with its whole time again, from now."""
        return replace(self, expires_at=now + lasts(self.seats), extended=True)


def lasts(seats: int) -> timedelta:
    """How long seats for so many are held."""
    return AT_LEAST + FOR_EACH * seats


def why_not_hold(held: int, most: int, *, holds_here: bool) -> Iterator[Refusal]:
    """Why somebody who holds so much already gets no more; once an activity, and `most` in all."""
    if holds_here:
        yield Refusal(Slug.HOLD_EXISTS, "")
    elif held >= most:
        yield Refusal(Slug.HOLDS_TOO_MANY, "", {"most": most})


def why_not_extend(hold: Hold) -> Iterator[Refusal]:
    """A hold is extended once."""
    if hold.extended:
        yield Refusal(Slug.HOLD_EXTENDED, "")


def why_not_confirm(hold: Hold | None, claim: Claim) -> Iterator[Refusal]:
    """Why a sign-up cannot take the seats of this hold; None: there is none any more."""
    if hold is None:
        yield Refusal(Slug.HOLD_GONE, "/hold_id")
    elif not hold.covers(claim):
        yield Refusal(Slug.HOLD_TOO_SMALL, "/hold_id", {"seats": hold.seats})
