"""One meeting of an activity (mødegang): when and where."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Europe/Copenhagen")


@dataclass(frozen=True)
class Session:
    """Times are aware and kept in UTC; a session ends after it starts."""

    session_id: str
    starts_at: datetime
    ends_at: datetime
    place: str

    @property
    def held_on(self) -> date:
        """The day on which it starts, as people in Denmark count days."""
        return self.starts_at.astimezone(LOCAL).date()

    def overlaps(self, other: "Session") -> bool:
        """Whether there is a moment at which both meet; one may begin when the other ends."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


def moved_by(moment: datetime, *, days: int = 0, minutes: int = 0) -> datetime:
    """The moment so much later (or earlier) by the clock on the wall in Denmark, in UTC.

    Half past four stays half past four when the clocks were changed in between. An hour that the change to summer time skips is
    read as if it had not been changed.
    """
    local = moment.astimezone(LOCAL).replace(tzinfo=None) + timedelta(days=days, minutes=minutes)
    return local.replace(tzinfo=LOCAL).astimezone(UTC)
