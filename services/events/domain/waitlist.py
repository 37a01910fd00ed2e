"""The waiting list (venteliste): who gets a seat, who waits, and who is next by the activity's rule (`domain/line.py`).

Everyone in the line fits into the room: a party larger than the capacity is refused, and the capacity cannot be lowered
below the largest party that waits. Otherwise a first in line who can never fit would hold up all the others.

Where an activity has quotas, a party may go before those who wait where it sets none of them back: everything is reckoned as
if those who may not be passed had got what they wait for, and it takes nothing that is then short. So a family for whom a seat
is kept gets it although others wait for an open one. Whom a quota of his own keeps waiting, for him that quota is held and no
open seat: nobody of his quota goes before him, and nobody of another waits for it.

The law, whatever the rule, after every decision: seats that are given or offered ≤ capacity, in every quota too; and while
sign-up is open, the rule's policy names nobody who is next. The line rests once the first session has started; a seat freed
after that stays free.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from itertools import takewhile

from services.events.domain.activity import Activity, ActivityStatus, why_not_change
from services.events.domain.quota import Claim, Room
from services.events.domain.refusal import Refusal, Slug
from services.events.domain.signup import Signup

CALLED_OFF = "called-off"


@dataclass(frozen=True)
class Promotion:
    """Who got seats, or an offer of them, and whom he passed on the way."""

    signup: Signup
    passed: Sequence[Signup]


def join(
    activity: Activity, signup: Signup, line: Sequence[Signup] = (), *, now: datetime, give: Callable[[Signup], None] = Signup.seat
) -> Sequence[Promotion]:
    """Put the party in the line and see who is next: it gets its seats (or, by `give`, an offer of them) at once if it is that party.

    `line` is who waits already; where nobody could be let past him it may be left out. Its place is the end, unless it has
    one already.
    """
    signup.number = activity.draw_number()
    signup.place = signup.place or signup.number
    activity.waiting += 1
    signup.wait(activity.waiting)
    whole = sorted([*line, signup], key=standing)
    return list(promote(activity, whole, now, give)) if len(whole) == activity.waiting else ()


def standing(signup: Signup) -> tuple[int, int, datetime, int]:
    """By what a line is sorted."""
    return signup.rank, signup.place, signup.signed_up_at, signup.number


def leave(activity: Activity, signup: Signup, reason: str) -> None:
    """Cancel a sign-up that is seated, was offered seats or waits, and give back what it held."""
    if signup.holds_seats:
        activity.give_back(signup)
    else:
        activity.waiting -= 1
    signup.cancel(reason)


def queue_again(activity: Activity, signup: Signup) -> None:
    """A party that let its offer expire gives back the seats and goes to the end of the line (of its group)."""
    activity.give_back(signup)
    activity.waiting += 1
    signup.place = activity.draw_number()
    signup.wait(activity.waiting)


def promote(activity: Activity, line: Iterable[Signup], now: datetime, give: Callable[[Signup], None] = Signup.seat) -> Iterator[Promotion]:
    """Take seats for who is next in the line, one after the other, until nobody is; `give` gives or offers them.

    While a draw is to come nobody is next.
    """
    if activity.is_gathering:
        return
    waiting, policy = list(line), activity.line.policy
    while chosen := policy.next(waiting, activity.room, now):
        passed = _set_back_by(chosen, waiting, activity.room)
        for one in passed:
            one.passes += 1
        waiting.remove(chosen)
        activity.take(chosen)
        activity.waiting -= 1
        give(chosen)
        yield Promotion(chosen, passed)


def _set_back_by(chosen: Signup, line: Iterable[Signup], room: Room) -> Sequence[Signup]:
    """Those before him who are short of something that he takes."""
    before = takewhile(lambda one: one is not chosen, line)
    return [one for one in before if not room.held_for(one, room).spares(chosen)]


def take_over(activity: Activity, signup: Signup, held: Claim) -> None:
    """The party gets the seats that are held for it, whoever waits."""
    signup.number = signup.place = activity.draw_number()
    activity.exchange(held, signup)
    signup.seat()


def may_be_held(claim: Claim, activity: Activity, line: Sequence[Signup]) -> bool:
    """Whether it fits and takes nothing that anybody in this line waits for, as if they all had got that."""
    if activity.is_gathering or not activity.fits(claim) or (activity.waiting and not line):
        return False
    room = activity.room
    return reduce(lambda awaited, signup: awaited.held_for(signup, room), line, room).spares(claim)


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
