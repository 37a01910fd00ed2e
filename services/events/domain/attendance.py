"""Who came (fremmøde): one record for each person and session, corrected rather than overwritten."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from services.events.domain.activity import Activity
from services.events.domain.refusal import Refusal, Slug
from services.events.domain.session import Session
from services.events.domain.signup import PartyRole

OPENS_BEFORE_START = timedelta(hours=12)
"""Attendance is recorded from so long before a session's start, so that a message that somebody is ill can be noted."""


class AttendanceState(StrEnum):
    """What is known of a person's coming; `unknown` takes an earlier word back."""

    PRESENT = "present"
    LATE = "late"
    EXCUSED = "excused"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass
class Attendance:
    """A person at a session. `recorded_by` is the id of who recorded it last; `held_on` is the session's day in Denmark."""

    attendance_id: str
    session_id: str
    activity_id: str
    signup_id: str
    person_id: str
    role: PartyRole
    state: AttendanceState
    kind: str
    programme: str
    district: str
    held_on: date
    recorded_at: datetime
    recorded_by: str


@dataclass(frozen=True)
class Entry:
    """What was recorded of a person at one time."""

    state: AttendanceState
    recorded_at: datetime
    recorded_by: str


@dataclass(frozen=True)
class Seat:
    """By which sign-up, and as what, a person comes."""

    signup_id: str
    role: PartyRole


@dataclass(frozen=True)
class Line:
    """One person on the roll: what is recorded now (None if nothing is), and everything that was, the oldest first."""

    person_id: str
    role: PartyRole
    signup_id: str
    state: AttendanceState | None
    history: Sequence[Entry]


@dataclass(frozen=True)
class Outcome:
    """What became of one mark on the roll: recorded, unchanged (with the record as it was), or refused."""

    person_id: str
    attendance: Attendance | None = None
    changed: bool = False
    refusal: Refusal | None = None


@dataclass
class Roll:
    """A session's list of who comes (fremmødeliste): those with a seat, and what was recorded of them so far."""

    activity: Activity
    session: Session
    seated: Mapping[str, Seat]
    recorded: dict[str, Attendance]
    marked: set[str] = field(default_factory=set)

    def mark(self, person_id: str, state: AttendanceState, at: str, *, new_id: str, by: str, now: datetime) -> Outcome:
        """Record or correct one person's attendance; `at` is the field that names the person."""
        if person_id in self.marked:
            return Outcome(person_id, refusal=Refusal(Slug.PERSON_TWICE, at))
        self.marked.add(person_id)
        known = self.recorded.get(person_id)
        if known and known.state is state:
            return Outcome(person_id, known)
        if known:
            known.state, known.recorded_at, known.recorded_by = state, now, by
            return Outcome(person_id, known, changed=True)
        return self._first(person_id, state, at, new_id=new_id, by=by, now=now)

    def lines(self, history: Mapping[str, Sequence[Entry]]) -> Iterator[Line]:
        """Those with a seat, in the order in which they signed up; then who gave his seat back after he was recorded."""
        gone = {person_id: Seat(a.signup_id, a.role) for person_id, a in self.recorded.items() if person_id not in self.seated}
        for person_id, seat in {**self.seated, **gone}.items():
            record = self.recorded.get(person_id)
            yield Line(person_id, seat.role, seat.signup_id, record.state if record else None, history.get(person_id, ()))

    def _first(self, person_id: str, state: AttendanceState, at: str, *, new_id: str, by: str, now: datetime) -> Outcome:
        seat = self.seated.get(person_id)
        if seat is None:
            return Outcome(person_id, refusal=Refusal(Slug.NOT_SEATED, at))
        self.recorded[person_id] = Attendance(
            attendance_id=new_id,
            session_id=self.session.session_id,
            activity_id=self.activity.activity_id,
            signup_id=seat.signup_id,
            person_id=person_id,
            role=seat.role,
            state=state,
            kind=self.activity.kind,
            programme=self.activity.programme,
            district=self.activity.district,
            held_on=self.session.held_on,
            recorded_at=now,
            recorded_by=by,
        )
        return Outcome(person_id, self.recorded[person_id], changed=True)


def why_not_record(activity: Activity, session: Session, now: datetime) -> Iterator[Refusal]:
    """Every reason why attendance at the session cannot be recorded now."""
    if activity.is_called_off:
        yield Refusal(Slug.ACTIVITY_CALLED_OFF, "")
    if now < session.starts_at - OPENS_BEFORE_START:
        yield Refusal(Slug.ATTENDANCE_TOO_EARLY, "", {"hours": OPENS_BEFORE_START // timedelta(hours=1)})
