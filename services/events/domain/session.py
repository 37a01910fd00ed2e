"""One meeting of an activity (mødegang): when and where."""

from dataclasses import dataclass
from datetime import date, datetime
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
