"""How one session becomes a course: every week on certain days, but not on closing days (lukkedage); and how a course is held anew."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import count, islice, takewhile

from services.events.domain.session import Session, moved_by

LONGEST = timedelta(days=3 * 366)
"""No course goes on for longer, however few of its days are open."""


@dataclass(frozen=True)
class ClosingDays:
    """Days of every year on which nothing meets: by month and day (`01-01`), and so many days after Easter Sunday."""

    fixed: Collection[str] = ()
    easter: Collection[int] = ()

    def __contains__(self, day: date) -> bool:
        return f"{day:%m-%d}" in self.fixed or (day - easter_sunday(day.year)).days in self.easter


@dataclass(frozen=True)
class Repeat:
    """Sessions like the first one, at the same time of day: every so many weeks on these weekdays (0 is Monday).

    They end after so many `times`, or with the day `until`, whichever comes first. Days in `without` are left out, and
    closing days unless `also_closed`.
    """

    first: Session
    weekdays: Collection[int]
    every: int = 1
    times: int | None = None
    until: date | None = None
    without: Collection[date] = ()
    also_closed: bool = False


def repeated(rule: Repeat, closed: ClosingDays, new_id: Callable[[], str], most: int) -> Sequence[Session]:
    """The sessions of the rule, at most so many; the first one only if its own day is one of them."""
    days = (day for day in _days(rule) if day not in rule.without and (rule.also_closed or day not in closed))
    return [_on(day, rule.first, new_id()) for day in islice(days, min(rule.times or most, most))]


def held_anew(sessions: Sequence[Session], starts_on: date, new_id: Callable[[], str]) -> Sequence[Session]:
    """The same sessions with the first one on another day, and the others as far from it as they were."""
    days = (starts_on - min(session.held_on for session in sessions)).days
    return [_on(session.held_on + timedelta(days=days), session, new_id()) for session in sessions]


@cache
def easter_sunday(year: int) -> date:
    """By the rule of the Gregorian calendar, as Meeus, Jones and Butcher compute it."""
    century, in_century = divmod(year, 100)
    moon = (19 * (year % 19) + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (in_century // 4) - moon - in_century % 4) % 7
    late = (year % 19 + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def _days(rule: Repeat) -> Iterator[date]:
    first = rule.first.held_on
    monday = first - timedelta(days=first.weekday())
    last = min(rule.until or date.max, first + LONGEST)
    weeks = (monday + timedelta(weeks=rule.every * number) for number in count())
    days = (week + timedelta(days=weekday) for week in weeks for weekday in sorted(set(rule.weekdays)))
    return (day for day in takewhile(lambda day: day <= last, days) if day >= first)


def _on(day: date, session: Session, session_id: str) -> Session:
    starts_at = moved_by(session.starts_at, days=(day - session.held_on).days)
    return Session(session_id, starts_at, starts_at + (session.ends_at - session.starts_at), session.place)
