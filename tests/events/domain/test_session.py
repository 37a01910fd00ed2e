"""When a session is held, as people in Denmark count days."""

from datetime import UTC, date, datetime

import pytest

from tests.events.builders import a_session


@pytest.mark.parametrize(
    ("starts_at", "day"),
    [
        (datetime(2026, 3, 28, 22, 59, tzinfo=UTC), date(2026, 3, 28)),
        (datetime(2026, 3, 28, 23, 0, tzinfo=UTC), date(2026, 3, 29)),
        (datetime(2026, 3, 29, 21, 59, tzinfo=UTC), date(2026, 3, 29)),
        (datetime(2026, 3, 29, 22, 0, tzinfo=UTC), date(2026, 3, 30)),
    ],
)
def test_day_changes_at_local_midnight(starts_at: datetime, day: date) -> None:
    """A session belongs to the day that it starts on in Denmark, on both sides of the switch to summer time."""
    assert a_session(starts_at).held_on == day
