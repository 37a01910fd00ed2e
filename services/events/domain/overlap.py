"""What follows when somebody or something would be at two sessions at once: a refusal or a warning. The rules are data: `overlaps.toml`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from services.events.domain.booking import BookableKind
from services.events.domain.signup import PartyRole


class Severity(StrEnum):
    """Soft is done and told; hard is refused."""

    SOFT = "soft"
    HARD = "hard"


@dataclass(frozen=True)
class Elsewhere:
    """Somebody who is signed up to an activity, and is at another place at the time of one of its sessions."""

    activity_id: str
    signup_id: str
    person_id: str
    role: PartyRole


@dataclass(frozen=True)
class Overlaps:
    """The rules: for what is booked, for those who sign up, and where a kind of activity has others for these."""

    bookable: Mapping[BookableKind, Severity]
    party: Mapping[PartyRole, Severity]
    kinds: Mapping[str, Mapping[PartyRole, Severity]] = field(default_factory=dict)

    def is_hard(self, kind: BookableKind) -> bool:
        """Whether something of that kind is never booked twice, if nothing is said of it."""
        return self.bookable[kind] is Severity.HARD

    def of(self, activity_kind: str, role: PartyRole) -> Severity:
        """What follows for somebody who signs up to an activity of that kind."""
        return self.kinds.get(activity_kind, {}).get(role, self.party[role])

    def is_strict(self, activity_kind: str) -> bool:
        """Whether the rule is hard for anybody who signs up to an activity of that kind."""
        return any(self.of(activity_kind, role) is Severity.HARD for role in PartyRole)
