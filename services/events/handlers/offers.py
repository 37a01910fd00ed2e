"""Seats that were offered: the party takes them or does not, or lets the offer expire; and when its clock starts.

The clock starts when notifications tells that the letter left (`domain/offer.py`). Where it could not be sent the offer says
so (`offer-undeliverable`), for staff to see, who have the whole time from then on to reach the party some other way and
answer for it; only then do the seats go to the next.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from services.chassis.envelope import Received
from services.chassis.service import Context
from services.chassis.storage import Cause
from services.events import seating, telling
from services.events.domain import waitlist
from services.events.domain.activity import Activity, why_not_change
from services.events.domain.decision import What
from services.events.domain.offer import MOST_OFFERS, Offer
from services.events.domain.refusal import Refusal, Slug
from services.events.domain.signup import Signup, SignupStatus
from services.events.handlers import overlapping
from services.events.handlers.finding import find_signup, lock_activity
from services.events.messages import MailChanged

if TYPE_CHECKING:
    from services.events.storage import Work

DECLINED, EXPIRED, UNDELIVERABLE = "offer-declined", "offer-expired", "offer-undeliverable"
LETTER = "offer"
"""The kind of letter that tells a party of its offer."""


def accept(signup_id: str, work: "Work", cause: Cause) -> tuple[Signup, Sequence[Refusal]]:
    """The party takes the seats, with warnings. Doing it again changes nothing."""
    asked = find_signup(signup_id, work)
    overlapping.hold_party(asked.party, work)
    activity = lock_activity(asked.activity_id, work)
    signup = find_signup(signup_id, work)
    if signup.status is SignupStatus.SEATED:
        return signup, ()
    _must_be_offered(activity, signup, work)
    warnings = overlapping.judge_again(signup, work, but_for=_left_for(signup, work))
    signup.seat()
    work.signups.save([signup])
    telling.tell_signup(signup, work, cause, telling.SIGNUP_PROMOTED, what=What.ACCEPTED)
    seating.give_back_transferred([signup], work, {signup.activity_id: cause})
    return signup, warnings


def decline(signup_id: str, work: "Work", cause: Cause) -> Signup:
    """The party does not want the seats and leaves the line; the next is offered them. Doing it again changes nothing."""
    activity = lock_activity(find_signup(signup_id, work).activity_id, work)
    signup = find_signup(signup_id, work)
    if signup.reason == DECLINED:
        return signup
    _must_be_offered(activity, signup, work)
    waitlist.leave(activity, signup, DECLINED)
    work.signups.save([signup])
    telling.tell_signup(signup, work, cause, telling.SIGNUP_DECLINED)
    seating.settle([activity], work, {activity.activity_id: cause})
    return signup


def prove(facts: Sequence[Received[MailChanged]], work: "Work") -> None:
    """The letter left: the clock of the offer that it tells of starts."""
    for activity, signup, offer, fact in _open_offers(facts, work):
        rule = activity.line.answering
        if fact.time and not offer.told_at:
            proven = offer.told(fact.time, rule.answer_hours, work.resources.closing_days)
            work.offers.keep([proven])
            telling.record(signup, What.TOLD, work, answer_by=proven.answer_by)


def mind_undeliverable(facts: Sequence[Received[MailChanged]], work: "Work") -> None:
    """The letter cannot be sent: staff see it, and have the whole time to reach the party."""
    for activity, signup, offer, fact in _open_offers(facts, work):
        rule = activity.line.answering
        if signup.reason != UNDELIVERABLE:
            signup.reason = UNDELIVERABLE
            begun = offer.begun_anew(work.now, rule.answer_hours, work.resources.closing_days)
            work.offers.keep([begun])
            work.signups.save([signup])
            telling.record(signup, What.UNDELIVERABLE, work, answer_by=begun.answer_by, letter=fact.data.reason)


def end_due(context: Context) -> None:
    """End the offers whose time is over and give the seats to the next; the timer `offers`."""
    with context.work() as work:
        activities = {one.activity_id: one for one in work.activities.lock({offer.activity_id for offer in work.offers.due(work.now)})}
        due = [offer.signup_id for offer in work.offers.due(work.now) if offer.activity_id in activities]
        ended = work.signups.some(due)
        for signup in ended:
            _end(activities[signup.activity_id], signup)
        work.signups.save(ended)
        for signup in work.signups.some(due):
            telling.tell_signup(signup, work, None, telling.SIGNUP_EXPIRED)
        seating.settle(activities.values(), work, {})


def _end(activity: Activity, signup: Signup) -> None:
    """Who did not answer a re-offer did not ask to stand in this line."""
    rule = activity.line.offers
    if rule and rule.queue_again and signup.offers < MOST_OFFERS and not signup.instead_of:
        waitlist.queue_again(activity, signup)
    else:
        waitlist.leave(activity, signup, signup.reason or EXPIRED)


def _left_for(signup: Signup, work: "Work") -> str | None:
    """The activity that the party leaves when it accepts; None where it leaves none."""
    left = work.signups.get(signup.transfers_from) if signup.transfers_from else None
    return left.activity_id if left else None


def _must_be_offered(activity: Activity, signup: Signup, work: "Work") -> None:
    work.resources.refuse(why_not_change(activity, work.now))
    if signup.status is not SignupStatus.OFFERED:
        work.resources.refuse([Refusal(Slug.NOT_OFFERED, "", {"status": signup.status.value})])


def _open_offers(facts: Sequence[Received[MailChanged]], work: "Work") -> Sequence[tuple[Activity, Signup, Offer, Received[MailChanged]]]:
    """The open offers of which these facts tell, locked; a letter about an earlier offer says nothing of a later one."""
    about = {str(fact.data.signup_id): fact for fact in facts if fact.data.kind == LETTER and fact.data.signup_id and not fact.snapshot}
    there = work.offers.of(about) if about else {}
    if not there:
        return ()
    activities = {one.activity_id: one for one in work.activities.lock({offer.activity_id for offer in there.values()})}
    offers = {id_: offer for id_, offer in work.offers.of(there).items() if _is_about(about[id_], offer)}
    return [(activities[one.activity_id], one, offers[one.signup_id], about[one.signup_id]) for one in work.signups.some(offers)]


def _is_about(fact: Received[MailChanged], offer: Offer) -> bool:
    return fact.time is not None and fact.time >= offer.offered_at
