"""The two steps that several decisions about seats share: give the line what is free, and take people off what is to come."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from services.chassis.envelope import Received
from services.chassis.service import Context
from services.chassis.storage import Cause
from services.events import covering, telling
from services.events.domain import offer, waitlist
from services.events.domain.activity import Activity, Audience
from services.events.domain.decision import What
from services.events.domain.eligibility import Known, why_not_come
from services.events.domain.hold import Hold
from services.events.domain.offer import Offer
from services.events.domain.quota import Claim
from services.events.domain.refusal import Slug
from services.events.domain.signup import Signup, SignupStatus, as_kept
from services.events.domain.waitlist import Promotion

if TYPE_CHECKING:
    from services.events.storage import Work

LOST = {
    Slug.CHILD_NOT_ENROLLED: "enrolment-withdrawn",
    Slug.CONSENT_WITHDRAWN: "consent-withdrawn",
}
"""The reason that a sign-up carries when it was cancelled because somebody may no longer come."""

ERASED = "person-erased"
"""The same when somebody in the party was erased."""

TRANSFERRED = "transferred"
"""The same when the party has come to another activity instead."""


def settle(activities: Collection[Activity], work: "Work", causes: Mapping[str, Cause | None]) -> Sequence[Signup]:
    """Give or offer free seats to who is next in the lines of these locked activities, keep their counts, and tell them; who that was.

    `causes` says for each activity what led to it. Seats whose time as reserved ones is over are open to all. Whoever works with those
    who left may be spared elsewhere now: other activities' lines are looked at right afterwards (the timer `cover`).
    """
    covering.spare_others(activities, work)
    return _give_what_is_free(activities, work, causes)


def _give_what_is_free(activities: Collection[Activity], work: "Work", causes: Mapping[str, Cause | None]) -> Sequence[Signup]:
    for activity in activities:
        activity.release(work.now)
    most = {a.activity_id: _most(a, work) for a in activities if a.free and a.waiting and a.takes_signups(work.now)}
    lines = work.signups.lines(most) if most else {}
    promoted = [one for some in _together(activities, work) for one in keep(_all_promoted(some, lines, work), work)]
    work.activities.save(activities)
    for signup in promoted:
        fact = telling.SIGNUP_PROMOTED if signup.status is SignupStatus.SEATED else None
        telling.tell_signup(signup, work, causes.get(signup.activity_id), fact, answer_by=signup.answer_by)
    give_back_transferred((signup for signup in promoted if signup.status is SignupStatus.SEATED), work, causes)
    return promoted


def _together(activities: Collection[Activity], work: "Work") -> Iterable[Sequence[Activity]]:
    """Activities that may be decided of at one go: where one takes staff that another wants too, it is kept before that is asked."""
    covered = [activity for activity in activities if covering.applies(activity, work)]
    return [*([activity] for activity in covered), [activity for activity in activities if activity not in covered]]


def _all_promoted(activities: Iterable[Activity], lines: Mapping[str, Sequence[Signup]], work: "Work") -> Iterator[Promotion]:
    for activity in activities:
        line = lines.get(activity.activity_id, ())
        with covering.minded(activity, line, work):
            yield from _promote(activity, line, work)


def _promote(activity: Activity, line: Iterable[Signup], work: "Work") -> Iterator[Promotion]:
    """Seats are offered where the activity's rule says so and there is time for the answer before it starts; else they are given."""
    rule = activity.line.offers
    if rule is None or offer.latest_end(work.now, rule.answer_hours, work.resources.closing_days) >= activity.starts_at:
        return waitlist.promote(activity, line, work.now)
    made = offer.make("", activity.activity_id, work.now, rule.answer_hours, work.resources.closing_days)
    return _offered(waitlist.promote(activity, line, work.now, partial(Signup.offer, answer_by=made.answer_by)), made, work)


def _offered(promotions: Iterator[Promotion], like: Offer, work: "Work") -> Iterator[Promotion]:
    found = list(promotions)
    work.offers.keep([replace(like, signup_id=one.signup.signup_id) for one in found])
    yield from found


def give_back_transferred(seated: Iterable[Signup], work: "Work", causes: Mapping[str, Cause | None]) -> None:
    """Give back what those had elsewhere who waited to be transferred; what somebody is busy with, a little later."""
    why = {signup.transfers_from: causes.get(signup.activity_id) for signup in seated if signup.transfers_from}
    if not why:
        return
    busy_with = {signup.activity_id for signup in work.signups.some(why)}
    activities = work.activities.lock(busy_with, wait=False)
    leave_for_others(work.signups.some(why), activities, work, why)
    work.wake("transfers")


def leave_for_others(old: Iterable[Signup], activities: Collection[Activity], work: "Work", causes: Mapping[str, Cause | None]) -> None:
    """Cancel the sign-ups of these locked activities in whose place others have come, and give the lines what they held.

    `causes` says for each sign-up what led to it.
    """
    locked = {activity.activity_id: activity for activity in activities}
    left = [signup for signup in old if signup.active and signup.activity_id in locked]
    for signup in left:
        waitlist.leave(locked[signup.activity_id], signup, TRANSFERRED)
        telling.tell_signup(signup, work, causes[signup.signup_id])
    work.signups.save(left)
    settle(activities, work, {signup.activity_id: causes[signup.signup_id] for signup in left})


def keep(promotions: Iterable[Promotion], work: "Work") -> Sequence[Signup]:
    """Keep who got his seats, and whom he passed on the way; returns the former."""
    promoted: list[Signup] = []
    passed: dict[str, Signup] = {}
    for one in promotions:
        promoted.append(one.signup)
        passed |= {signup.signup_id: signup for signup in one.passed}
        for signup in one.passed:
            telling.record(signup, What.PASSED_OVER, work, passes=signup.passes)
    work.signups.save(list({**passed, **{signup.signup_id: signup for signup in promoted}}.values()))
    return promoted


def _most(activity: Activity, work: "Work") -> int | None:
    """How much of the line must be looked at: where nobody is let past, no more parties than there are seats."""
    return None if activity.line.best_fit or activity.quotas or covering.applies(activity, work) else activity.free


def settle_due(claim: Claim, activities: Collection[Activity], work: "Work", cause: Cause | None) -> None:
    """Before somebody new takes seats that are perhaps not there: what is due of these locked activities goes to their lines.

    Reserved seats whose time has come are open to all, and holds whose time is over are dropped.
    """
    settle_now([activity for activity in activities if activity.waiting or not activity.fits(claim)], work, cause)


def settle_now(activities: Collection[Activity], work: "Work", cause: Cause | None) -> None:
    """What is due of these locked activities goes to their lines, and no later."""
    found = {activity.activity_id: activity for activity in activities}
    expired = work.holds.drop_expired(found, work.now) if found else ()
    _give_back(found, expired)
    released = {activity_id for activity_id, activity in found.items() if activity.release(work.now)}
    if due := released | {hold.activity_id for hold in expired}:
        settle([found[activity_id] for activity_id in due], work, dict.fromkeys(due, cause))


def release(context: Context) -> None:
    """Open the seats to all that were kept for some until now; the timer `release`."""
    with context.work() as work:
        due = [activity for activity in work.activities.lock(work.activities.to_release()) if activity.release(work.now)]
        settle(due, work, {})


def expire(context: Context) -> None:
    """Drop the holds whose time is over; the timer `expire`."""
    with context.work() as work:
        if expired := work.holds.expired(work.now):
            activities = {activity.activity_id: activity for activity in work.activities.lock(expired)}
            _give_back(activities, work.holds.drop_expired(activities, work.now))
            settle(activities.values(), work, {})


def mind_cover(context: Context) -> None:
    """Give seats to those whose institutions can spare them again; the timer `cover`."""
    kinds = [kind.code for kind in context.resources.kinds.values() if kind.audience is Audience.PROFESSIONALS]
    with context.work() as work:
        _give_what_is_free(work.activities.lock(work.covering.waiting(kinds), wait=False), work, {})


def drop_holds(activity: Activity, work: "Work") -> None:
    """Nobody holds seats of this locked activity any more."""
    _give_back({activity.activity_id: activity}, work.holds.drop_all(activity.activity_id))


def line_before(claim: Claim, activity: Activity, work: "Work") -> Sequence[Signup]:
    """Those who wait for a seat that this claim would find free."""
    if activity.waiting and activity.fits(claim):
        return work.signups.lines({activity.activity_id: _most(activity, work)}).get(activity.activity_id, ())
    return ()


def _give_back(activities: Mapping[str, Activity], holds: Iterable[Hold]) -> None:
    for hold in holds:
        activities[hold.activity_id].give_back(hold)


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
    work.needs.drop_of(stand_ins)
    settle(activities.values(), work, dict.fromkeys(activities, cause))


def _why_lost(signup: Signup, kept: Mapping[str, str], known: Known) -> tuple[str, str] | None:
    """The first among these people in the party who may no longer come, by the id that is kept, and the reason."""
    theirs = as_kept((member for member in signup.party if member.person_id in kept), kept)
    lost = ((member.person_id, refusal) for member in theirs for refusal in why_not_come(member, signup.programme, known, ""))
    return next(((person_id, LOST[refusal.slug]) for person_id, refusal in lost if refusal.slug in LOST), None)
