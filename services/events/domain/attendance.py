"""Who came (fremmøde): one record for each person and session, corrected rather than overwritten.

What is known of somebody's coming is a set of observations, each with the time at which it was seen. The latest of them
counts (of two at the same time the one whose recorder's id, and then whose nonce, comes later), whenever it reaches us: so a list
that was kept without a network merges in any order, in parts and twice, and always ends the same.

Who is here without a seat dropped in: he is counted, and takes no seat. The capacity limits what is promised, not what has
happened, so nobody who stands in the room is left off the list; the roll says how many more came than there are seats.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from services.events.domain.activity import Activity
from services.events.domain.refusal import Refusal, Slug
from services.events.domain.session import LOCAL, Session
from services.events.domain.signup import PartyRole

OPENS_BEFORE_START = timedelta(hours=12)
"""Attendance is recorded from so long before a session's start, so that a message that somebody is ill can be noted."""

FAST_CLOCK = timedelta(minutes=5)
"""How far the clock of a device may be ahead of ours."""

_NEXT = timedelta(microseconds=1)

Rank = tuple[datetime, str, str]


class AttendanceState(StrEnum):
    """What is known of a person's coming; `unknown` takes an earlier word back."""

    PRESENT = "present"
    LATE = "late"
    EXCUSED = "excused"
    ABSENT = "absent"
    UNKNOWN = "unknown"

    @property
    def came(self) -> bool:
        return self in {AttendanceState.PRESENT, AttendanceState.LATE}


class CorrectionReason(StrEnum):
    """Why something is said anew after the session: a closed list, so that no free text tells of somebody."""

    NOT_RECORDED = "not-recorded"
    MISTAKEN = "mistaken"
    MIXED_UP = "mixed-up"
    TOLD_AFTERWARDS = "told-afterwards"


@dataclass(frozen=True)
class Observation:
    """What somebody saw of a person's coming, and when; under a `nonce` where it was kept on a device before it came here."""

    person_id: str
    state: AttendanceState
    seen_at: datetime
    recorded_by: str
    nonce: str | None = None
    reason: CorrectionReason | None = None

    @property
    def rank(self) -> Rank:
        """The highest counts."""
        return self.seen_at, self.recorded_by, self.nonce or ""


@dataclass
class Attendance:
    """A person at a session, as the observation that counts has it; without a sign-up, he dropped in.

    `recorded_by` is the id of who saw it, `recorded_at` when it came here; `held_on` is the session's day in Denmark.
    """

    attendance_id: str
    session_id: str
    activity_id: str
    signup_id: str | None
    person_id: str
    role: PartyRole
    state: AttendanceState
    kind: str
    programme: str
    district: str
    held_on: date
    seen_at: datetime
    recorded_at: datetime
    recorded_by: str
    nonce: str | None = None
    reason: CorrectionReason | None = None

    @property
    def rank(self) -> Rank:
        """Of the observation that counts."""
        return self.seen_at, self.recorded_by, self.nonce or ""

    def follow(self, seen: Observation, now: datetime) -> None:
        """Let this observation be what counts."""
        self.state, self.seen_at, self.recorded_by = seen.state, seen.seen_at, seen.recorded_by
        self.nonce, self.reason, self.recorded_at = seen.nonce, seen.reason, now


@dataclass(frozen=True)
class Entry:
    """One observation of a person as it is kept: when it was seen, and when it came here."""

    state: AttendanceState
    seen_at: datetime
    recorded_at: datetime
    recorded_by: str
    reason: CorrectionReason | None = None


@dataclass(frozen=True)
class Seat:
    """By which sign-up, and as what, a person comes; by none, if he dropped in."""

    signup_id: str | None
    role: PartyRole


@dataclass(frozen=True)
class Line:
    """One person on the roll: what counts now (None if nothing is recorded), and everything that was seen, the earliest first."""

    person_id: str
    role: PartyRole
    signup_id: str | None
    dropped_in: bool
    state: AttendanceState | None
    history: Sequence[Entry]


class Result(StrEnum):
    """What became of one observation: it counts now, was kept behind a later one, was known already, or is refused."""

    RECORDED = "recorded"
    KEPT = "kept"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True)
class Outcome:
    """What became of one line that was sent; `seen` is what is to be kept of it."""

    person_id: str
    result: Result
    attendance: Attendance | None = None
    seen: Observation | None = None
    refusal: Refusal | None = None


def refused(person_id: str, slug: Slug, at: str, **values: object) -> Outcome:
    """The outcome of one line that is refused, while the others are not."""
    return Outcome(person_id, Result.REFUSED, refusal=Refusal(slug, at, values))


@dataclass
class Roll:
    """A session's list of who comes (fremmødeliste): those with a seat, and what was recorded of them so far.

    `guests` are those without a seat who may be recorded as having dropped in, `heard` what came under a nonce before, by
    person and nonce. `changed` collects the records that say something else now than before.
    """

    activity: Activity
    session: Session
    seated: Mapping[str, Seat]
    recorded: dict[str, Attendance]
    guests: Mapping[str, Seat] = field(default_factory=dict)
    heard: dict[tuple[str, str], Observation] = field(default_factory=dict)
    changed: dict[str, Attendance] = field(default_factory=dict)
    marked: set[str] = field(default_factory=set)

    def mark(
        self,
        person_id: str,
        state: AttendanceState,
        at: str,
        *,
        new_id: str,
        by: str,
        now: datetime,
        reason: CorrectionReason | None = None,
    ) -> Outcome:
        """Record or correct one person's attendance now; `at` is the field that names the person. Once the session is over, what is
        recorded is changed for a reason alone; the first word needs none.
        """
        if person_id in self.marked:
            return refused(person_id, Slug.PERSON_TWICE, at)
        self.marked.add(person_id)
        known = self.recorded.get(person_id)
        if known and known.state is state:
            return Outcome(person_id, Result.UNCHANGED, known)
        if known and reason is None and now >= self.session.ends_at:
            return refused(person_id, Slug.REASON_NEEDED, at)
        seen_at = max(now, known.seen_at + _NEXT) if known else now
        return self._take(Observation(person_id, state, seen_at, by, reason=reason), at, new_id, now)

    def observe(self, seen: Observation, at: str, *, new_id: str, now: datetime) -> Outcome:
        """Take in what was seen, at its own time. Whether it is refused follows from itself and the seats, not from what is recorded."""
        if refusal := next(self._why_not_observe(seen, at, now), None):
            return Outcome(seen.person_id, Result.REFUSED, refusal=refusal)
        before = self.heard.setdefault((seen.person_id, seen.nonce or ""), seen) if seen.nonce else seen
        if before != seen:
            return refused(seen.person_id, Slug.NONCE_REUSED, at.replace("person_id", "nonce"))
        if before is not seen:
            return Outcome(seen.person_id, Result.UNCHANGED, self.recorded[seen.person_id])
        return self._take(seen, at, new_id, now)

    def lines(self, history: Mapping[str, Sequence[Entry]]) -> Iterator[Line]:
        """Those with a seat, in the order in which they signed up; then who gave his seat back after he was recorded, or dropped in."""
        others = {person_id: Seat(a.signup_id, a.role) for person_id, a in self.recorded.items() if person_id not in self.seated}
        for person_id, seat in {**self.seated, **others}.items():
            record = self.recorded.get(person_id)
            state = record.state if record else None
            yield Line(person_id, seat.role, seat.signup_id, seat.signup_id is None, state, history.get(person_id, ()))

    def party(self, signup_id: str | None) -> Sequence[str]:
        """Who has a seat by this sign-up; nobody, by none."""
        return [person for person, seat in self.seated.items() if seat.signup_id == signup_id]

    @property
    def came(self) -> int:
        """How many are recorded as having come, with a seat or without."""
        return sum(record.state.came for record in self.recorded.values())

    @property
    def dropped_in(self) -> int:
        """How many of them had no seat."""
        return sum(record.state.came and record.signup_id is None for record in self.recorded.values())

    @property
    def over(self) -> int:
        """How many more came than there are seats."""
        return max(self.came - self.activity.capacity, 0)

    def _is_past(self, moment: datetime) -> bool:
        """Whether the moment lies after the session's day in Denmark."""
        return moment.astimezone(LOCAL).date() > self.session.held_on

    def _why_not_observe(self, seen: Observation, at: str, now: datetime) -> Iterator[Refusal]:
        if seen.person_id not in self.seated and seen.person_id not in self.guests:
            yield Refusal(Slug.NOT_SEATED, at)
        when = at.replace("person_id", "seen_at")
        if seen.seen_at > now + FAST_CLOCK:
            yield Refusal(Slug.SEEN_IN_THE_FUTURE, when)
        if seen.seen_at < self.session.starts_at - OPENS_BEFORE_START:
            yield _too_early(when)
        if seen.reason is None and self._is_past(seen.seen_at):
            yield Refusal(Slug.REASON_NEEDED, at.replace("person_id", "reason"))

    def _take(self, seen: Observation, at: str, new_id: str, now: datetime) -> Outcome:
        known = self.recorded.get(seen.person_id)
        if known and seen.rank <= known.rank:
            return Outcome(seen.person_id, Result.KEPT, known, seen)
        if known is None:
            return self._first(seen, at, new_id, now)
        if known.state is not seen.state:
            self.changed[known.attendance_id] = known
        known.follow(seen, now)
        return Outcome(seen.person_id, Result.RECORDED, known, seen)

    def _first(self, seen: Observation, at: str, new_id: str, now: datetime) -> Outcome:
        seat = self.seated.get(seen.person_id) or self.guests.get(seen.person_id)
        if seat is None:
            return refused(seen.person_id, Slug.NOT_SEATED, at)
        record = Attendance(
            attendance_id=new_id,
            session_id=self.session.session_id,
            activity_id=self.activity.activity_id,
            signup_id=seat.signup_id,
            person_id=seen.person_id,
            role=seat.role,
            state=seen.state,
            kind=self.activity.kind,
            programme=self.activity.programme,
            district=self.activity.district,
            held_on=self.session.held_on,
            seen_at=seen.seen_at,
            recorded_at=now,
            recorded_by=seen.recorded_by,
            nonce=seen.nonce,
            reason=seen.reason,
        )
        self.recorded[seen.person_id] = self.changed[new_id] = record
        return Outcome(seen.person_id, Result.RECORDED, record, seen)


def why_not_record(activity: Activity, session: Session, now: datetime) -> Iterator[Refusal]:
    """Every reason why attendance at the session cannot be recorded now."""
    yield from why_not_merge(activity)
    if now < session.starts_at - OPENS_BEFORE_START:
        yield _too_early("")


def why_not_merge(activity: Activity) -> Iterator[Refusal]:
    """Every reason why nothing that was seen at a session of this activity can be taken in."""
    if activity.is_called_off:
        yield Refusal(Slug.ACTIVITY_CALLED_OFF, "")


def _too_early(at: str) -> Refusal:
    return Refusal(Slug.ATTENDANCE_TOO_EARLY, at, {"hours": OPENS_BEFORE_START // timedelta(hours=1)})
