"""What is left of an activity."""

from services.notifications.domain.activity import Activity
from tests.notifications.builders import DAY, HOUR, MONDAY, a_session, an_activity

PAST, AHEAD = a_session(starts_at=MONDAY - DAY), a_session()


def a_course() -> Activity:
    """One session was yesterday, one is next week."""
    return an_activity(PAST, AHEAD)


def test_sessions_that_are_over_do_not_remain() -> None:
    """Only the sessions that have not ended remain."""
    assert a_course().remaining(MONDAY) == (AHEAD,)


def test_a_session_that_runs_remains() -> None:
    """A session that has begun and not ended remains."""
    assert a_course().remaining(AHEAD.starts_at + HOUR) == (AHEAD,)


def test_a_session_is_found_by_its_id() -> None:
    """A session is found by its id, and one that is gone is not."""
    assert a_course().session(PAST.session_id) == PAST
    assert a_course().session("gone") is None
