"""What a party needs: said at sign-up, changed until its deadline, which is told, by organisers also after it; and forgotten in time."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from services.chassis.service import Context
from services.events import telling
from services.events.domain.activity import Activity, why_not_change
from services.events.domain.need import KEPT_FOR, Need, why_not_need, why_not_now
from services.events.domain.refusal import Refusal, Slug
from services.events.domain.signup import Signup
from services.events.handlers.finding import find_signup, lock_activity

if TYPE_CHECKING:
    from services.events.storage import Work

TIMER, CLOSING = "needs", "needs-closed"
NEVER = datetime.min.replace(tzinfo=UTC)


def say_needs(signup: Signup, activity: Activity, needs: Sequence[Need], work: "Work", *, organises: bool) -> None:
    """Keep what a party needs that has just signed up; nothing is asked again of who says nothing."""
    if needs:
        _keep(signup, activity, needs, work, organises=organises)


def change_needs(signup_id: str, needs: Sequence[Need], work: "Work", *, organises: bool) -> Signup:
    """The party needs exactly this from now on. Doing it again changes nothing."""
    activity = lock_activity(find_signup(signup_id, work).activity_id, work)
    signup = find_signup(signup_id, work)
    if not signup.active:
        work.resources.refuse([Refusal(Slug.SIGNUP_CANCELLED, "")])
    work.resources.refuse(why_not_change(activity, work.now))
    _keep(signup, activity, needs, work, organises=organises)
    return signup


def forget(context: Context) -> None:
    """Forget what was needed of sign-ups that were cancelled, and of activities that are over; the timer `needs`."""
    with context.work() as work:
        work.needs.forget(work.now - KEPT_FOR)


def close_due(context: Context) -> None:
    """Tell of each deadline that has passed, once; the timer `needs-closed`."""
    with context.work() as work:
        due = work.activities.lock([activity.activity_id for activity in _closed(work)])
        for activity in due:
            telling.tell_needs_closed(activity, work)
        work.needs.close({activity.activity_id: activity.needs.closes_at(activity.starts_at) for activity in due})


def _closed(work: "Work") -> Sequence[Activity]:
    """Open activities whose deadline has passed without anybody being told; one that was moved has another deadline."""
    told = work.needs.deadlines()
    asking = ((activity, activity.needs.closes_at(activity.starts_at)) for activity in work.activities.these(told))
    return [activity for activity, closes_at in asking if (told[activity.activity_id] or NEVER) < closes_at <= work.now]


def _keep(signup: Signup, activity: Activity, needs: Sequence[Need], work: "Work", *, organises: bool) -> None:
    late = [] if organises else why_not_now(activity.needs, activity.starts_at, work.now)
    work.resources.refuse([*why_not_need(needs, activity.needs, work.resources.needs), *late])
    work.needs.set(signup.signup_id, signup.contact_id, needs)
