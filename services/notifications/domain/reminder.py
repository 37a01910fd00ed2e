"""When a session's reminder (påmindelse) is due."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

COPENHAGEN = ZoneInfo("Europe/Copenhagen")


def remind_at(starts_at: datetime, lead: timedelta) -> datetime:
    """The moment of the reminder, in UTC: `lead` before the session by the clock on the wall in Copenhagen.

    A session on Monday at 10 is reminded of on Saturday at 10 with a lead of 48 hours, also when the clock was changed
    on the Sunday between. An hour that the change to summer time skips is read as if it had not been changed (02.30
    becomes 03.30); of an hour that comes twice, the first is taken.
    """
    local = starts_at.astimezone(COPENHAGEN).replace(tzinfo=None, fold=0)
    return (local - lead).replace(tzinfo=COPENHAGEN).astimezone(UTC)


def is_due(starts_at: datetime, seated_at: datetime, now: datetime, lead: timedelta) -> bool:
    """Whether to remind now: the moment has come, the session has not begun, and the seat was not given later than that.

    Who gets a seat after the moment has passed was told about the session just then, and is not reminded on top.
    """
    due_at = remind_at(starts_at, lead)
    return seated_at < due_at <= now < starts_at
