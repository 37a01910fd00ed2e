"""A feed as an iCalendar file (RFC 5545), for whatever calendar program subscribes to it.

A session's UID never changes; its SEQUENCE is the number of facts told of it, so it rises with each change. Times are local with
their VTIMEZONE, whose rules hold in the whole EU since 1996: a session at half past four stays at half past four across a switch.
Local times of the hour that comes twice in autumn mean its first time round (RFC 5545, 3.3.5): a session that begins or ends the second
time is told in UTC.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from hashlib import sha256
from typing import TypeVar

from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vDuration, vRecur

from services.events.documents import words
from services.events.domain.calendar import Appointment, Feed, FeedKind, Standing
from services.events.domain.session import LOCAL

H = TypeVar("H", TimezoneDaylight, TimezoneStandard)

REFRESH_EVERY = timedelta(minutes=30)

_STATUS = {
    Standing.HELD: "CONFIRMED",
    Standing.LEADS: "CONFIRMED",
    Standing.SEATED: "CONFIRMED",
    Standing.WAITING: "TENTATIVE",
    Standing.CANCELLED: "CANCELLED",
    Standing.CALLED_OFF: "CANCELLED",
}
_WINTER, _SUMMER = timedelta(hours=1), timedelta(hours=2)


def calendar_file(feed: Feed, appointments: Iterable[Appointment], now: datetime) -> bytes:
    """The whole feed; DTSTAMP says when this copy was made."""
    calendar = _empty(feed)
    for appointment in appointments:
        calendar.add_component(_entry(appointment, feed, now))
    written: bytes = calendar.to_ical()
    return written


def etag(feed: Feed, appointments: Iterable[Appointment]) -> str:
    """The same for the same content, whenever it is asked for: weak, because two copies differ in DTSTAMP."""
    content = [(repr(one.meeting), one.standing.value, one.revision) for one in appointments]
    return f'W/"{sha256(repr((feed, content)).encode()).hexdigest()[:32]}"'


def _empty(feed: Feed) -> Calendar:
    calendar, name = Calendar(), words(feed.language)["calendar"][feed.kind.value]
    for field, value in {"prodid": "-//Deltag//events//DA", "version": "2.0", "calscale": "GREGORIAN", "method": "PUBLISH"}.items():
        calendar.add(field, value)
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", vDuration(REFRESH_EVERY), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(REFRESH_EVERY))
    calendar.add_component(_copenhagen())
    return calendar


def _entry(appointment: Appointment, feed: Feed, now: datetime) -> Event:
    meeting, entry = appointment.meeting, Event()
    entry.add("uid", f"{meeting.session_id}@deltag")
    entry.add("dtstamp", now.astimezone(UTC))
    zone = _told_in(meeting.starts_at, meeting.ends_at)
    entry.add("dtstart", meeting.starts_at.astimezone(zone))
    entry.add("dtend", meeting.ends_at.astimezone(zone))
    entry.add("summary", meeting.title[feed.language])
    entry.add("location", meeting.place)
    entry.add("description", words(feed.language)["calendar"][appointment.standing.value])
    entry.add("status", _STATUS[appointment.standing])
    entry.add("sequence", appointment.revision)
    entry.add("class", "PUBLIC" if feed.kind is FeedKind.INSTITUTION else "PRIVATE")
    entry.add("transp", "OPAQUE" if appointment.standing in {Standing.SEATED, Standing.LEADS} else "TRANSPARENT")
    return entry


def _told_in(*moments: datetime) -> tzinfo:
    """The zone in which each of these moments can be told."""
    return UTC if any(moment.astimezone(LOCAL).fold for moment in moments) else LOCAL


@cache
def _copenhagen() -> Timezone:
    """By rule, not as a list of dates: it holds for every year, and programs that know no other form read it."""
    zone = Timezone()
    zone.add("tzid", LOCAL.key)
    zone.add_component(_half(TimezoneDaylight(), datetime(1996, 3, 31, 2), _WINTER, _SUMMER, "CEST"))  # noqa: DTZ001 - RFC 5545 wants local
    zone.add_component(_half(TimezoneStandard(), datetime(1996, 10, 27, 3), _SUMMER, _WINTER, "CET"))  # noqa: DTZ001 - the same
    return zone


def _half(half: H, starts: datetime, before: timedelta, after: timedelta, name: str) -> H:
    """Half of the year, from the last Sunday of its month on; `starts` by the clock that held before."""
    half.add("dtstart", starts)
    half.add("rrule", vRecur(freq="YEARLY", bymonth=starts.month, byday="-1SU"))
    half.add("tzoffsetfrom", before)
    half.add("tzoffsetto", after)
    half.add("tzname", name)
    return half
