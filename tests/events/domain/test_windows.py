"""When one may sign up, in local time on both sides of the switches to and from summer time."""

from datetime import UTC, datetime, timedelta

import pytest

from services.events.domain.moment import Moment
from services.events.domain.rule import Condition, Rule
from services.events.domain.signup import PartyRole
from services.events.domain.traits import Traits
from services.events.domain.windows import UNTIL_IT_STARTS, Stage, Windows, why_not_windows, why_not_yet

FIRST = datetime(2026, 11, 9, 9, 0, tzinfo=UTC)
CHILD, REACHED = Traits(PartyRole.CHILD), Traits(PartyRole.CHILD, reached=True)
STAGED = Windows(
    opens=Moment(7, "09:00"),
    closes=Moment(1, "12:00"),
    cancel_until=Moment(2, "12:00"),
    stages=(Stage(Rule(all=(Condition(never_reached=True),)), Moment(14, "09:00")),),
)


def refused(party: list[Traits], now: datetime, windows: Windows = STAGED) -> list[str]:
    """The rules that keep the party from signing up now."""
    return [refusal.slug.value for refusal in why_not_yet(windows, party, FIRST, now)]


@pytest.mark.parametrize(
    ("first", "days_before", "at", "moment"),
    [
        (datetime(2026, 3, 30, 8, tzinfo=UTC), 1, "09:00", datetime(2026, 3, 29, 7, tzinfo=UTC)),
        (datetime(2026, 3, 30, 8, tzinfo=UTC), 2, "09:00", datetime(2026, 3, 28, 8, tzinfo=UTC)),
        (datetime(2026, 3, 30, 8, tzinfo=UTC), 1, "02:30", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        (datetime(2026, 10, 26, 8, tzinfo=UTC), 1, "09:00", datetime(2026, 10, 25, 8, tzinfo=UTC)),
        (datetime(2026, 10, 26, 8, tzinfo=UTC), 2, "09:00", datetime(2026, 10, 24, 7, tzinfo=UTC)),
        (datetime(2026, 10, 26, 8, tzinfo=UTC), 1, "02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        (datetime(2026, 10, 25, 23, 30, tzinfo=UTC), 0, "00:15", datetime(2026, 10, 25, 23, 15, tzinfo=UTC)),
    ],
)
def test_the_same_time_of_the_clock(first: datetime, days_before: int, at: str, moment: datetime) -> None:
    """Nine is nine before and after the clocks change; a time that is jumped over comes an hour later, a double one counts once."""
    assert Moment(days_before, at).before(first) == moment


def test_without_windows_until_it_starts() -> None:
    """Sign-up is open from the beginning until the first session starts."""
    assert refused([CHILD], FIRST - timedelta(days=300), UNTIL_IT_STARTS) == []
    assert UNTIL_IT_STARTS.closes_at(FIRST) == FIRST
    assert not UNTIL_IT_STARTS.is_late(FIRST, FIRST)


def test_those_not_reached_sign_up_first() -> None:
    """From two weeks before, families who never came may sign up; from one week before, all."""
    two_weeks, one_week = datetime(2026, 10, 26, 8, tzinfo=UTC), datetime(2026, 11, 2, 8, tzinfo=UTC)
    assert refused([CHILD], two_weeks - timedelta(seconds=1)) == ["signup-not-open"]
    assert refused([CHILD], two_weeks) == []
    assert refused([REACHED], two_weeks) == ["signup-not-open"]
    assert refused([REACHED], one_week) == []


def test_everybody_in_the_party_must_be_of_the_group() -> None:
    """A child who was there before does not come in early with a sibling who was not."""
    assert refused([CHILD, REACHED], datetime(2026, 10, 27, 8, tzinfo=UTC)) == ["signup-not-open"]


def test_sign_up_closes() -> None:
    """At noon the day before sign-up closes."""
    noon = datetime(2026, 11, 8, 11, tzinfo=UTC)
    assert refused([CHILD], noon - timedelta(seconds=1)) == []
    assert refused([CHILD], noon) == ["signup-window-closed"]


def test_late_cancellation() -> None:
    """A cancellation is late from the deadline on, and in good time until then."""
    deadline = datetime(2026, 11, 7, 11, tzinfo=UTC)
    assert not STAGED.is_late(FIRST, deadline)
    assert STAGED.is_late(FIRST, deadline + timedelta(seconds=1))


def test_windows_that_make_no_sense() -> None:
    """Every mistake is told at once, by its field."""
    wrong = Windows(opens=Moment(1, "12:00"), closes=Moment(2, "12:00"), cancel_until=Moment(0, "23:00"), stages=(STAGED.stages[0],))
    late_stage = Windows(stages=(Stage(Rule(), Moment(3, "12:00")),))
    assert [(one.slug.value, one.field) for one in why_not_windows(wrong, FIRST)] == [
        ("window-never-open", "/windows/opens"),
        ("window-after-start", "/windows/cancel_until"),
    ]
    assert [(one.slug.value, one.field) for one in why_not_windows(late_stage, FIRST)] == [("stage-not-earlier", "/windows/stages/0/opens")]
