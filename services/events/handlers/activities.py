"""What an organiser does with an activity: opens it, gives it more seats or fewer, calls it off."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from services.chassis.ids import new_id
from services.chassis.storage import Cause
from services.events import covering, seating, telling
from services.events.domain import draw, waitlist
from services.events.domain.activity import Activity, ActivityStatus, Kind, Programme, why_not_change, why_not_open
from services.events.domain.need import why_not_ask
from services.events.domain.refusal import Refusal, Slug
from services.events.domain.series import held_anew
from services.events.domain.terms import institutions_named, why_not_terms
from services.events.handlers.finding import find_activity, lock_activity

if TYPE_CHECKING:
    from services.events.storage import Work


def open_activity(asked: Activity, work: "Work", cause: Cause) -> tuple[Activity, bool]:
    """Open an activity; True if it is new. The same id with the same content is the activity as it is now, and False."""
    if opening := work.activities.opening_of(asked.activity_id):
        return _opened_before(asked, opening, work), False
    asked.way = asked.way or usual_way(asked.kind, work.resources.kinds)
    programme = work.places.programme(asked.programme)
    institution = work.places.institution(asked.programme, asked.institution)
    refusals = list(why_not_open(asked, kinds=work.resources.kinds, programme=programme, institution=institution, now=work.now))
    work.resources.refuse([*refusals, *_why_not_terms(asked, programme, work)])
    asked.institution_id = institution.institution_id if institution else None
    if not work.activities.add(asked):
        return open_activity(asked, work, cause)
    if asked.line.draw:
        work.draws.add(draw.prepare(asked.activity_id, asked.line.draw.closes_at))
    telling.tell_activity(asked, work, cause)
    return asked, True


def copy(activity_id: str, new_id_: str, starts_on: date, work: "Work", cause: Cause) -> tuple[Activity, bool]:
    """A draft of the same activity on other days, without anybody; True if it is new."""
    source = find_activity(activity_id, work)
    sessions = held_anew(source.sessions, starts_on, new_id)
    fresh = replace(source, activity_id=new_id_, status=ActivityStatus.DRAFT, told=False, version=1, sessions=sessions)
    line = source.line.later(min(session.starts_at for session in sessions) - source.starts_at)
    quotas = [quota.empty() for quota in fresh.quotas]
    nobody = replace(fresh, called_off_sessions=(), taken=0, waiting=0, last_number=0, line=line, drawn_at=None, quotas=quotas)
    return open_activity(nobody, work, cause)


def change_capacity(activity_id: str, capacity: int, work: "Work", cause: Cause) -> Activity:
    """Give the activity more seats or fewer, and the line what is free now."""
    activity = lock_activity(activity_id, work)
    work.resources.refuse(waitlist.why_not_resize(activity, capacity, work.signups.largest_waiting(activity_id), work.now))
    if capacity != activity.capacity:
        activity.capacity = capacity
        activity.version += 1
        telling.tell_activity(activity, work, cause, telling.ACTIVITY_CHANGED)
        seating.settle([activity], work, {activity_id: cause})
    return activity


def call_off(activity_id: str, work: "Work", cause: Cause) -> Activity:
    """The organiser calls the activity off: every sign-up to it is cancelled. Doing it again changes nothing."""
    activity = lock_activity(activity_id, work)
    if activity.is_called_off:
        return activity
    work.resources.refuse(why_not_change(activity, work.now))
    signups = work.signups.active(activity_id)
    waitlist.call_off(activity, signups)
    seating.drop_holds(activity, work)
    work.signups.save(signups)
    work.activities.save([activity])
    work.bookings.free(activity_id)
    covering.spare_others([activity], work)
    telling.tell_activity(activity, work, cause)
    for signup in signups:
        telling.tell_signup(signup, work, cause)
    return activity


def usual_way(kind: str, kinds: Mapping[str, Kind]) -> str:
    """How activities of that kind are held if nobody says otherwise; of an unknown kind, nothing is usual."""
    return next(iter(kinds[kind].ways), "") if kind in kinds else ""


def _why_not_terms(asked: Activity, programme: Programme | None, work: "Work") -> Iterable[Refusal]:
    """Of an unknown programme only what it asks can be judged."""
    named = institutions_named(asked)
    known = work.places.institutions(asked.programme, named) if named else ()
    terms = why_not_terms(asked, kinds=work.resources.kinds, programme=programme, institutions=known) if programme else ()
    return [*terms, *why_not_ask(asked.needs, work.resources.needs, asked.starts_at)]


def _opened_before(asked: Activity, opening: str, work: "Work") -> Activity:
    if asked.opening() != opening:
        work.resources.refuse([Refusal(Slug.ACTIVITY_EXISTS, "/activity_id")])
    return find_activity(asked.activity_id, work)
