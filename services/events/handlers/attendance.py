"""What happens at a session: the roll is called."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from services.chassis.ids import new_id
from services.chassis.storage import Cause
from services.events import telling
from services.events.domain.activity import Activity
from services.events.domain.attendance import AttendanceState, Outcome, Roll, why_not_record
from services.events.handlers.finding import find_activity_of_session, lock_activity

if TYPE_CHECKING:
    from services.events.storage import Work


def record_attendance(
    session_id: str, marks: Sequence[tuple[str, AttendanceState]], by: str, work: "Work", cause: Cause
) -> Sequence[Outcome]:
    """Record or correct who came, each person with an outcome of his own; a correction keeps what was said before."""
    activity = lock_activity(find_activity_of_session(session_id, work).activity_id, work)
    roll = call_the_roll(activity, session_id, work)
    work.resources.refuse(why_not_record(activity, roll.session, work.now))
    outcomes = [
        roll.mark(person_id, state, f"/attendance/{index}/person_id", new_id=new_id(), by=by, now=work.now)
        for index, (person_id, state) in enumerate(marks)
    ]
    changed = [outcome.attendance for outcome in outcomes if outcome.attendance and outcome.changed]
    work.attendance.save(changed)
    for attendance in changed:
        telling.tell_attendance(attendance, work, cause)
    return outcomes


def call_the_roll(activity: Activity, session_id: str, work: "Work") -> Roll:
    """Who has a seat, and what is recorded of them for one session of the activity."""
    seated = work.signups.seats_of(activity.activity_id)
    return Roll(activity, activity.session(session_id), seated, work.attendance.of_session(session_id))
