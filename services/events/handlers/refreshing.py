"""Everything is told again."""

from typing import TYPE_CHECKING

from services.events import telling

if TYPE_CHECKING:
    from services.events.storage import Work


def refresh(work: "Work") -> None:
    """Tell the present state of every aggregate again, for a reader who was not there."""
    for activity in work.activities.stream():
        telling.show_activity(activity, work)
    for signup in work.signups.stream():
        telling.show_signup(signup, work)
    for attendance in work.attendance.stream():
        telling.show_attendance(attendance, work)
