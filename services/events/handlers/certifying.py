"""Whose attendance somebody may have certified, and what it was."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from services.chassis.http.caller import Caller
from services.events.access import organises, own_ids
from services.events.domain.activity import Activity
from services.events.domain.attendance import Attendance
from services.events.domain.refusal import Slug
from services.events.domain.signup import PartyRole
from services.events.sight import seen_by

if TYPE_CHECKING:
    from services.events.storage import Work


def attended_by(activity: Activity, person_id: str, caller: Caller, work: "Work") -> Sequence[Attendance]:
    """The sessions that the person came to, in the order of time; `NotFound` where there are none, or not for this caller.

    An organiser has everybody's, others their own, and a guardian a child's as far as he may see its sign-up.
    """
    same = work.aliases.around([person_id])
    came: Sequence[Attendance] = [one for one in work.attendance.of_person(activity.activity_id, same) if one.state.came]
    if not organises(caller, activity):
        own = own_ids(caller, work.aliases)
        came = came if not same.keys().isdisjoint(own) else _of_his_child(came, own, work)
    return came or work.resources.missing(Slug.NOT_ATTENDED)


def _of_his_child(came: Sequence[Attendance], own: Collection[str], work: "Work") -> Sequence[Attendance]:
    if not own:
        return ()
    by = {one.signup_id for one in came if one.signup_id and one.role is PartyRole.CHILD}
    signups = [signup for signup_id in by if (signup := work.signups.get(signup_id))]
    seen = {signup.signup_id for signup in seen_by(own, signups, work)}
    return [one for one in came if one.signup_id in seen]
