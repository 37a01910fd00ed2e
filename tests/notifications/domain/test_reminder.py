"""When reminders are due, across both changes of the clock in 2026 (29 March and 25 October)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.ids import new_id
from services.notifications.domain.mail import Kind
from services.notifications.domain.reminder import COPENHAGEN, Seat, is_due, remind_at, reminder
from tests.notifications.builders import DAY, HOUR, MONDAY

LEAD = timedelta(hours=48)
SECOND = timedelta(seconds=1)


def copenhagen(*when: int) -> datetime:
    """A moment by the clock on the wall."""
    return datetime(*when, tzinfo=COPENHAGEN)  # type: ignore[misc,arg-type] # numbers in the order of the clock


def a_seat(**changes: object) -> Seat:
    """A seat that was given long ago, for a session in three days."""
    return replace(Seat(new_id(), new_id(), new_id(), "sammen-om-boern", MONDAY - 20 * DAY, new_id(), MONDAY + 3 * DAY), **changes)  # type: ignore[arg-type] # a test names its fields


@pytest.mark.parametrize(
    ("session", "moment", "hours"),
    [
        (copenhagen(2026, 11, 10, 10), copenhagen(2026, 11, 8, 10), 48),
        (copenhagen(2026, 3, 30, 10), copenhagen(2026, 3, 28, 10), 47),
        (copenhagen(2026, 10, 26, 10), copenhagen(2026, 10, 24, 10), 49),
        (copenhagen(2026, 3, 31, 2, 30), copenhagen(2026, 3, 29, 3, 30), 47),
        (copenhagen(2026, 10, 27, 2, 30), copenhagen(2026, 10, 25, 2, 30, 0, 0), 49),
    ],
)
def test_the_wall_clock_rules(session: datetime, moment: datetime, hours: int) -> None:
    """A reminder comes 48 hours before by the clock on the wall, which are 47 or 49 hours across a change of the clock."""
    assert remind_at(session.astimezone(UTC), LEAD) == moment.astimezone(UTC)
    assert session.astimezone(UTC) - moment.astimezone(UTC) == hours * HOUR


@given(st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - Hypothesis adds the zone
def test_a_reminder_is_48_hours_give_or_take_one(starts_at: datetime) -> None:
    """No session's reminder is more than an hour off 48 hours."""
    assert abs(starts_at - remind_at(starts_at, LEAD) - LEAD) <= HOUR


def test_a_reminder_is_due_from_its_moment() -> None:
    """A reminder is due from its moment on, and not a second earlier."""
    seat, moment = a_seat(), MONDAY + 1 * DAY
    assert [is_due(seat, moment - SECOND, LEAD), is_due(seat, moment, LEAD)] == [False, True]


def test_a_late_reminder_is_better_than_none() -> None:
    """A reminder that was not sent in time is due until the session begins, and no longer."""
    seat = a_seat()
    assert [is_due(seat, seat.starts_at - SECOND, LEAD), is_due(seat, seat.starts_at, LEAD)] == [True, False]


def test_who_was_just_seated_is_not_reminded() -> None:
    """Who got a seat after the reminder's moment has just been told, and is not reminded on top."""
    seat = a_seat(seated_at=MONDAY + 2 * DAY)
    assert not is_due(seat, MONDAY + 2 * DAY + HOUR, LEAD)


def test_a_session_of_a_signup_has_one_reminder() -> None:
    """Two reminders of the same session and sign-up have the same key, whoever makes them and whenever."""
    seat = a_seat()
    one, two = reminder(new_id(), seat, MONDAY), reminder(new_id(), seat, MONDAY + HOUR)
    assert one.key == two.key
    assert one.kind is Kind.REMINDER
