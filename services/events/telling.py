"""The facts that this service publishes.

Every one carries its aggregate's whole coarse state (`contracts/activity.*`, `signup.*`, `attendance.*`), so
that the last one is enough for a reader who was not there before. Where a sign-up changes, what was decided is recorded
too, with what it went by (`domain/decision.py`): what is told and what can be explained are written together.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from services.chassis.storage import Cause, UnitOfWork
from services.events.domain.activity import Activity, ActivityStatus
from services.events.domain.attendance import Attendance
from services.events.domain.change import Step
from services.events.domain.decision import OF_STATUS, Decision, What
from services.events.domain.session import Session
from services.events.domain.signup import Signup, SignupStatus

if TYPE_CHECKING:
    from services.events.storage import Work

OF_ACTIVITY = {
    ActivityStatus.OPEN: "events.activity.opened.v1",
    ActivityStatus.CALLED_OFF: "events.activity.called-off.v1",
    ActivityStatus.DONE: "events.activity.done.v1",
    ActivityStatus.DRAFT: "events.activity.taken-back.v1",
}
"""The fact that tells a state of an activity to one who hears of it for the first time; of a draft, that it is one again."""

OF_SIGNUP = {
    SignupStatus.SEATED: "events.signup.seated.v1",
    SignupStatus.OFFERED: "events.signup.offered.v1",
    SignupStatus.WAITING: "events.signup.waitlisted.v1",
    SignupStatus.CANCELLED: "events.signup.cancelled.v1",
}
"""The fact that tells a state of a sign-up."""

NEEDS_CLOSED = "events.activity.needs-closed.v1"
"""What tells that the deadline for saying what one needs has passed; how much is needed is asked at the door."""

ACTIVITY_CHANGED = "events.activity.changed.v1"
"""What tells of another time, place, title or number of seats while an activity is open."""

SIGNUP_PROMOTED = "events.signup.promoted.v1"

SIGNUP_DECLINED = "events.signup.declined.v1"

SIGNUP_EXPIRED = "events.signup.expired.v1"

DECIDED = {
    (SIGNUP_PROMOTED, SignupStatus.SEATED): What.PROMOTED,
    (SIGNUP_DECLINED, SignupStatus.CANCELLED): What.DECLINED,
    (SIGNUP_EXPIRED, SignupStatus.CANCELLED): What.EXPIRED,
    (SIGNUP_EXPIRED, SignupStatus.WAITING): What.QUEUED_AGAIN,
}
"""The decision that a fact tells, where the sign-up's status alone does not say it."""

ATTENDANCE_RECORDED = "events.attendance.recorded.v1"

DROPPED_IN = "events.attendance.dropped-in.v1"


def activity(of: Activity) -> dict[str, Any]:
    """`activity.opened`, `.changed`, `.called-off`, `.done` and `.taken-back`; the earliest session first.

    The description is told at the door alone: what an organiser writes freely does not go into the log.
    """
    return {
        "activity_id": of.activity_id,
        "status": of.status.value,
        "programme": of.programme,
        "kind": of.kind,
        "way": of.way,
        "title": dict(of.title),
        "district": of.district,
        "institution_id": of.institution_id,
        "institution": of.institution,
        "capacity": of.capacity,
        "sessions": [_session(session) for session in sorted(of.sessions, key=lambda session: session.starts_at)],
        "called_off_sessions": [_session(session) for session in of.called_off_sessions],
    }


def _session(of: Session) -> dict[str, Any]:
    return {"session_id": of.session_id, "starts_at": of.starts_at, "ends_at": of.ends_at, "place": of.place}


def signup(of: Signup) -> dict[str, Any]:
    """Every `signup.*`; `position` is the place in the line at that moment.

    `answer_by` stands in offers alone, `draws_at` while a draw is to come, `answer_hours` while it waits where seats are offered.
    """
    offered = {"answer_by": of.answer_by} if of.status is SignupStatus.OFFERED else {}
    drawn = {"draws_at": of.draws_at} if of.draws_at else {}
    by_offer = {"answer_hours": of.answer_hours} if of.answer_hours and of.status is SignupStatus.WAITING else {}
    return (
        offered
        | drawn
        | by_offer
        | {
            "signup_id": of.signup_id,
            "activity_id": of.activity_id,
            "programme": of.programme,
            "kind": of.kind,
            "district": of.district,
            "contact_id": of.contact_id,
            "party": [{"person_id": member.person_id, "role": member.role.value} for member in of.party],
            "seats": of.seats,
            "status": of.status.value,
            "position": of.position,
            "reason": of.reason,
            "signed_up_at": of.signed_up_at,
            "late": of.late,
        }
    )


def attendance(of: Attendance) -> dict[str, Any]:
    """`attendance.recorded` and, without a sign-up, `.dropped-in`: the first time and after each correction."""
    return {
        "attendance_id": of.attendance_id,
        "session_id": of.session_id,
        "activity_id": of.activity_id,
        **({"signup_id": of.signup_id} if of.signup_id else {}),
        "person_id": of.person_id,
        "role": of.role.value,
        "state": of.state.value,
        "kind": of.kind,
        "programme": of.programme,
        "district": of.district,
        "held_on": of.held_on,
    }


def tell_activity(of: Activity, work: UnitOfWork, cause: Cause | None, fact: str | None = None) -> None:
    """Publish what happened to an activity; without `fact`, the one that its state means. Of a draft that was always one, nothing."""
    if of.told:
        work.emit(fact or OF_ACTIVITY[of.status], subject=of.activity_id, data=activity(of), cause=cause, programme=of.programme)


def tell_change(of: Activity, steps: Sequence[Step], work: UnitOfWork, cause: Cause) -> None:
    """Publish what an organiser changed; `steps` are what happened to sessions, for those who must be told of it."""
    if of.status is not ActivityStatus.OPEN:
        tell_activity(of, work, cause)
        return
    data = activity(of) | {"session_changes": [_step(step) for step in steps]}
    work.emit(ACTIVITY_CHANGED, subject=of.activity_id, data=data, cause=cause, programme=of.programme)


def tell_needs_closed(of: Activity, work: UnitOfWork) -> None:
    """Publish that what its sessions need is final."""
    needs = {"asked": list(of.needs.kinds), "until": of.needs.closes_at(of.starts_at)}
    work.emit(NEEDS_CLOSED, subject=of.activity_id, data=activity(of) | {"needs": needs}, cause=None, programme=of.programme)


def _step(of: Step) -> dict[str, Any]:
    return {"session_id": of.session_id, "what": of.what.value, "before": _session(of.before) if of.before else None}


def tell_signup(
    of: Signup, work: "Work", cause: Cause | None, fact: str | None = None, *, what: What | None = None, **went_by: object
) -> None:
    """Publish what happened to a sign-up; without `fact`, the one that its state means.

    It is recorded as the decision that this is, or as `what`, with what it `went_by`.
    """
    record(of, what or DECIDED.get((fact or "", of.status), OF_STATUS[of.status]), work, **went_by)
    work.emit(fact or OF_SIGNUP[of.status], subject=of.signup_id, data=signup(of), cause=cause, programme=of.programme)


def record(of: Signup, what: What, work: "Work", **went_by: object) -> None:
    """Keep a decision about a sign-up, with where it stands now and what it went by."""
    stands = {"seats": of.seats, "position": of.position, "reason": of.reason}
    work.decisions.add(Decision(of.signup_id, of.activity_id, what, work.now, stands | went_by))


def tell_attendance(of: Attendance, work: UnitOfWork, cause: Cause) -> None:
    """Publish what was recorded."""
    work.emit(_of_attendance(of), subject=of.attendance_id, data=attendance(of), cause=cause, programme=of.programme)


def show_activity(of: Activity, work: UnitOfWork) -> None:
    """Publish an activity's present state again."""
    work.snapshot(OF_ACTIVITY[of.status], subject=of.activity_id, data=activity(of), programme=of.programme)


def show_signup(of: Signup, work: UnitOfWork) -> None:
    """Publish a sign-up's present state again."""
    work.snapshot(OF_SIGNUP[of.status], subject=of.signup_id, data=signup(of), programme=of.programme)


def show_attendance(of: Attendance, work: UnitOfWork) -> None:
    """Publish what is recorded again."""
    work.snapshot(_of_attendance(of), subject=of.attendance_id, data=attendance(of), programme=of.programme)


def _of_attendance(of: Attendance) -> str:
    return ATTENDANCE_RECORDED if of.signup_id else DROPPED_IN
