"""What people attend: an activity (arrangement, forløb) with its sessions, and how many of its seats are taken."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from hashlib import sha256
from itertools import pairwise

from services.events.domain.line import STRICT, LineRule
from services.events.domain.need import NOTHING, Asking
from services.events.domain.quota import Claim, Quota, Room
from services.events.domain.refusal import Refusal, Slug
from services.events.domain.rule import EVERYBODY, Rule
from services.events.domain.session import Session
from services.events.domain.windows import UNTIL_IT_STARTS, Windows, why_not_windows


class Overbooked(ValueError):
    """More seats would be taken than there are: a fault of ours that must never reach the database."""


class ActivityStatus(StrEnum):
    """A draft (kladde) is nobody's but its organisers'; published it is open, until it is called off (aflyst) or done (afholdt)."""

    DRAFT = "draft"
    OPEN = "open"
    CALLED_OFF = "called-off"
    DONE = "done"


class Audience(StrEnum):
    """Whom a kind of activity is for."""

    FAMILIES = "families"
    PROFESSIONALS = "professionals"


@dataclass(frozen=True)
class Kind:
    """A kind of activity, such as a workshop or a learning lab (læringslaboratorium). Kinds are data: `kinds.toml`.

    `ways` are the codes of the ways in which it may be held (in-person, online, at-home), the usual one first.
    """

    code: str
    audience: Audience
    ways: Sequence[str]


@dataclass(frozen=True)
class Programme:
    """A programme (indsats), as far as activities need to know it."""

    code: str
    districts: frozenset[str]
    tracks: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Placement:
    """In which district an institution lies, both days included; no `start`: since ever, no `end`: until further notice."""

    district: str
    start: date | None = None
    end: date | None = None

    def __contains__(self, day: date) -> bool:
        return (self.start or date.min) <= day <= (self.end or date.max)


@dataclass(frozen=True)
class Institution:
    """A daycare house or another place of a programme, as far as activities need to know it: `placements` where it lies when."""

    institution_id: str
    code: str
    programme: str
    district: str | None
    placements: Sequence[Placement] = ()

    def is_open_on(self, day: date) -> bool:
        """Whether it lies anywhere that day."""
        return not self.placements or any(day in placement for placement in self.placements)

    def district_on(self, day: date) -> str | None:
        """The district in which it lies that day; None where it is not known."""
        return next((placement.district for placement in self.placements if day in placement), self.district)


@dataclass
class Activity:
    """An activity and its seats: whom it is for, when one may sign up, which quotas its seats have, and what one may need is asked.

    `taken` counts the seats of the parties that have a seat, `waiting` the parties in the line, and `last_number` is
    the highest number drawn so far: who signs up draws the next one. `line` is the rule by which parties wait. `sessions` are those
    that take place: who came to `completes_with` of them has completed (None: nobody does), and until the one of number
    `join_until` begins one may still sign up. `version` counts what organisers changed, so that two of them do not overwrite
    each other; `told` says whether any fact was ever published of it. `opened_by` is the system that opened it (None: people did).
    """

    activity_id: str
    programme: str
    kind: str
    title: Mapping[str, str]
    district: str
    institution_id: str | None
    institution: str | None
    capacity: int
    sessions: Sequence[Session]
    rule: Rule = EVERYBODY
    windows: Windows = UNTIL_IT_STARTS
    quotas: Sequence[Quota] = ()
    status: ActivityStatus = ActivityStatus.OPEN
    taken: int = 0
    waiting: int = 0
    last_number: int = 0
    way: str = "in-person"
    description: Mapping[str, str] | None = None
    completes_with: int | None = None
    join_until: int = 1
    called_off_sessions: Sequence[Session] = ()
    version: int = 1
    told: bool = True
    line: LineRule = STRICT
    drawn_at: datetime | None = None
    needs: Asking = NOTHING
    opened_by: str | None = None

    @property
    def free(self) -> int:
        """Seats that nobody has."""
        return self.capacity - self.taken

    @property
    def room(self) -> Room:
        """Its seats, with those of its quotas."""
        return Room(self.capacity, self.taken, self.quotas)

    @property
    def asks_for_attendance(self) -> bool:
        """Whether who came to what decides who may come, in which quota he counts, or where he stands in the line."""
        rules = [self.rule, *(quota.who for quota in self.quotas), *(stage.who for stage in self.windows.stages)]
        return self.line.asks_reach or any(rule.asks_for_attendance for rule in rules)

    @property
    def is_called_off(self) -> bool:
        return self.status is ActivityStatus.CALLED_OFF

    @property
    def is_draft(self) -> bool:
        return self.status is ActivityStatus.DRAFT

    @property
    def starts_at(self) -> datetime:
        """The start of the first session."""
        return min(session.starts_at for session in self.sessions)

    @property
    def held_from(self) -> date:
        """The day of the first session."""
        return min(session.held_on for session in self.sessions)

    @property
    def ends_at(self) -> datetime:
        """The end of the last session."""
        return max(session.ends_at for session in self.sessions)

    @property
    def joins_until(self) -> datetime:
        """The start of the last session with which one may begin; of the last of all, where there are fewer."""
        starts = sorted(session.starts_at for session in self.sessions)
        return starts[min(self.join_until, len(starts)) - 1]

    @property
    def is_gathering(self) -> bool:
        """Whether chance is still to decide in which order seats are given: until then nobody gets any."""
        return self.line.draw is not None and self.drawn_at is None

    def takes_signups(self, now: datetime) -> bool:
        """Sign-up, and with it the waiting list, closes when the last session starts with which one may begin."""
        return self.status is ActivityStatus.OPEN and now < self.joins_until

    def is_over(self, now: datetime) -> bool:
        """Whether the last session has ended."""
        return self.ends_at <= now

    def session(self, session_id: str) -> Session:
        """One of its sessions; raises `StopIteration` when it is another activity's."""
        return next(session for session in self.sessions if session.session_id == session_id)

    def opening(self) -> str:
        """A digest of what was asked for at the opening, the same for the same content however the times are written."""
        sessions = sorted((s.starts_at.astimezone(UTC).isoformat(), s.ends_at.astimezone(UTC).isoformat(), s.place) for s in self.sessions)
        content = [self.programme, self.kind, dict(self.title), self.district, self.institution, self.capacity, sessions]
        rule = [] if self.line == STRICT else [asdict(self.line)]
        return sha256(json.dumps([*content, *rule, *self._terms()], sort_keys=True, default=str).encode()).hexdigest()

    def _terms(self) -> list[object]:
        """Nothing where the activity has none: it had none before there were any."""
        has_none = (self.rule, self.windows, len(self.quotas)) == (EVERYBODY, UNTIL_IT_STARTS, 0)
        needs: list[object] = [] if self.needs == NOTHING else [asdict(self.needs)]
        return needs if has_none else [asdict(self.rule), asdict(self.windows), *map(asdict, self.quotas), *needs]

    def draw_number(self) -> int:
        """The next number in the order of arrival."""
        self.last_number += 1
        return self.last_number

    def fits(self, claim: Claim) -> bool:
        """Whether all of it finds a seat now, in every quota too."""
        return self.room.fits(claim)

    def take(self, claim: Claim) -> None:
        """Give it its seats; raises `Overbooked` rather than give what is not there."""
        if not self.fits(claim):
            raise Overbooked(f"{claim.seats} seats asked of {self.free} free ones")
        self._becomes(self.room.after(claim))

    def give_back(self, claim: Claim) -> None:
        """Its seats are free again."""
        self._becomes(self.room.after(claim, -1))

    def exchange(self, held: Claim, claim: Claim) -> None:
        """Give it seats that are taken already by another claim, which covers it: there is room for it whatever is short since."""
        self._becomes(self.room.after(held, -1).after(claim))

    def release(self, now: datetime) -> bool:
        """Open the seats that are kept for others to all, where their time has come; whether that changed anything."""
        due = {q.code for q in self.quotas if q.reserved_until and not q.released and q.reserved_until.before(self.starts_at) <= now}
        self.quotas = [replace(quota, released=quota.released or quota.code in due) for quota in self.quotas]
        return bool(due)

    def _becomes(self, room: Room) -> None:
        self.taken, self.quotas = room.taken, room.quotas


def why_not_open(
    asked: Activity,
    *,
    kinds: Mapping[str, Kind],
    programme: Programme | None,
    institution: Institution | None,
    now: datetime,
) -> Iterator[Refusal]:
    """Every reason why an activity cannot be opened as asked."""
    if asked.kind not in kinds:
        yield Refusal(Slug.KIND_NOT_KNOWN, "/kind", {"known": ", ".join(sorted(kinds))})
    elif asked.way not in (ways := kinds[asked.kind].ways):
        yield Refusal(Slug.WAY_NOT_OF_KIND, "/way", {"known": ", ".join(ways)})
    yield from wrong_place(asked, programme, institution)
    yield from _wrong_times(asked.sessions, now)
    yield from wrong_course(asked)
    yield from why_not_windows(asked.windows, asked.starts_at)
    if asked.line.draw and not now < asked.line.draw.closes_at < asked.starts_at:
        yield Refusal(Slug.DRAW_AT_WRONG_TIME, "/line/draw/closes_at")


def wrong_place(asked: Activity, programme: Programme | None, institution: Institution | None) -> Iterator[Refusal]:
    """Every reason why it cannot be held where it is to be held."""
    if programme is None:
        yield Refusal(Slug.PROGRAMME_NOT_KNOWN, "/programme")
    elif asked.district not in programme.districts:
        yield Refusal(Slug.DISTRICT_NOT_KNOWN, "/district", {"known": ", ".join(sorted(programme.districts))})
    if asked.institution and institution is None:
        yield Refusal(Slug.INSTITUTION_NOT_KNOWN, "/institution")
    if institution:
        yield from _wrong_house(asked, institution)


def _wrong_house(asked: Activity, institution: Institution) -> Iterator[Refusal]:
    """On the day of the first session: a house may move, or close."""
    day = asked.held_from
    district = institution.district_on(day)
    if not institution.is_open_on(day):
        yield Refusal(Slug.INSTITUTION_NOT_OPEN, "/institution", {"day": day})
    elif district not in {None, asked.district}:
        yield Refusal(Slug.INSTITUTION_ELSEWHERE, "/institution", {"district": district})


def _wrong_times(sessions: Sequence[Session], now: datetime) -> Iterator[Refusal]:
    for index, session in enumerate(sessions):
        if session.ends_at <= session.starts_at:
            yield Refusal(Slug.SESSION_ENDS_BEFORE_START, f"/sessions/{index}/ends_at")
        if session.starts_at <= now:
            yield Refusal(Slug.SESSION_IN_THE_PAST, f"/sessions/{index}/starts_at")
    for (_, earlier), (index, later) in pairwise(sorted(enumerate(sessions), key=lambda pair: pair[1].starts_at)):
        if later.starts_at < earlier.ends_at:
            yield Refusal(Slug.SESSIONS_OVERLAP, f"/sessions/{index}/starts_at")


def wrong_course(asked: Activity) -> Iterator[Refusal]:
    """Whether more sessions are asked for than there are, to complete it or to begin with."""
    most = len(asked.sessions)
    if (asked.completes_with or 0) > most:
        yield Refusal(Slug.MORE_THAN_SESSIONS, "/completes_with", {"sessions": most})
    if asked.join_until > most:
        yield Refusal(Slug.MORE_THAN_SESSIONS, "/join_until", {"sessions": most})


def why_not_change(activity: Activity, now: datetime) -> Iterator[Refusal]:
    """Every reason why the activity, or a sign-up to it, can no longer be changed."""
    if activity.is_called_off:
        yield Refusal(Slug.ACTIVITY_CALLED_OFF, "")
    if activity.is_over(now):
        yield Refusal(Slug.ACTIVITY_OVER, "")
