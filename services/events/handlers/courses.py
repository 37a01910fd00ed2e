"""What makes a course of an activity: sessions that repeat, and who came to enough of them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from services.chassis.ids import new_id
from services.events.domain.activity import Activity
from services.events.domain.completion import Completion
from services.events.domain.series import Repeat, repeated
from services.events.domain.session import Session

if TYPE_CHECKING:
    from services.events.storage import Work

MOST_SESSIONS = 100


def plan_sessions(rule: Repeat, work: "Work") -> Sequence[Session]:
    """The sessions that the rule makes, for an activity to be opened or changed with."""
    return repeated(rule, work.resources.closing_days, new_id, MOST_SESSIONS)


def completions(activity: Activity, after: str | None, limit: int, work: "Work") -> Sequence[Completion]:
    """Who has a seat, and to how many of the sessions he came, by the id of the person."""
    return work.attendance.completions(activity, after, limit)
