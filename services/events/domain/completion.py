"""Who has completed a course (gennemført): who came to enough of its sessions, in time or late."""

from dataclasses import dataclass

from services.events.domain.activity import Activity
from services.events.domain.signup import PartyRole


@dataclass(frozen=True)
class Completion:
    """To how many of an activity's sessions somebody with a seat came."""

    person_id: str
    role: PartyRole
    attended: int

    def of(self, activity: Activity) -> bool:
        """Whether that is enough; it never is where the activity does not say how many are."""
        return activity.completes_with is not None and self.attended >= activity.completes_with
