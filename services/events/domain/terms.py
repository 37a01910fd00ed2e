"""Whether the terms of an activity (whom it is for, its quotas, its stages) make sense: every mistake at once, by its field."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain

from services.events.domain.activity import Activity, Kind, Programme
from services.events.domain.quota import Quota
from services.events.domain.refusal import Refusal, Slug
from services.events.domain.rule import Condition, Rule

NOTHING_ASKED = Condition()


def why_not_terms(asked: Activity, *, kinds: Mapping[str, Kind], programme: Programme, institutions: Collection[str]) -> Iterator[Refusal]:
    """Every reason why an activity cannot have these terms; `institutions` are those of the programme that its rules name."""
    for at, rule in _rules(asked):
        for field, condition in _conditions(at, rule):
            yield from _wrong_condition(condition, field, kinds, programme, institutions)
    yield from _wrong_quotas(asked.quotas, asked.capacity)


def institutions_named(asked: Activity) -> Collection[str]:
    """The codes of all institutions that the activity's rules name."""
    conditions = (condition for _, rule in _rules(asked) for condition in rule.conditions)
    return set(chain.from_iterable(condition.institutions for condition in conditions))


def _rules(asked: Activity) -> Iterator[tuple[str, Rule]]:
    yield "/rule", asked.rule
    yield from ((f"/quotas/{index}/who", quota.who) for index, quota in enumerate(asked.quotas))
    yield from ((f"/windows/stages/{index}/who", stage.who) for index, stage in enumerate(asked.windows.stages))


def _conditions(at: str, rule: Rule) -> Iterator[tuple[str, Condition]]:
    yield from ((f"{at}/all/{index}", condition) for index, condition in enumerate(rule.all))
    yield from ((f"{at}/any/{index}", condition) for index, condition in enumerate(rule.any))


def _wrong_condition(
    condition: Condition, at: str, kinds: Mapping[str, Kind], programme: Programme, institutions: Collection[str]
) -> Iterator[Refusal]:
    if condition == NOTHING_ASKED:
        yield Refusal(Slug.RULE_WITHOUT_CONDITION, at)
    if condition.ages and condition.ages.at_least > condition.ages.at_most:
        yield Refusal(Slug.RULE_AGES_REVERSED, f"{at}/ages/at_least")
    yield from _unknown(condition.districts, programme.districts, Slug.DISTRICT_NOT_KNOWN, f"{at}/districts")
    yield from _unknown(condition.tracks, programme.tracks, Slug.TRACK_NOT_KNOWN, f"{at}/tracks")
    yield from _unknown(condition.institutions, institutions, Slug.INSTITUTION_NOT_KNOWN, f"{at}/institutions")
    yield from _unknown(condition.attended, kinds, Slug.KIND_NOT_KNOWN, f"{at}/attended")
    yield from _unknown(condition.not_attended, kinds, Slug.KIND_NOT_KNOWN, f"{at}/not_attended")


def _unknown(named: Sequence[str], known: Collection[str], slug: Slug, at: str) -> Iterator[Refusal]:
    for index, code in enumerate(named):
        if code not in known:
            yield Refusal(slug, f"{at}/{index}", {"known": ", ".join(sorted(known))})


def _wrong_quotas(quotas: Sequence[Quota], capacity: int) -> Iterator[Refusal]:
    times = Counter(quota.code for quota in quotas)
    for index, quota in enumerate(quotas):
        if times[quota.code] > 1:
            yield Refusal(Slug.QUOTA_TWICE, f"/quotas/{index}/code")
    if sum(quota.seats for quota in quotas if not quota.is_limit) > capacity:
        yield Refusal(Slug.QUOTAS_BEYOND_CAPACITY, "/quotas", {"capacity": capacity})
