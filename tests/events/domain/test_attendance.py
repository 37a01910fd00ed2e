"""Who came: the roll of a session, its records and their corrections."""

from datetime import datetime, timedelta

from services.chassis.ids import new_id
from services.events.domain.activity import Activity
from services.events.domain.attendance import AttendanceState, CorrectionReason, Outcome, Result, Roll, Seat, why_not_record
from services.events.domain.signup import PartyRole
from tests.events.builders import NEXT_WEEK, a_called_off_workshop, a_workshop

PRESENT, EXCUSED = AttendanceState.PRESENT, AttendanceState.EXCUSED
LEADER = "leader"


def a_roll(*people: str) -> Roll:
    """A session's roll on which these people have seats."""
    workshop = a_workshop()
    return Roll(workshop, workshop.sessions[0], {person: Seat(new_id(), PartyRole.CHILD) for person in people}, {})


def marked(roll: Roll, person: str, state: AttendanceState, now: datetime = NEXT_WEEK, reason: CorrectionReason | None = None) -> Outcome:
    """What became of one mark."""
    return roll.mark(person, state, "/attendance/0/person_id", new_id=new_id(), by=LEADER, now=now, reason=reason)


def again(roll: Roll) -> Roll:
    """The same roll at the next request."""
    return Roll(roll.activity, roll.session, roll.seated, roll.recorded)


def refused(activity: Activity, now: datetime) -> list[str]:
    """Why attendance cannot be recorded now."""
    return [refusal.slug.value for refusal in why_not_record(activity, activity.sessions[0], now)]


def test_attendance_is_recorded() -> None:
    """A child with a seat is recorded as present, with the session's day and who recorded it."""
    child = new_id()
    outcome = marked(a_roll(child), child, PRESENT)
    assert outcome.result is Result.RECORDED
    assert outcome.attendance
    assert (outcome.attendance.state, outcome.attendance.recorded_by) == (PRESENT, LEADER)
    assert outcome.attendance.held_on == NEXT_WEEK.date()


def test_same_word_again_changes_nothing() -> None:
    """Recording what is recorded already gives the same record, unchanged."""
    child = new_id()
    roll = a_roll(child)
    first = marked(roll, child, PRESENT)
    second = marked(again(roll), child, PRESENT)
    assert (second.result, second.attendance) == (Result.UNCHANGED, first.attendance)


def test_correction_keeps_the_record() -> None:
    """A correction changes the state of the same record."""
    child = new_id()
    roll = a_roll(child)
    first = marked(roll, child, PRESENT).attendance
    corrected = marked(again(roll), child, EXCUSED, NEXT_WEEK + timedelta(days=1), CorrectionReason.MISTAKEN).attendance
    assert first
    assert corrected
    assert corrected.attendance_id == first.attendance_id
    assert (corrected.state, corrected.recorded_at) == (EXCUSED, NEXT_WEEK + timedelta(days=1))


def test_person_without_a_seat() -> None:
    """Who has no seat is refused, by the field that names him; the others are not touched by it."""
    child, stranger = new_id(), new_id()
    roll = a_roll(child)
    refusal = marked(roll, stranger, PRESENT).refusal
    assert refusal
    assert (refusal.slug.value, refusal.field) == ("not-seated", "/attendance/0/person_id")
    assert marked(roll, child, PRESENT).result is Result.RECORDED


def test_person_twice_in_one_list() -> None:
    """Of two marks for one person in one list the first counts, and the second is refused."""
    child = new_id()
    roll = a_roll(child)
    assert marked(roll, child, PRESENT).result is Result.RECORDED
    second = marked(roll, child, EXCUSED)
    assert second.refusal
    assert second.refusal.slug.value == "person-twice"


def test_record_outlives_the_seat() -> None:
    """Who gave his seat back after he was recorded stays on the roll and can still be corrected."""
    child = new_id()
    roll = a_roll(child)
    marked(roll, child, PRESENT)
    later = Roll(roll.activity, roll.session, {}, roll.recorded)
    assert [line.person_id for line in later.lines({})] == [child]
    assert marked(later, child, EXCUSED).result is Result.RECORDED


def test_twelve_hours_before_the_start() -> None:
    """Attendance is recorded from twelve hours before the session starts, and not a second earlier."""
    workshop = a_workshop()
    assert refused(workshop, NEXT_WEEK - timedelta(hours=12)) == []
    assert refused(workshop, NEXT_WEEK - timedelta(hours=12, seconds=1)) == ["attendance-too-early"]


def test_called_off_session_has_no_attendance() -> None:
    """Nobody attends what was called off."""
    assert refused(a_called_off_workshop(), NEXT_WEEK) == ["activity-called-off"]
