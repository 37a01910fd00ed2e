"""What an organiser does with a quota: gives it more seats or fewer."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from services.chassis.storage import Cause
from services.events import seating
from services.events.domain.activity import Activity, why_not_change
from services.events.domain.quota import Quota
from services.events.domain.refusal import Refusal, Slug
from services.events.handlers.finding import lock_activity

if TYPE_CHECKING:
    from services.events.storage import Work


def resize_quota(activity_id: str, code: str, seats: int, work: "Work", cause: Cause) -> Activity:
    """Give a quota of the activity more seats or fewer, and the line what is free now. Seats that are taken stay taken, also beyond it."""
    activity = lock_activity(activity_id, work)
    quota = next((quota for quota in activity.quotas if quota.code == code), None) or work.resources.missing(Slug.QUOTA_NOT_FOUND)
    work.resources.refuse([*why_not_change(activity, work.now), *_why_not_resize(activity, quota, seats, work)])
    activity.quotas = [replace(one, seats=seats) if one.code == code else one for one in activity.quotas]
    work.activities.set_quotas([activity])
    seating.settle([activity], work, {activity_id: cause})
    return activity


def _why_not_resize(activity: Activity, quota: Quota, seats: int, work: "Work") -> Iterator[Refusal]:
    """A limit stays above the largest party that waits, which could never come else; reserves fit into the activity together."""
    largest = work.signups.most_counted(activity.activity_id, quota.code)
    reserved = sum(one.seats for one in activity.quotas if not one.is_limit and one.code != quota.code) + seats
    if quota.is_limit and seats < largest:
        yield Refusal(Slug.QUOTA_BELOW_PARTY, "/seats", {"seats": largest})
    if not quota.is_limit and reserved > activity.capacity:
        yield Refusal(Slug.QUOTAS_BEYOND_CAPACITY, "/seats", {"capacity": activity.capacity})
