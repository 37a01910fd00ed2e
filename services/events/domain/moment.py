"""Moments that are told relative to the first session: so many days before it, at a time of the clock in Denmark.

They move with the session, and mean the same time of the clock on either side of a switch to or from summer time. A time that
the clocks jump over is the one an hour later; of one that comes twice the first is meant.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from services.events.domain.session import LOCAL


@dataclass(frozen=True)
class Moment:
    """`days_before` the day of the first session, at `at` (HH:MM, local time)."""

    days_before: int
    at: str

    def before(self, first: datetime) -> datetime:
        """The moment, in UTC, for a first session that starts then."""
        day = first.astimezone(LOCAL).date() - timedelta(days=self.days_before)
        return datetime.combine(day, time.fromisoformat(self.at), LOCAL).astimezone(UTC)
