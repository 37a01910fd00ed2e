"""All of an activity that is called off or moved are offered another one, in one transaction, and each of them once.

The same few statements serve one party and hundreds. Repeated, whoever has been offered something is left out: so a step that was
asked for twice is done once, and who got nothing can be offered something else later.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from services.chassis.ids import new_id
from services.chassis.storage import Cause
from services.events import seating, telling
from services.events.domain import offer
from services.events.domain.activity import Activity
from services.events.domain.admission import Admission, admit
from services.events.domain.decision import What
from services.events.domain.eligibility import Known
from services.events.domain.offer import Offer
from services.events.domain.re_offer import Asked, Instead, ReOffer, place, why_not_re_offer
from services.events.domain.refusal import Refusal, Slug
from services.events.domain.signup import Signup, SignupStatus, as_kept
from services.events.handlers import activities, overlapping
from services.events.handlers.asking import why_not_again, with_attendance
from services.events.handlers.finding import find_activity

if TYPE_CHECKING:
    from services.events.storage import Work

AT_ONCE = 500
"""Parties that are offered something in one step."""


@dataclass(frozen=True)
class ReOffered:
    """What was done, or would be: each party in order, the activities that were offered, and how many parties were left out."""

    source: Activity
    instead: Sequence[Instead]
    parties: Sequence[ReOffer]
    left: int


@dataclass(frozen=True)
class _People:
    """All who are to be offered something: by which ids they are known, what is known of them, what they have there, who is away."""

    kept: Mapping[str, str]
    known: Known
    theirs: Sequence[Signup] = ()
    away: Collection[tuple[str, str]] = frozenset()

    def away_from(self, activity: Activity) -> Collection[str]:
        """Who could not come to it."""
        return {person_id for activity_id, person_id in self.away if activity_id == activity.activity_id}


def preview(asked: Asked, work: "Work", cause: Cause) -> ReOffered:
    """What it would come to: it is done, and taken back."""
    with work.attempt():
        return re_offer(asked, work, cause)


def re_offer(asked: Asked, work: "Work", cause: Cause) -> ReOffered:
    """Offer the others to all who are signed up to the activity, or were when it was called off."""
    people = _held(asked.activity_id, work)
    source, there = _locked(asked, work)
    if asked.call_off:
        source = activities.call_off(source.activity_id, work, cause)
    due = sorted(work.signups.some(work.re_offers.due(source.activity_id, AT_ONCE)), key=lambda one: (one.signed_up_at, one.number))
    work.resources.refuse(_just_now(due, people))
    seating.settle_now(there, work, cause)
    instead = _prepared(there, work)
    parties = _placed(due, instead, people, source, work)
    _keep(parties, instead, work, cause)
    with_nothing = sum(party.new is None for party in parties)
    return ReOffered(source, instead, parties, work.re_offers.left(source.activity_id) - with_nothing)


def _held(activity_id: str, work: "Work") -> _People:
    """Whom it concerns, locked before any activity is, so that they stay as they are read."""
    find_activity(activity_id, work)
    due = work.signups.some(work.re_offers.due(activity_id, AT_ONCE))
    kept = work.aliases.around({one for signup in due for one in (*signup.people, signup.contact_id)})
    work.overlapping.hold(sorted(set(kept.values())))
    return _People(kept, work.known_today(kept, hold=True))


def _locked(asked: Asked, work: "Work") -> tuple[Activity, Sequence[Activity]]:
    locked = {activity.activity_id: activity for activity in work.activities.lock({asked.activity_id, *asked.instead})}
    source = locked[asked.activity_id]
    work.resources.refuse(why_not_re_offer(source, asked, locked, work.resources.kinds, work.now))
    return source, [locked[activity_id] for activity_id in asked.instead]


def _just_now(due: Sequence[Signup], people: _People) -> Iterator[Refusal]:
    """Somebody signed up between that and the lock."""
    if not all(people.kept.keys() >= signup.people for signup in due):
        yield Refusal(Slug.SIGNED_UP_JUST_NOW, "")


def _prepared(there: Sequence[Activity], work: "Work") -> Sequence[Instead]:
    waiting = {activity.activity_id: None for activity in there if activity.waiting}
    lines = work.signups.lines(waiting) if waiting else {}
    return [_instead(activity, list(lines.get(activity.activity_id, ())), work) for activity in there]


def _instead(activity: Activity, line: list[Signup], work: "Work") -> Instead:
    hours, closed = activity.line.answering.answer_hours, work.resources.closing_days
    if offer.latest_end(work.now, hours, closed) >= activity.starts_at:
        return Instead(activity, line, None, activity.free)
    answer_by = offer.answer_by(work.now, hours, closed)
    return Instead(activity, line, partial(Signup.offer, answer_by=answer_by), activity.free)


def _placed(due: Sequence[Signup], instead: Sequence[Instead], people: _People, source: Activity, work: "Work") -> Sequence[ReOffer]:
    there = [one.activity for one in instead]
    ids = [activity.activity_id for activity in there]
    everybody = {member.person_id for signup in due for member in signup.party}
    party = [member for signup in due for member in as_kept(signup.party, people.kept)]
    away = work.overlapping.would_be(everybody, ids, but_for=source.activity_id)
    known = with_attendance(there, party, people.known, work)
    whole = replace(people, known=known, theirs=work.signups.of_people(people.kept, ids), away=away)
    return [_placed_one(signup, instead, whole, work) for signup in due]


def _placed_one(signup: Signup, instead: Sequence[Instead], people: _People, work: "Work") -> ReOffer:
    asked = [(one, *_asked(signup, one.activity, people, work)) for one in instead]
    done = place(signup, [(one, admission) for one, admission, refusals in asked if not refusals], new_id, work.now)
    done.refusals = [(one.activity.activity_id, refusal) for one, _, refusals in asked for refusal in refusals]
    return done


def _asked(signup: Signup, activity: Activity, people: _People, work: "Work") -> tuple[Admission, Sequence[Refusal]]:
    """What is said to the party as if it asked by itself."""
    party, contact_id = as_kept(signup.party, people.kept), people.kept.get(signup.contact_id)
    audience = work.resources.kinds[activity.kind].audience
    admission = admit(activity, audience, party, contact_id, people.known, now=work.now)
    here = [one for one in people.theirs if one.activity_id == activity.activity_id]
    again = why_not_again(party, here, {refusal.field for refusal in admission.refusals}, people.kept)
    hard, _ = overlapping.clashing(signup.party, activity.kind, people.away_from(activity), work)
    return admission, [*admission.refusals, *again, *hard]


def _keep(parties: Sequence[ReOffer], instead: Sequence[Instead], work: "Work", cause: Cause) -> None:
    made = [party.new for party in parties if party.new]
    work.re_offers.add(made)
    work.needs.copy({new.signup_id: new.instead_of for new in made if new.instead_of})
    seating.keep((promotion for party in parties for promotion in party.promotions), work)
    work.offers.keep([_open_offer(new, instead, work) for new in made if new.status is SignupStatus.OFFERED])
    work.activities.save([one.activity for one in instead])
    _count_positions(instead)
    for new in made:
        what = What.RE_OFFERED if new.status is SignupStatus.OFFERED else None
        telling.tell_signup(new, work, cause, what=what, answer_by=new.answer_by, free=_free(new, instead))


def _open_offer(new: Signup, instead: Sequence[Instead], work: "Work") -> Offer:
    activity = _at(new, instead).activity
    return offer.make(new.signup_id, activity.activity_id, work.now, activity.line.answering.answer_hours, work.resources.closing_days)


def _count_positions(instead: Sequence[Instead]) -> None:
    for one in instead:
        for position, signup in enumerate(one.line, start=1):
            signup.position = position


def _free(new: Signup, instead: Sequence[Instead]) -> int:
    return _at(new, instead).activity.free


def _at(new: Signup, instead: Sequence[Instead]) -> Instead:
    return next(one for one in instead if one.activity.activity_id == new.activity_id)
