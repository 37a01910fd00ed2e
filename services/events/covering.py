"""Staff cover where seats are decided: signing up, offers, promotions, transfers and moved sessions all ask here.

While seats are given, an activity for professionals has a limit more for each institution that a rule is for
(`domain/cover.py`). Two activities may take the same institution's staff at the same moment: each decides of those institutions
alone that nobody else is deciding of. Of the others nobody comes just now; they wait, and the timer `cover` looks again at once.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from services.events.domain.activity import Activity, Audience
from services.events.domain.cover import Cover, code_of, rule_of
from services.events.domain.refusal import Refusal, Slug
from services.events.domain.signup import Member, Signup

if TYPE_CHECKING:
    from services.events.storage import Work


def applies(activity: Activity, work: "Work") -> bool:
    """Whether rules are for those who come to this activity."""
    return _is_for_staff(activity.kind, work) and bool(work.covering.rules(activity.programme))


@contextmanager
def minded(activity: Activity, signups: Sequence[Signup], work: "Work") -> Iterator[None]:
    """While this lasts, nobody of these gets seats in the locked activity whose institution could not spare him."""
    houses = _houses((member for signup in signups for member in signup.party), work) if signups and applies(activity, work) else {}
    covers = [cover for cover in _standing(activity, set(houses.values()), work, hold=True) if cover.hard] if houses else []
    quotas, counted = activity.quotas, [(signup, signup.counted) for signup in signups]
    activity.quotas = [*quotas, *(cover.as_quota() for cover in covers)]
    for signup, known in counted:
        signup.counted = {**known, **_counted(signup.party, houses)}
    try:
        yield
    finally:
        activity.quotas = activity.quotas[: len(quotas)]
        for signup, known in counted:
            signup.counted = known


def why_never(activity: Activity, party: Iterable[Member], work: "Work") -> Iterator[Refusal]:
    """A party of more of one institution than may ever be away could only wait for ever."""
    if not applies(activity, work):
        return
    for institution, number in Counter(_houses(party, work).values()).items():
        rule = rule_of(institution, work.covering.rules(activity.programme))
        if rule and rule.hard and number > rule.most_away:
            yield Refusal(Slug.PARTY_BEYOND_COVER, "/party", {"institution": institution, "most": rule.most_away})


def why_not_now(activity: Activity, party: Sequence[Member], work: "Work") -> Iterator[Refusal]:
    """Whose institution cannot spare him while the activity meets, where the rule is hard."""
    houses = _houses(party, work) if applies(activity, work) else {}
    numbers = Counter(houses.values())
    for cover in _standing(activity, numbers.keys(), work, hold=True):
        if cover.hard and cover.lacks(numbers[cover.institution]):
            yield _too_many(cover, "/party")


def warnings(signup: Signup, work: "Work") -> Iterator[Refusal]:
    """Of which institutions too many are away now that this party comes, where the rule is soft."""
    if not (signup.holds_seats and _is_for_staff(signup.kind, work)):
        return
    (activity,) = work.activities.these([signup.activity_id])
    standing = _standing(activity, set(_houses(signup.party, work).values()), work)
    yield from (_too_many(cover, "/party") for cover in standing if cover.is_over and not cover.hard)


def too_many_at(activities: Iterable[Activity], work: "Work") -> Mapping[str, Sequence[Cover]]:
    """Of which institutions too many are away now that sessions of these activities moved, by activity."""
    return {activity.activity_id: list(_too_many_at(activity, work)) for activity in activities}


def why_not_moved(covers: Iterable[tuple[Cover, str]]) -> Iterator[Refusal]:
    """Where the rule is hard, why sessions cannot move to where it is broken; each by the field that asks for it."""
    yield from (_too_many(cover, field) for cover, field in covers if cover.hard)


def short_for(signup: Signup, activity: Activity, work: "Work") -> Sequence[Cover]:
    """Which institutions cannot spare this party just now, where the rule is hard."""
    numbers = Counter(_houses(signup.party, work).values()) if applies(activity, work) else Counter()
    return [one for one in _standing(activity, numbers.keys(), work) if one.hard and one.lacks(numbers[one.institution])]


def spare_others(activities: Iterable[Activity], work: "Work") -> None:
    """After the commit, look who waits at other activities for an institution that can spare him now that somebody left one of these."""
    if any(applies(activity, work) for activity in activities):
        work.wake("cover")


def _is_for_staff(kind: str, work: "Work") -> bool:
    return work.resources.kinds[kind].audience is Audience.PROFESSIONALS


def _too_many_at(activity: Activity, work: "Work") -> Iterator[Cover]:
    if applies(activity, work):
        yield from (cover for cover in _standing(activity, work.covering.houses_of(activity.activity_id), work) if cover.is_over)


def _standing(activity: Activity, institutions: Collection[str], work: "Work", *, hold: bool = False) -> Iterator[Cover]:
    """How it stands for those of these institutions that a rule is for."""
    rules = {one: rule for one in sorted(institutions) if (rule := rule_of(one, work.covering.rules(activity.programme)))}
    if not rules:
        return
    held = work.covering.hold(activity.programme, rules) if hold else rules.keys()
    if len(held) < len(rules):
        work.wake("cover")
    away = work.covering.away(activity.activity_id, activity.programme, rules)
    for one, rule in rules.items():
        yield Cover(one, rule.most_away, away.get(one, 0) if one in held else max(rule.most_away, away.get(one, 0)), hard=rule.hard)


def _houses(party: Iterable[Member], work: "Work") -> Mapping[str, str]:
    return work.covering.houses({member.person_id for member in party})


def _counted(party: Iterable[Member], houses: Mapping[str, str]) -> Mapping[str, int]:
    return Counter(code_of(houses[member.person_id]) for member in party if member.person_id in houses)


def _too_many(cover: Cover, field: str) -> Refusal:
    return Refusal(Slug.TOO_MANY_AWAY, field, {"institution": cover.institution, "away": cover.away, "most": cover.most})
