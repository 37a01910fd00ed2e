"""Calendar feeds (kalenderabonnement): what somebody comes to, or what an institution holds, as a calendar that keeps itself up to date.

Whoever has a feed's token reads it: calendar programs send nothing else. So a feed holds titles, times and places of activities
and how its reader stands to them, and nobody's name or id; what he may not know today is not in it today.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.events.domain.refusal import Refusal, Slug
from services.events.domain.signup import Signup, SignupStatus

MOST_FEEDS = 10
"""How many feeds somebody may have at a time."""

KEPT_FOR = timedelta(days=90)
"""So long after its end a session stays in the feed."""


class FeedKind(StrEnum):
    """Whose calendar it is."""

    FAMILY = "family"
    PROFESSIONAL = "professional"
    INSTITUTION = "institution"


class Standing(StrEnum):
    """How the reader stands to a session; `held` says that it is held, whoever comes, `leads` that he is booked to lead it."""

    HELD = "held"
    LEADS = "leads"
    SEATED = "seated"
    WAITING = "waiting"
    CANCELLED = "cancelled"
    CALLED_OFF = "called-off"


@dataclass(frozen=True)
class Feed:
    """A feed. `made_by` is who made it, and who can revoke it; a family's or a professional's is his own, with his id."""

    calendar_id: str
    kind: FeedKind
    made_by: str
    institution: str | None
    language: str
    made_at: datetime


@dataclass(frozen=True)
class Meeting:
    """A session with what a calendar shows of its activity."""

    session_id: str
    activity_id: str
    title: Mapping[str, str]
    called_off: bool
    starts_at: datetime
    ends_at: datetime
    place: str


@dataclass(frozen=True)
class Appointment:
    """A session in a feed; `revision` rises with every change of the activity, and of the reader's sign-ups to it."""

    meeting: Meeting
    standing: Standing
    revision: int


def why_not_make(kind: FeedKind, institution: str | None, feeds: int) -> Iterator[Refusal]:
    """Every reason why somebody who has so many feeds cannot have this one too."""
    if kind is FeedKind.INSTITUTION and institution is None:
        yield Refusal(Slug.INSTITUTION_NOT_KNOWN, "/institution")
    if feeds >= MOST_FEEDS:
        yield Refusal(Slug.TOO_MANY_CALENDARS, "", {"most": MOST_FEEDS})


def appointments(
    meetings: Sequence[Meeting],
    signups: Sequence[Signup] | None,
    told: Mapping[str, int],
    told_of_signups: Mapping[str, int],
    led: Collection[str] = (),
) -> Iterator[Appointment]:
    """The sessions as their reader has them; `signups` are his, None where he reads what is held, and `led` the sessions that he leads.

    The counts are of facts told.
    """
    for meeting in meetings:
        his = [signup for signup in signups or () if signup.activity_id == meeting.activity_id]
        revision = told.get(meeting.activity_id, 0) + sum(told_of_signups.get(signup.signup_id, 0) for signup in his)
        standing = _standing(meeting, None if signups is None else his)
        yield Appointment(meeting, _leading(standing) if meeting.session_id in led else standing, revision)


def _leading(standing: Standing) -> Standing:
    """Who leads a session is there, whatever became of a sign-up of his; one that is called off is called off for him too."""
    return standing if standing is Standing.CALLED_OFF else Standing.LEADS


def _standing(meeting: Meeting, his: Sequence[Signup] | None) -> Standing:
    """Who signed up again after he cancelled, comes."""
    if meeting.called_off:
        return Standing.CALLED_OFF
    if his is None:
        return Standing.HELD
    statuses = {signup.status for signup in his}
    if SignupStatus.SEATED in statuses:
        return Standing.SEATED
    return Standing.WAITING if SignupStatus.WAITING in statuses else Standing.CANCELLED
