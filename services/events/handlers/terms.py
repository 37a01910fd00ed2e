"""Other terms for an activity that is open: who counts in its quotas is counted anew, and what gets free is the line's at once.

Nobody who is signed up loses anything. Whom the new rule is not for is told to the organiser, who sees it first in the dry run.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from services.chassis.storage import Cause
from services.events import seating
from services.events.domain.activity import Activity, Programme
from services.events.domain.admission import count
from services.events.domain.change import Plan
from services.events.domain.need import why_not_ask
from services.events.domain.refusal import Refusal, Slug
from services.events.domain.signup import Signup, SignupStatus, as_kept
from services.events.domain.terms import institutions_named, why_not_terms
from services.events.domain.traits import Traits, traits_of
from services.events.handlers.asking import with_attendance

if TYPE_CHECKING:
    from services.events.storage import Work


@dataclass(frozen=True)
class Touched:
    """The sign-ups whom the new rule is not for, which stand all the same; and those that got or were offered what is free now."""

    outside: Sequence[str] = ()
    promoted: Sequence[str] = ()


NOBODY = Touched()


def why_not(planned: Plan, programme: Programme | None, work: "Work") -> Iterator[Refusal]:
    """Every reason why an activity cannot have these terms."""
    after = planned.after
    if not planned.changes_terms or programme is None:
        return
    known = work.places.institutions(after.programme, institutions_named(after))
    yield from why_not_terms(after, kinds=work.resources.kinds, programme=programme, institutions=known)
    yield from why_not_ask(after.needs, work.resources.needs, after.starts_at)


def count_anew(plans: Sequence[Plan], work: "Work") -> Mapping[str, Sequence[str]]:
    """Count who is signed up in the quotas of these locked activities; the sign-ups whom a new rule is not for, by activity.

    Who holds seats while he fills in a form has to begin anew: of whom he holds them for nothing is kept.
    """
    changed = [planned.after for planned in plans if planned.changes_terms]
    signups = work.signups.active_of([activity.activity_id for activity in changed]) if changed else ()
    traits = _traits(changed, signups, work)
    for planned in plans:
        if planned.counts_anew:
            _recount(planned.after, [one for one in signups if one.activity_id == planned.after.activity_id], traits, work)
    work.resources.refuse(_too_large_to_wait(plans, signups))
    by_id = {activity.activity_id: activity for activity in changed}
    outside = [one for one in signups if not _lets_in(by_id[one.activity_id], traits[one.signup_id])]
    return {id_: [one.signup_id for one in outside if one.activity_id == id_] for id_ in by_id}


def give_what_is_free(plans: Sequence[Plan], work: "Work", cause: Cause) -> Mapping[str, Sequence[str]]:
    """Give or offer the lines of activities with other terms what is free now; to whom, by activity."""
    changed = [planned.after for planned in plans if planned.changes_terms]
    promoted = seating.settle(changed, work, {activity.activity_id: cause for activity in changed}) if changed else ()
    return {activity.activity_id: [one.signup_id for one in promoted if one.activity_id == activity.activity_id] for activity in changed}


def _traits(activities: Sequence[Activity], signups: Sequence[Signup], work: "Work") -> Mapping[str, Sequence[Traits]]:
    """Those of each party, by sign-up."""
    if not signups:
        return {}
    kept = work.aliases.around({one for signup in signups for one in (*signup.people, signup.contact_id)})
    parties = {signup.signup_id: as_kept(signup.party, kept) for signup in signups}
    known = with_attendance(activities, [member for party in parties.values() for member in party], work.known_today(kept), work)
    return {signup.signup_id: traits_of(parties[signup.signup_id], signup.programme, known) for signup in signups}


def _recount(activity: Activity, signups: Sequence[Signup], traits: Mapping[str, Sequence[Traits]], work: "Work") -> None:
    seating.drop_holds(activity, work)
    for signup in signups:
        signup.counted = count(activity, traits[signup.signup_id])
    work.signups.recount(signups)
    seated = [signup for signup in signups if signup.holds_seats]
    activity.quotas = [replace(quota, taken=sum(one.counted.get(quota.code, 0) for one in seated)) for quota in activity.quotas]


def _too_large_to_wait(plans: Sequence[Plan], signups: Sequence[Signup]) -> Iterator[Refusal]:
    """A party that could never fit would hold up all who wait behind it."""
    for at, planned in enumerate(plans):
        line = [one for one in signups if one.activity_id == planned.after.activity_id and one.status is SignupStatus.WAITING]
        for index, quota in enumerate(planned.after.quotas):
            largest = max((one.counted.get(quota.code, 0) for one in line), default=0)
            if quota.is_limit and quota.seats < largest:
                yield Refusal(Slug.QUOTA_BELOW_PARTY, f"/changes/{at}/quotas/{index}/seats", {"seats": largest})


def _lets_in(activity: Activity, party: Sequence[Traits]) -> bool:
    return all(activity.rule.lets_in(traits, activity.held_from) for traits in party)
