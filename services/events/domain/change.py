"""What an organiser wants to be otherwise with an activity that is there: its details and terms, and its sessions.

Terms (whom it is for, its windows, its quotas, what it asks) hold for those who come from now on. Nobody loses a seat or a place in
the line by another rule, and a quota below what is taken only lets nobody more in.

A change is planned on the activity as it stands, and refused as a whole with every reason; what a plan says is what is done.
Two organisers do not overwrite each other: each names the `version` that he saw, and the second is told that it has passed.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from operator import itemgetter
from typing import Any

from services.events.domain.activity import Activity, Institution, Kind, Programme, why_not_change, wrong_course, wrong_place
from services.events.domain.refusal import Refusal, Slug
from services.events.domain.session import Session, moved_by
from services.events.domain.windows import why_not_windows

TERMS = ("rule", "windows", "quotas", "needs")
"""What holds for those who sign up."""


class StepKind(StrEnum):
    """What happens to a session."""

    ADDED = "added"
    MOVED = "moved"
    CALLED_OFF = "called-off"


@dataclass(frozen=True)
class Move:
    """Another time or place for one session; what is None stays, and without an end the session stays as long as it was."""

    session_id: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    place: str | None = None

    def of(self, session: Session) -> Session:
        """The session as it is afterwards."""
        starts_at = self.starts_at or session.starts_at
        ends_at = self.ends_at or starts_at + (session.ends_at - session.starts_at)
        return replace(session, starts_at=starts_at, ends_at=ends_at, place=self.place or session.place)


@dataclass(frozen=True)
class Shift:
    """All sessions that have not begun, from a day on (None: every one), moved by the clock on the wall."""

    days: int = 0
    minutes: int = 0
    since: date | None = None


@dataclass(frozen=True)
class Change:
    """What is asked. `details` are fields of the activity by name; `version` is the one that the organiser saw."""

    activity_id: str
    version: int
    details: Mapping[str, Any] = field(default_factory=dict)
    add: Sequence[Session] = ()
    move: Sequence[Move] = ()
    call_off: Sequence[str] = ()
    shift: Shift | None = None

    @property
    def named(self) -> Sequence[tuple[str, str]]:
        """The sessions that it names, each with the field that names it."""
        moved = [(move.session_id, f"/move/{index}/session_id") for index, move in enumerate(self.move)]
        return [*moved, *((session_id, f"/call_off/{index}") for index, session_id in enumerate(self.call_off))]


@dataclass(frozen=True)
class Step:
    """What happens to one session: as it was (None: it is new), as it becomes (None: it is called off), and what asked for it."""

    what: StepKind
    before: Session | None
    after: Session | None
    at: str

    @property
    def session_id(self) -> str:
        session = self.after or self.before
        return session.session_id if session else ""


@dataclass(frozen=True)
class Plan:
    """A change as it would be: the activity before and after it, and each step."""

    change: Change
    before: Activity
    after: Activity
    steps: Sequence[Step]

    @property
    def changes_anything(self) -> bool:
        return self.before != self.after

    @property
    def changes_terms(self) -> bool:
        """Whether what holds for those who sign up is otherwise."""
        return any(getattr(self.before, name) != getattr(self.after, name) for name in TERMS)

    @property
    def counts_anew(self) -> bool:
        """Whether others count in its quotas than before."""
        who = [[(quota.code, quota.who) for quota in activity.quotas] for activity in (self.before, self.after)]
        return sorted(who[0], key=itemgetter(0)) != sorted(who[1], key=itemgetter(0))

    @property
    def changes_place(self) -> bool:
        """Whether where and when it is held is to be judged anew."""
        return bool(self.steps) or bool(self.change.details.keys() & {"district", "institution"})


def plan(change: Change, activity: Activity, now: datetime) -> Plan:
    """What the change comes to; `why_not` says whether it may be done."""
    steps = list(_steps(change, activity, now))
    details = dict(change.details)
    if "quotas" in details:
        before = {quota.code: quota for quota in activity.quotas}
        details["quotas"] = [quota.instead_of(before.get(quota.code, quota)) for quota in details["quotas"]]
    after = replace(activity, **details, sessions=_sessions(activity, steps), called_off_sessions=_called_off(activity, steps))
    if after != activity:
        after.version += 1
    return Plan(change, activity, after, steps)


def why_not(
    planned: Plan, *, kinds: Mapping[str, Kind], programme: Programme | None, institution: Institution | None, now: datetime
) -> Iterator[Refusal]:
    """Every reason why the plan cannot be carried out."""
    change, before, after = planned.change, planned.before, planned.after
    yield from _wrong_version(change, before)
    yield from why_not_change(before, now)
    if after.way not in (ways := kinds[after.kind].ways):
        yield Refusal(Slug.WAY_NOT_OF_KIND, "/way", {"known": ", ".join(ways)})
    yield from _wrong_names(change, before, now)
    if not after.sessions:
        yield Refusal(Slug.LAST_SESSION, "/call_off")
        return
    yield from _wrong_steps(planned, now)
    yield from wrong_course(after)
    if before.windows != after.windows:
        yield from why_not_windows(after.windows, after.starts_at)
    if planned.changes_place:
        yield from wrong_place(after, programme, institution)


def _steps(change: Change, activity: Activity, now: datetime) -> Iterator[Step]:
    known = {session.session_id: session for session in activity.sessions if session.starts_at > now}
    for index, session in enumerate(change.add):
        yield Step(StepKind.ADDED, None, session, f"/add/{index}")
    for index, move in enumerate(change.move):
        if (before := known.get(move.session_id)) and (after := move.of(before)) != before:
            yield Step(StepKind.MOVED, before, after, f"/move/{index}")
    for index, session_id in enumerate(change.call_off):
        if session_id in known:
            yield Step(StepKind.CALLED_OFF, known[session_id], None, f"/call_off/{index}")
    yield from _shifted(change, list(known.values()))


def _shifted(change: Change, ahead: Sequence[Session]) -> Iterator[Step]:
    named = {session_id for session_id, _ in change.named}
    by = change.shift
    if by is None or not (by.days or by.minutes):
        return
    for session in ahead:
        if session.session_id not in named and session.held_on >= (by.since or date.min):
            starts_at = moved_by(session.starts_at, days=by.days, minutes=by.minutes)
            yield Step(StepKind.MOVED, session, Move(session.session_id, starts_at).of(session), "/shift")


def _sessions(activity: Activity, steps: Sequence[Step]) -> Sequence[Session]:
    """Those that take place afterwards, the earliest first."""
    touched = {step.session_id for step in steps}
    kept = [session for session in activity.sessions if session.session_id not in touched]
    return sorted([*kept, *(step.after for step in steps if step.after)], key=lambda session: (session.starts_at, session.session_id))


def _called_off(activity: Activity, steps: Sequence[Step]) -> Sequence[Session]:
    now_off = [step.before for step in steps if step.before and not step.after]
    return sorted([*activity.called_off_sessions, *now_off], key=lambda session: (session.starts_at, session.session_id))


def _wrong_version(change: Change, activity: Activity) -> Iterator[Refusal]:
    if change.version != activity.version:
        yield Refusal(Slug.CHANGED_MEANWHILE, "/version", {"version": activity.version})


def _wrong_names(change: Change, activity: Activity, now: datetime) -> Iterator[Refusal]:
    known = {session.session_id: session for session in activity.sessions}
    times = Counter(session_id for session_id, _ in change.named)
    for session_id, at in change.named:
        if session_id not in known:
            yield Refusal(Slug.SESSION_NOT_OF_ACTIVITY, at)
        elif known[session_id].starts_at <= now:
            yield Refusal(Slug.SESSION_BEGUN, at)
        elif times[session_id] > 1:
            yield Refusal(Slug.SESSION_TWICE, at)


def _wrong_steps(planned: Plan, now: datetime) -> Iterator[Refusal]:
    for step in planned.steps:
        if step.after:
            yield from _wrong_time(step.after, step.at, planned.after.sessions, now)


def _wrong_time(session: Session, at: str, sessions: Collection[Session], now: datetime) -> Iterator[Refusal]:
    if session.ends_at <= session.starts_at:
        yield Refusal(Slug.SESSION_ENDS_BEFORE_START, f"{at}/ends_at")
    elif any(session.overlaps(other) for other in sessions if other.session_id != session.session_id):
        yield Refusal(Slug.SESSIONS_OVERLAP, f"{at}/starts_at")
    if session.starts_at <= now:
        yield Refusal(Slug.SESSION_IN_THE_PAST, f"{at}/starts_at")
