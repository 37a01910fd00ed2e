"""Whether a party may come, with every reason for and against: the rules of all activities, then those of this one.

Of somebody who is refused anyway (a stranger, perhaps, or a child that is not the caller's) nothing more is said: neither how
old he is nor where he belongs can be found out by asking.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.events.domain import line
from services.events.domain.activity import Activity, Audience
from services.events.domain.eligibility import Known, why_not_sign_up
from services.events.domain.refusal import Refusal, Slug
from services.events.domain.rule import Answer
from services.events.domain.signup import Member
from services.events.domain.traits import Traits, traits_of
from services.events.domain.windows import why_not_yet


@dataclass(frozen=True)
class Admission:
    """`answers` has what each rule of the activity says of each of the party, with the field that names him.

    `counted` says how many of the party count in each quota, and `standing` what decides where it stands in the line.
    """

    refusals: Sequence[Refusal]
    answers: Sequence[tuple[str, Answer]] = ()
    counted: Mapping[str, int] = field(default_factory=dict)
    standing: line.Traits = line.ALONE


def admit(
    activity: Activity, audience: Audience, party: Sequence[Member], contact_id: str | None, known: Known, *, now: datetime
) -> Admission:
    """What is to be said to a party that wants to come."""
    refusals = list(why_not_sign_up(activity, audience, party, contact_id, known, now=now))
    if any(refusal.field for refusal in refusals):
        return Admission(refusals)
    traits = traits_of(party, activity.programme, known)
    answers = list(_answers(activity, traits))
    counted = count(activity, traits)
    against = [Refusal(answer.slug, at, answer.values) for at, answer in answers if not answer.lets_in]
    beside = [*_too_early(activity, traits, now), *_too_many(activity, counted)]
    standing = line.Traits(len(party), never_reached=not any(one.reached for one in traits))
    return Admission([*refusals, *against, *beside], answers, counted, standing)


def count(activity: Activity, party: Sequence[Traits]) -> Mapping[str, int]:
    """How many of the party count in each quota; quotas in which nobody does are left out."""
    day = activity.held_from
    return dict(Counter(quota.code for quota in activity.quotas for traits in party if quota.who.counts(traits, day)))


def _answers(activity: Activity, party: Sequence[Traits]) -> Iterator[tuple[str, Answer]]:
    for index, traits in enumerate(party):
        yield from ((f"/party/{index}/person_id", answer) for answer in activity.rule.answers(traits, activity.held_from))


def _too_early(activity: Activity, party: Sequence[Traits], now: datetime) -> Iterator[Refusal]:
    if activity.takes_signups(now):
        yield from why_not_yet(activity.windows, party, activity.starts_at, now)


def _too_many(activity: Activity, counted: Mapping[str, int]) -> Iterator[Refusal]:
    """A party that could never fit would hold up all who wait behind it."""
    for quota in activity.quotas:
        if quota.is_limit and counted.get(quota.code, 0) > quota.seats:
            yield Refusal(Slug.PARTY_BEYOND_QUOTA, "/party", {"quota": quota.code, "seats": quota.seats})
