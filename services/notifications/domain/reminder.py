"""When a session's reminder (påmindelse) is due."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from services.notifications.domain.mail import Kind, Mail

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
CLOCK_CHANGE = timedelta(hours=1)
"""How much earlier or later a moment can be by the clock on the wall than by the hours that pass."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A session ahead that somebody has a seat for. Times are aware."""

    signup_id: str
    contact_id: str
    activity_id: str
    programme: str
    seated_at: datetime
    session_id: str
    starts_at: datetime


def remind_at(starts_at: datetime, lead: timedelta) -> datetime:
    """The moment of the reminder, in UTC: `lead` before the session by the clock on the wall in Copenhagen.

    A session on Monday at 10 is reminded of on Saturday at 10 with a lead of 48 hours, also when the clock was changed
    on the Sunday between. An hour that the change to summer time skips is read as if it had not been changed (02.30
    becomes 03.30); of an hour that comes twice, the first is taken.
    """
    local = starts_at.astimezone(COPENHAGEN).replace(tzinfo=None, fold=0)
    return (local - lead).replace(tzinfo=COPENHAGEN).astimezone(UTC)


def is_due(seat: Seat, now: datetime, lead: timedelta) -> bool:
    """Whether to remind now: the moment has come, the session has not begun, and the seat was not given later than that.

    Who gets a seat after the moment has passed was told about the session just then, and is not reminded on top.
    """
    due_at = remind_at(seat.starts_at, lead)
    return seat.seated_at < due_at <= now < seat.starts_at


def reminder(mail_id: str, seat: Seat, now: datetime) -> Mail:
    """The mail that reminds; its key makes it the only one for that session and sign-up."""
    return Mail(
        mail_id=mail_id,
        key=f"reminder/{seat.signup_id}/{seat.session_id}",
        kind=Kind.REMINDER,
        person_id=seat.contact_id,
        activity_id=seat.activity_id,
        signup_id=seat.signup_id,
        programme=seat.programme,
        queued_at=now,
        due_at=now,
        session_id=seat.session_id,
    )
