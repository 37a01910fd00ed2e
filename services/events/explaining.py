"""Why somebody stands where he does: the reasons by name, from the record of decisions and from how things stand now.

What is said of now is worked out by the same rule and the same numbers that decide who is next, so an explanation cannot
disagree with what happens. The words stand in `explanations.toml`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.events.domain.activity import Activity
from services.events.domain.cover import Cover, CoverRule
from services.events.domain.decision import Decision, What
from services.events.domain.line import LineRule, Order
from services.events.domain.quota import Quota
from services.events.domain.rule import Rule
from services.events.domain.session import LOCAL
from services.events.domain.signup import Signup, SignupStatus
from services.events.saying import LANGUAGES, fill

Texts = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Reason:
    """One reason: its name, and what fills the gaps of its text in a language."""

    why: str
    values: Mapping[str, Mapping[str, object]]

    def shown(self, texts: Texts) -> dict[str, Any]:
        """The reason in words."""
        return {"why": self.why, "text": {language: fill(texts[self.why], self.values[language], language) for language in LANGUAGES}}


def why_standing(signup: Signup, activity: Activity, now: datetime, seats: int) -> list[Reason]:
    """Why a sign-up stands as it does now; `seats` are those of whom the reader sees."""
    if signup.status is SignupStatus.WAITING:
        return list(_why_waiting(signup, activity, now, seats))
    undeliverable = [_reason("now-undeliverable")] if signup.status is SignupStatus.OFFERED and signup.reason else []
    return [_reason(f"now-{signup.status}", seats=seats, answer_by=_read(signup.answer_by)), *undeliverable]


def why_free(activity: Activity) -> list[Reason]:
    """Why the free seats of an activity are nobody's, or that there are none."""
    if not activity.free:
        return [_reason("now-full", capacity=activity.capacity)]
    if activity.is_gathering:
        return [_reason("now-gathers", closes_at=_closes_at(activity.line))]
    short = [*_full_quotas(activity.quotas), *_kept_for_others(activity)]
    if activity.waiting and not short:
        return [_reason("now-too-few", free=activity.free)]
    return [_reason("now-some-free" if activity.waiting else "now-free", free=activity.free), *short]


def when_open(activity: Activity, now: datetime) -> Iterator[Reason]:
    """When sign-up opens, and for whom, as long as it is not open to all; and when it closes, where that is not when it begins."""
    windows, first = activity.windows, activity.starts_at
    if not activity.takes_signups(now):
        return
    opens_at, closes_at = windows.opens and windows.opens.before(first), windows.closes_at(first)
    if opens_at and now < opens_at:
        yield from (_stage(stage.who, stage.opens.before(first), now) for stage in windows.stages)
        yield _reason("now-opens-for-others" if windows.stages else "now-opens", opens_at=_read(opens_at))
    if closes_at < first:
        yield _reason("now-closes" if now < closes_at else "now-closed", closes_at=_read(closes_at))


def rules(line: LineRule) -> list[Reason]:
    """The rule of a line."""
    groups = {language: {"groups": ", ".join(group.title[language] for group in line.groups)} for language in LANGUAGES}
    order = Reason("rule-groups", groups) if line.order is Order.GROUPS else _reason(f"rule-{line.order}", closes_at=_closes_at(line))
    fit = line.best_fit
    policy = _reason("rule-best-fit", most_passes=fit.most_passes, most_days=fit.most_days) if fit else _reason("rule-strict")
    offers = [_reason("rule-offers", answer_hours=line.offers.answer_hours)] if line.offers else []
    return [order, policy, *offers]


def why_covered(covers: Iterable[Cover]) -> list[Reason]:
    """Whose institutions cannot spare them."""
    return [_reason("now-too-many-away", institution=one.institution, away=one.away, most=one.most) for one in covers]


def rules_of_cover(rules: Iterable[CoverRule]) -> list[Reason]:
    """How many of one institution may be away: the rules that are for each."""
    return [_reason("rule-cover" if one.hard else "rule-cover-soft", most=one.most_away) for one in rules if not one.institutions]


def decided(decisions: Iterable[Decision], texts: Texts, seats: int) -> Iterator[dict[str, Any]]:
    """The decisions in words; `seats` as above."""
    for one in decisions:
        values = {**one.values, "seats": seats}
        text = _reason(_name(one, texts), **{**values, "answer_by": _read(values.get("answer_by"))}).shown(texts)["text"]
        yield {"at": one.at, "what": one.what.value, "values": values, "text": text}


def _why_waiting(signup: Signup, activity: Activity, now: datetime, seats: int) -> Iterator[Reason]:
    if activity.is_gathering:
        yield _reason("now-gathers", closes_at=_closes_at(activity.line))
        return
    before = (signup.position or 1) - 1
    name = "now-waits-behind" if before else "now-waits-first"
    yield _reason(name, before=before, seats=seats, free=activity.free)
    yield from _short_of(signup, activity)
    fit = activity.line.best_fit
    if fit and not fit.may_be_passed(signup, now):
        yield _reason("now-held", seats=seats)
    if signup.transfers_from:
        yield _reason("now-transfers")
    if not activity.takes_signups(now):
        yield _reason("now-line-rests")


def _stage(who: Rule, opens_at: datetime, now: datetime) -> Reason:
    return _reason("now-opens-for" if now < opens_at else "now-open-for", who=who, opens_at=_read(opens_at))


def _full_quotas(quotas: Iterable[Quota]) -> Iterator[Reason]:
    """The limits that let nobody more in, while seats are free."""
    for quota in quotas:
        if quota.is_limit and not quota.free:
            yield _reason("now-quota-full", quota=quota.code, quota_seats=quota.seats)


def _kept_for_others(activity: Activity) -> Iterator[Reason]:
    """Free seats that are kept for some."""
    if kept := sum(quota.kept for quota in activity.quotas):
        yield _reason("now-kept", kept=kept)


def _short_of(signup: Signup, activity: Activity) -> Iterator[Reason]:
    """What the party waits for besides seats of the whole activity: it counts in a limit that is short, or what is free is kept."""
    room = activity.room
    short = [quota for quota in room.quotas if quota.is_limit and signup.counted.get(quota.code, 0) > quota.free]
    for quota in short:
        counted = signup.counted[quota.code]
        yield _reason("now-quota-short", quota=quota.code, counted=counted, quota_free=quota.free)
    if not short and signup.seats <= room.free and not room.spares(signup):
        yield from _kept_for_others(activity)


def _closes_at(line: LineRule) -> str:
    return _read(line.draw.closes_at) if line.draw else ""


def _read(moment: object) -> str:
    """A moment as it is read: by the clock in Denmark, to the minute."""
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{at.astimezone(LOCAL):%d.%m.%Y %H.%M}" if isinstance(at, datetime) else ""


def _name(decision: Decision, texts: Texts) -> str:
    """A cancellation is told with its reason, where there are words for it."""
    exact = f"{decision.what}-{decision.values.get('reason')}"
    return exact if decision.what is What.CANCELLED and exact in texts else decision.what.value


def _reason(why: str, **values: object) -> Reason:
    return Reason(why, dict.fromkeys(LANGUAGES, values))
