"""Calendar feeds: made, shown to who made them, revoked, and read by whoever has the token."""

from collections.abc import Collection, Iterable, Sequence
from secrets import token_urlsafe
from typing import TYPE_CHECKING

from services.chassis.ids import new_id
from services.events.domain.calendar import KEPT_FOR, Appointment, Feed, FeedKind, Meeting, appointments, why_not_make
from services.events.domain.refusal import Slug
from services.events.domain.signup import Signup
from services.events.sight import seen_by

if TYPE_CHECKING:
    from services.events.storage import Work

TOKEN_BYTES = 32


def make_feed(kind: FeedKind, institution: str | None, language: str, made_by: str, work: "Work") -> tuple[Feed, str]:
    """A new feed and its token, which is known nowhere afterwards."""
    work.calendars.lock(made_by)
    work.resources.refuse(why_not_make(kind, institution, len(work.calendars.of_maker([made_by]))))
    of_house = institution if kind is FeedKind.INSTITUTION else None
    feed, token = Feed(new_id(), kind, made_by, of_house, language, work.now), token_urlsafe(TOKEN_BYTES)
    work.calendars.add(feed, token)
    return feed, token


def revoke_feed(calendar_id: str, makers: Collection[str], work: "Work") -> None:
    """The feed is gone at once; somebody else's is not found."""
    if calendar_id not in {feed.calendar_id for feed in work.calendars.of_maker(makers)}:
        work.resources.missing(Slug.CALENDAR_NOT_FOUND)
    work.calendars.remove(calendar_id)


def read_feed(token: str, work: "Work") -> tuple[Feed, Sequence[Appointment]]:
    """The feed with this token, and what stands in it today."""
    feed = work.calendars.of_token(token) or work.resources.missing(Slug.CALENDAR_NOT_FOUND)
    since = work.now - KEPT_FOR
    his = None if feed.kind is FeedKind.INSTITUTION else _signups_of(feed.made_by, work)
    led = [] if his is None else work.calendars.led_by(work.aliases.around([feed.made_by]), since)
    if his is None:
        meetings = work.calendars.meetings_in(feed.institution or "", since)
    else:
        meetings = _in_order([*work.calendars.meetings_of({signup.activity_id for signup in his}, since), *led])
    told = work.last_told("events.activity", {meeting.activity_id for meeting in meetings})
    told_of_signups = work.last_told("events.signup", [signup.signup_id for signup in his or ()])
    return feed, list(appointments(meetings, his, told, told_of_signups, {meeting.session_id for meeting in led}))


def _in_order(meetings: Iterable[Meeting]) -> Sequence[Meeting]:
    """Each once: who leads a session may be signed up to it too."""
    return sorted({meeting.session_id: meeting for meeting in meetings}.values(), key=lambda one: (one.starts_at, one.session_id))


def _signups_of(reader: str, work: "Work") -> Sequence[Signup]:
    """The sign-ups of which he may know today: his own, and his children's as far as he sees them at the door."""
    own = work.aliases.around([reader])
    himself = own[reader]
    children = {one.child_id for one in work.known_today(own).enrolments if himself in one.guardian_ids}
    people = work.aliases.around([*own, *children])
    return seen_by(own, work.signups.known_to(people, own, work.now - KEPT_FOR), work)
