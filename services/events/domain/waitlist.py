"""The waiting list (venteliste): who gets a seat, and who is next.

The policy is strict order. A freed seat goes to the first in the line, and only to him: while the first party does not
fit, nobody behind it is let past, and who signs up while others wait goes to the end of the line even when seats are
free. So a large family waits longer than a small one for seats, but never for ever, and never sees anyone overtake it.
The price is a seat that may stay empty until the first party fits.

Everyone in the line fits into the room: a party larger than the capacity is refused, and the capacity cannot be lowered
below the largest party that waits. Otherwise a first in line who can never fit would hold up all the others.

The law, after every decision: seated seats ≤ capacity; and while sign-up is open, the first in line does not fit into
what is free. The line rests once the first session has started; a seat freed after that stays free.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from services.events.domain.activity import Activity, ActivityStatus, why_not_change
from services.events.domain.refusal import Refusal, Slug
from services.events.domain.signup import Signup, SignupStatus

CALLED_OFF = "called-off"


def join(activity: Activity, signup: Signup) -> None:
    """Seat the party if nobody waits and it fits; otherwise it goes to the end of the line."""
    signup.number = activity.draw_number()
    if activity.waiting == 0 and activity.fits(signup):
        activity.take(signup)
        signup.seat()
    else:
        activity.waiting += 1
        signup.wait(activity.waiting)


def leave(activity: Activity, signup: Signup, reason: str) -> None:
    """Cancel a sign-up that is seated or waits, and give back what it held."""
    if signup.status is SignupStatus.SEATED:
        activity.give_back(signup)
    else:
        activity.waiting -= 1
    signup.cancel(reason)


def promote(activity: Activity, line: Iterable[Signup]) -> Iterator[Signup]:
    """Seat the parties at the head of the line, in order, until one does not fit; yields those who got their seats."""
    for signup in line:
        if not activity.fits(signup):
            return
        activity.take(signup)
        activity.waiting -= 1
        signup.seat()
        yield signup


def call_off(activity: Activity, signups: Iterable[Signup]) -> None:
    """The organiser calls the activity off; nobody keeps a seat or a place in the line."""
    activity.status = ActivityStatus.CALLED_OFF
    activity.version += 1
    for signup in signups:
        leave(activity, signup, CALLED_OFF)


def why_not_resize(activity: Activity, capacity: int, largest_waiting: int, now: datetime) -> Iterator[Refusal]:
    """Every reason why the capacity cannot become what is asked; `largest_waiting` is the size of the largest party in the line."""
    yield from why_not_change(activity, now)
    if capacity < activity.taken:
        yield Refusal(Slug.CAPACITY_BELOW_TAKEN, "/capacity", {"taken": activity.taken})
    if capacity < largest_waiting:
        yield Refusal(Slug.CAPACITY_BELOW_PARTY, "/capacity", {"seats": largest_waiting})
