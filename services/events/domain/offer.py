"""An offer of seats (tilbud om plads): how long a party may take to answer.

The clock of an offer goes only while people can be expected to answer: from 8 in the morning until 9 at night in Denmark,
and not on Sundays and closing days, which the caller knows. At night and on those days it stands still.
So no offer ends inside them, a family always has the whole of its time, and no change of the clocks touches it: they are
changed at night.

The clock starts when it is proven that the family was told, and at the latest `PATIENCE` after the offer. Until that is
known, what is shown is when it would end had it started at once; proof can only make that later.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count

from services.events.domain.series import ClosingDays
from services.events.domain.session import LOCAL

PATIENCE = timedelta(hours=6)
"""How long after an offer its clock starts at the latest."""
MOST_OFFERS = 2
"""How often seats are offered to a party that lets offers expire, where it may queue again."""
OPENS, CLOSES = time(8), time(21)
SUNDAY = 6


@dataclass(frozen=True)
class OfferRule:
    """Freed seats are offered: `answer_hours` on the clock above to answer; who does not goes to the end of the line, or leaves it."""

    answer_hours: int
    queue_again: bool = False


UNLESS_SAID = OfferRule(answer_hours=26)
"""How long one may take where the activity has no rule of its own: two days on the clock."""


@dataclass(frozen=True)
class Offer:
    """An open offer: `answer_by` is what the party is told, and never later than `expires_at`, when it ends. Times are UTC."""

    signup_id: str
    activity_id: str
    offered_at: datetime
    answer_by: datetime
    expires_at: datetime
    told_at: datetime | None = None

    def told(self, at: datetime, hours: int, closed: ClosingDays) -> "Offer":
        """The same when it is proven that the party was told then; the first proof counts, and no start later than the latest."""
        if self.told_at:
            return self
        end = answer_by(min(max(at, self.offered_at), self.offered_at + PATIENCE), hours, closed)
        return replace(self, answer_by=end, expires_at=end, told_at=at)

    def begun_anew(self, now: datetime, hours: int, closed: ClosingDays) -> "Offer":
        """The same when the party could not be told and staff have the whole time to reach it."""
        end = answer_by(now, hours, closed)
        return replace(self, answer_by=end, expires_at=end, told_at=now)


def make(signup_id: str, activity_id: str, now: datetime, hours: int, closed: ClosingDays) -> Offer:
    """An offer that is made now."""
    return Offer(signup_id, activity_id, now, answer_by(now, hours, closed), latest_end(now, hours, closed))


def latest_end(now: datetime, hours: int, closed: ClosingDays) -> datetime:
    """When an offer that is made now ends at the latest."""
    return answer_by(now + PATIENCE, hours, closed)


def answer_by(start: datetime, hours: int, closed: ClosingDays) -> datetime:
    """When so many hours have passed on the clock that starts then; in UTC."""
    left = timedelta(hours=hours)
    for opens, closes in _open_times(start, closed):
        begins = max(start, opens)
        if left <= closes - begins:
            return (begins + left).astimezone(UTC)
        left -= max(closes - begins, timedelta())
    raise AssertionError("there are always more days")


def _open_times(start: datetime, closed: ClosingDays) -> Iterator[tuple[datetime, datetime]]:
    """From when until when the clock goes, day by day from the one on which it starts."""
    for day in _days(start.astimezone(LOCAL).date()):
        if day.weekday() != SUNDAY and day not in closed:
            yield _moment(day, OPENS), _moment(day, CLOSES)


def _days(first: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in count())


def _moment(day: date, at: time) -> datetime:
    return datetime.combine(day, at, LOCAL).astimezone(UTC)
