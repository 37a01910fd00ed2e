"""What becomes of an activity: it is published, taken back, done."""

from typing import TYPE_CHECKING

from services.chassis.service import Context
from services.chassis.storage import Cause
from services.events import telling
from services.events.domain import life
from services.events.domain.activity import Activity, ActivityStatus, why_not_change, why_not_open
from services.events.handlers.finding import lock_activity

if TYPE_CHECKING:
    from services.events.storage import Work

AT_ONCE = 100
"""Activities that are done in one transaction."""


def publish(activity_id: str, work: "Work", cause: Cause) -> Activity:
    """Open a draft for sign-up: it must be possible as it stands today. Doing it again changes nothing."""
    activity = lock_activity(activity_id, work)
    if activity.status is ActivityStatus.OPEN:
        return activity
    work.resources.refuse(why_not_change(activity, work.now))
    programme = work.places.programme(activity.programme)
    institution = work.places.institution(activity.programme, activity.institution)
    work.resources.refuse(why_not_open(activity, kinds=work.resources.kinds, programme=programme, institution=institution, now=work.now))
    life.publish(activity)
    return _saved(activity, work, cause)


def take_back(activity_id: str, work: "Work", cause: Cause) -> Activity:
    """Make an open activity a draft again, while nobody is signed up. Doing it again changes nothing."""
    activity = lock_activity(activity_id, work)
    if activity.is_draft:
        return activity
    work.resources.refuse([*why_not_change(activity, work.now), *life.why_not_take_back(activity)])
    life.take_back(activity)
    return _saved(activity, work, cause)


def finish(context: Context) -> None:
    """Whatever has ended is done; the timer `finish`."""
    while _finish_some(context) == AT_ONCE:
        pass


def _finish_some(context: Context) -> int:
    with context.work() as work:
        found = work.activities.ended(work.now, AT_ONCE)
        ended = [activity for activity in work.activities.lock(found) if life.has_ended(activity, work.now)]
        for activity in ended:
            life.finish(activity)
            telling.tell_activity(activity, work, None)
        work.activities.save(ended)
        return len(found)


def _saved(activity: Activity, work: "Work", cause: Cause) -> Activity:
    work.activities.save([activity])
    telling.tell_activity(activity, work, cause)
    return activity
