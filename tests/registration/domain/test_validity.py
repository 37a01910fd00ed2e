"""Periods: what holds on a day, and what a history must be."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from services.registration.domain.validity import Validity, after_a_gap, in_order, overlapping, span, valid_on

FIRST = date(2020, 1, 1)
CALENDAR = [FIRST + timedelta(days=n) for n in range(60)]


@dataclass(frozen=True)
class State:
    """Something that was so for a time."""

    name: int
    valid: Validity


days = st.sampled_from(CALENDAR)
ends = st.none() | days
periods = st.tuples(ends, ends).map(lambda two: Validity(*two)).filter(lambda period: not period.reversed)
histories = st.lists(periods, min_size=1, max_size=5).map(lambda found: [State(n, period) for n, period in enumerate(found)])


@st.composite
def unbroken(draw: st.DrawFn) -> list[State]:
    """States that follow each other day by day, in any order of writing; the first and the last may be open."""
    lengths = draw(st.lists(st.integers(1, 12), min_size=1, max_size=5))
    starts = [CALENDAR[n] for n in accumulate(lengths[:-1], initial=0)]
    last = draw(st.none() | st.just(starts[-1] + timedelta(days=lengths[-1] - 1)))
    since = [draw(st.sampled_from([None, starts[0]])), *starts[1:]]
    until = [*(start - timedelta(days=1) for start in starts[1:]), last]
    return draw(st.permutations([State(n, Validity(*two)) for n, two in enumerate(zip(since, until, strict=True))]))


@given(periods, periods)
def test_two_periods_overlap_where_they_share_a_day(one: Validity, other: Validity) -> None:
    """Overlapping is to have a day in common, and to cover is to have every day of the other."""
    assert one.overlaps(other) == any(day in one and day in other for day in (date.min, *CALENDAR, date.max))
    if one.covers(other):
        assert all(day in one for day in CALENDAR if day in other)


@given(periods, days)
def test_the_nearest_day_is_in_the_period(period: Validity, day: date) -> None:
    """A day of the period is its own nearest one; any other day's is the closest that the period has."""
    near = period.nearest(day)
    assert near in period
    assert (near == day) == (day in period)
    assert not any(abs(other - day) < abs(near - day) for other in CALENDAR if other in period)


@given(histories)
def test_what_overlaps_is_found(history: list[State]) -> None:
    """A history has an overlap exactly where two of its states share a day."""
    pairs = [(one, other) for one in history for other in history if one.name < other.name]
    assert bool(overlapping(history)) == any(one.valid.overlaps(other.valid) for one, other in pairs)


@given(histories, days)
def test_on_a_day_one_thing_holds_or_nothing(history: list[State], day: date) -> None:
    """Without an overlap, no day has two states, and asking for a day gives the one that it has."""
    holding = [state for state in history if day in state.valid]
    if not overlapping(history):
        assert len(holding) <= 1
        assert valid_on(day, history) == (holding[0] if holding else None)


@given(unbroken(), days)
def test_an_unbroken_history_has_one_state_for_each_of_its_days(history: list[State], day: date) -> None:
    """Where each state begins on the day after the one before, every day from the first to the last has one, whatever the order."""
    assert overlapping(history) == after_a_gap(history) == []
    assert (valid_on(day, history) is not None) == (day in span(history))


@given(unbroken().filter(lambda history: len(history) > 2))
def test_a_missing_state_leaves_a_gap(history: list[State]) -> None:
    """Taking one out of the middle is noticed."""
    del history[history.index(in_order(history)[1])]
    assert after_a_gap(history) == [in_order(history)[1]]
