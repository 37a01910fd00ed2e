"""The two steps that several decisions about seats share: give the line what is free, and take people off what is to come."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from services.chassis.envelope import Received
from services.chassis.storage import Cause
from services.events import telling
from services.events.domain import waitlist
from services.events.domain.activity import Activity
from services.events.domain.eligibility import Known, why_not_come
from services.events.domain.refusal import Slug
from services.events.domain.signup import Signup, as_kept

if TYPE_CHECKING:
    from services.events.storage import Work

LOST = {
    Slug.CHILD_NOT_ENROLLED: "enrolment-withdrawn",
    Slug.CONSENT_WITHDRAWN: "consent-withdrawn",
}
"""The reason that a sign-up carries when it was cancelled because somebody may no longer come."""

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
        telling.tell_signup(signup, work, causes[signup.activity_id], telling.SIGNUP_PROMOTED)


def cancel_people(withdrawals: Mapping[str, Received[Any]], work: "Work") -> None:
    """Cancel what is still to come of these people, as far as they may no longer take part; each by his own withdrawal.

    The whole party's sign-up is cancelled: a party comes together or not at all.
    """
    kept = work.aliases.around(withdrawals) if withdrawals else {}
    coming = work.signups.coming(kept, work.now) if kept else ()
    if not coming:
        return
    activities = {activity.activity_id: activity for activity in work.activities.lock(coming)}
    known = work.people.known(kept, kept=kept)
    why = {kept[person_id]: withdrawal for person_id, withdrawal in withdrawals.items()}
    lost = [(signup, *found) for signup in work.signups.of_people(kept, activities) if (found := _why_lost(signup, kept, known))]
    for signup, person_id, reason in lost:
        waitlist.leave(activities[signup.activity_id], signup, reason)
        telling.tell_signup(signup, work, why[person_id])
    work.signups.save([signup for signup, _, _ in lost])
    causes = {signup.activity_id: why[person_id] for signup, person_id, _ in lost}
    settle([activities[activity_id] for activity_id in causes], work, causes)


def cancel_erased(stand_ins: Collection[str], work: "Work", cause: Cause) -> None:
    """Cancel what was still to come of somebody who was erased: under his stand-in he would hold a seat for nobody."""
    coming = work.signups.coming(stand_ins, work.now)
    activities = {activity.activity_id: activity for activity in work.activities.lock(coming)}
    signups = work.signups.of_people(stand_ins, activities) if activities else ()
    for signup in signups:
        waitlist.leave(activities[signup.activity_id], signup, ERASED)
        telling.tell_signup(signup, work, cause)
    work.signups.save(signups)
    settle(activities.values(), work, dict.fromkeys(activities, cause))


def _why_lost(signup: Signup, kept: Mapping[str, str], known: Known) -> tuple[str, str] | None:
    """The first among these people in the party who may no longer come, by the id that is kept, and the reason."""
    theirs = as_kept((member for member in signup.party if member.person_id in kept), kept)
    lost = ((member.person_id, refusal) for member in theirs for refusal in why_not_come(member, signup.programme, known, ""))
    return next(((person_id, LOST[refusal.slug]) for person_id, refusal in lost if refusal.slug in LOST), None)
