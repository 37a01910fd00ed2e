"""The life of an activity: a draft is published, and taken back while nobody is signed up; what has been held is done.

A draft and an open activity can be called off (`waitlist.py`); what is called off or done stays so.
"""

from collections.abc import Iterator
from datetime import datetime

from services.events.domain.activity import Activity, ActivityStatus
from services.events.domain.refusal import Refusal, Slug


def publish(activity: Activity) -> None:
    """Open it for sign-up, and let everybody know of it."""
    _become(activity, ActivityStatus.OPEN)
    activity.told = True


def take_back(activity: Activity) -> None:
    """Make it a draft again."""
    _become(activity, ActivityStatus.DRAFT)


def finish(activity: Activity) -> None:
    """Its last session has ended."""
    _become(activity, ActivityStatus.DONE)


def has_ended(activity: Activity, now: datetime) -> bool:
    """Whether it was held to its end, and nobody has noted it yet."""
    return activity.status is ActivityStatus.OPEN and activity.is_over(now)


def why_not_take_back(activity: Activity) -> Iterator[Refusal]:
    """Who is signed up must hear that it is called off, not that there never was anything."""
    if activity.taken or activity.waiting:
        yield Refusal(Slug.ACTIVITY_HAS_SIGNUPS, "")


def _become(activity: Activity, status: ActivityStatus) -> None:
    activity.status = status
    activity.version += 1
