"""The two steps that several decisions about seats share: give the line what is free, and take a child off what is to come."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from services.chassis.envelope import Received
from services.chassis.storage import Cause
from services.events import messages
from services.events.domain import waitlist
from services.events.domain.activity import Activity
from services.events.domain.eligibility import Known, why_not_child
from services.events.domain.refusal import Slug
from services.events.domain.signup import PartyRole, Signup

if TYPE_CHECKING:
    from services.events.storage import Work

LOST = {
    Slug.CHILD_NOT_ENROLLED: "enrolment-withdrawn",
    Slug.CONSENT_WITHDRAWN: "consent-withdrawn",
}
"""The reason that a sign-up carries when it was cancelled because a child may no longer come."""

ERASED = "person-erased"
"""The same when somebody in the party was erased."""


def settle(activities: Collection[Activity], work: "Work", causes: Mapping[str, Cause]) -> None:
    """Seat who is next in the lines of these locked activities, keep their counts, and tell who was promoted.

    `causes` says for each activity what led to it.
    """
    free = {a.activity_id: a.free for a in activities if a.free and a.waiting and a.takes_signups(work.now)}
    lines = work.signups.lines(free) if free else {}
    promoted = [signup for activity in activities for signup in waitlist.promote(activity, lines.get(activity.activity_id, ()))]
    work.signups.save(promoted)
    work.activities.save(activities)
    for signup in promoted:
        messages.tell_signup(signup, work, causes[signup.activity_id], messages.SIGNUP_PROMOTED)


def cancel_children(withdrawals: Mapping[str, Received[Any]], work: "Work") -> None:
    """Cancel what is still to come of these children, as far as they may no longer take part; each by its own withdrawal.

    The whole party's sign-up is cancelled: a party comes together or not at all.
    """
    coming = work.signups.coming(withdrawals, work.now) if withdrawals else ()
    if not coming:
        return
    activities = {activity.activity_id: activity for activity in work.activities.lock(coming)}
    known = work.people.known(withdrawals)
    lost = [(signup, *why) for signup in work.signups.of_people(withdrawals, activities) if (why := _why_lost(signup, known))]
    for signup, child_id, reason in lost:
        waitlist.leave(activities[signup.activity_id], signup, reason)
        messages.tell_signup(signup, work, withdrawals[child_id])
    work.signups.save([signup for signup, _, _ in lost])
    causes = {signup.activity_id: withdrawals[child_id] for signup, child_id, _ in lost}
    settle([activities[activity_id] for activity_id in causes], work, causes)


def cancel_erased(stand_ins: Collection[str], work: "Work", cause: Cause) -> None:
    """Cancel what was still to come of somebody who was erased: under his stand-in he would hold a seat for nobody."""
    coming = work.signups.coming(stand_ins, work.now)
    activities = {activity.activity_id: activity for activity in work.activities.lock(coming)}
    signups = work.signups.of_people(stand_ins, activities) if activities else ()
    for signup in signups:
        waitlist.leave(activities[signup.activity_id], signup, ERASED)
        messages.tell_signup(signup, work, cause)
    work.signups.save(signups)
    settle(activities.values(), work, dict.fromkeys(activities, cause))


def _why_lost(signup: Signup, known: Known) -> tuple[str, str] | None:
    """The first child of the party that may no longer come, and the reason."""
    children = (member.person_id for member in signup.party if member.role is PartyRole.CHILD)
    lost = ((child, refusal) for child in children for refusal in why_not_child(child, signup.programme, known, ""))
    return next(((child, LOST[refusal.slug]) for child, refusal in lost if refusal.slug in LOST), None)
