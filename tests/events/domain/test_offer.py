"""The clock of an offer: it goes by day, on days that are not closing days, and whoever set the clocks forward or back."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.events.domain.offer import CLOSES, OPENS, PATIENCE, SUNDAY, answer_by, latest_end, make
from services.events.resources import load
from tests.events.builders import NOW

CLOSED = load().closing_days
LOCAL = ZoneInfo("Europe/Copenhagen")
MOMENTS = st.timedeltas(timedelta(), timedelta(days=730)).map(lambda later: datetime(2026, 1, 1, tzinfo=UTC) + later)
HOURS = st.integers(1, 130)


def local(*parts: int) -> datetime:
    """A moment by the clock in Denmark."""
    return datetime(*parts, tzinfo=LOCAL)  # type: ignore[arg-type, misc]  # the parts of a date


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        (local(2026, 11, 2, 10), 3, local(2026, 11, 2, 13)),
        (local(2026, 11, 2, 20), 3, local(2026, 11, 3, 10)),
        (local(2026, 11, 2, 23), 1, local(2026, 11, 3, 9)),
        (local(2026, 11, 3, 3), 13, local(2026, 11, 3, 21)),
        (local(2026, 11, 7, 20), 2, local(2026, 11, 9, 9)),
        (local(2026, 4, 1, 12), 13, local(2026, 4, 4, 12)),
        (local(2026, 12, 23, 20), 2, local(2026, 12, 28, 9)),
    ],
    ids=["by day", "over night", "in the night", "before morning", "over Sunday", "over Maundy Thursday and Good Friday", "over Christmas"],
)
def test_when_an_offer_ends(start: datetime, hours: int, end: datetime) -> None:
    """The hours are counted from 8 to 21 on days that are not closing days."""
    assert answer_by(start, hours, CLOSED) == end


@pytest.mark.parametrize("night", [date(2026, 3, 28), date(2026, 10, 24)], ids=["to summer time", "to winter time"])
def test_the_change_of_the_clocks(night: date) -> None:
    """Over a night in which the clocks are changed an offer ends at the same time by the clock on the wall."""
    start = datetime.combine(night, time(20), LOCAL)
    assert answer_by(start, 3, CLOSED).astimezone(LOCAL) == datetime.combine(night + timedelta(days=2), time(10), LOCAL)


@given(MOMENTS, HOURS)
def test_no_offer_ends_at_night_or_on_a_closing_day(start: datetime, hours: int) -> None:
    """However it falls, an offer ends by day on a day that is none of the closing days, and never before its hours are over."""
    end = answer_by(start, hours, CLOSED)
    shown = end.astimezone(LOCAL)
    assert OPENS < shown.time() <= CLOSES
    assert shown.date() not in CLOSED
    assert shown.weekday() != SUNDAY
    assert end - start >= timedelta(hours=hours)


@given(MOMENTS, st.timedeltas(timedelta(), timedelta(days=9)), HOURS)
def test_a_later_start_is_never_an_earlier_end(start: datetime, later: timedelta, hours: int) -> None:
    """Who is told later has no less time."""
    assert answer_by(start, hours, CLOSED) <= answer_by(start + later, hours, CLOSED)


@given(MOMENTS, st.timedeltas(timedelta(hours=-1), timedelta(days=2)), HOURS)
def test_proof_makes_it_only_later(now: datetime, delay: timedelta, hours: int) -> None:
    """Whenever the letter left: there is at least the time that was shown, and at most that of the latest start."""
    offer = make("signup", "activity", now, hours, CLOSED)
    proven = offer.told(now + delay, hours, CLOSED)
    assert offer.answer_by <= proven.answer_by == proven.expires_at <= offer.expires_at == latest_end(now, hours, CLOSED)
    assert proven.told(now + timedelta(days=3), hours, CLOSED) is proven


def test_the_clock_starts_within_hours() -> None:
    """Without any proof the clock starts some hours after the offer."""
    offer = make("signup", "activity", NOW, 3, CLOSED)
    assert offer.expires_at == answer_by(NOW + PATIENCE, 3, CLOSED)


def test_staff_have_the_whole_time() -> None:
    """Where the letter could not be sent, the clock begins anew, for those who ring instead."""
    offer = make("signup", "activity", NOW, 3, CLOSED).begun_anew(NOW + timedelta(hours=2), 3, CLOSED)
    assert offer.answer_by == offer.expires_at == NOW + timedelta(hours=5)
