"""A sign-up (tilmelding) of a party to an activity: a family, or professionals. The party comes together or not at all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

BY_FAMILY = "by-family"
BY_PROFESSIONAL = "by-professional"


class SignupStatus(StrEnum):
    """Seated, offered seats that are held until it answers, waiting in the line, or cancelled (afbud)."""

    SEATED = "seated"
    OFFERED = "offered"
    WAITING = "waiting"
    CANCELLED = "cancelled"


class PartyRole(StrEnum):
    """As what a person comes."""

    CHILD = "child"
    GUARDIAN = "guardian"
    PROFESSIONAL = "professional"


@dataclass(frozen=True)
class Member:
    """One person of a party; each takes one seat."""

    person_id: str
    role: PartyRole


def as_kept(party: Iterable[Member], kept: Mapping[str, str]) -> list[Member]:
    """The same people by the ids that are kept: `kept` has those who were merged into others."""
    return [replace(member, person_id=kept.get(member.person_id, member.person_id)) for member in party]


@dataclass(frozen=True)
class Affected:
    """How many are signed up to something that changes: parties, those of them with seats and in the line, and people."""

    signups: int = 0
    seated: int = 0
    waiting: int = 0
    people: int = 0


@dataclass
class Signup:
    """A party's sign-up. `number` is its number in the order of arrival, `position` its present place in the waiting list, from 1.

    `contact_id` is the guardian or professional who is told. `programme`, `kind` and `district` are those of the activity.
    `rank` and `place` say where in the line it stands (`domain/line.py`), `passes` how often it was passed over there, and
    `transfers_from` which sign-up it takes the place of once it has seats. `offers` counts how often it was offered seats;
    `answer_by` is until when it may answer at least, while it has such an offer. `lots` is what it has in a draw, and
    `draws_at` when that is, while it waits for it. `answer_hours` is how long its line gives for an answer to an offer; None where freed
    seats are given at once.
    `instead_of` is the sign-up, to what was called off or moved, for which this one was offered (`domain/re_offer.py`).
    `counted` says how many of the party count in each of its quotas; `late`, that a seat was given up after the deadline for it.
    `made_by` is the system that signed the party up (None: people did).
    """

    signup_id: str
    activity_id: str
    programme: str
    kind: str
    district: str
    contact_id: str
    party: Sequence[Member]
    signed_up_at: datetime
    number: int = 0
    status: SignupStatus = SignupStatus.WAITING
    position: int | None = None
    reason: str | None = None
    rank: int = 0
    place: int = 0
    passes: int = 0
    transfers_from: str | None = None
    offers: int = 0
    lots: int = 1
    draws_at: datetime | None = None
    answer_by: datetime | None = None
    answer_hours: int | None = None
    counted: Mapping[str, int] = field(default_factory=dict)
    late: bool = False
    instead_of: str | None = None
    made_by: str | None = None

    @property
    def seats(self) -> int:
        """One for each person."""
        return len(self.party)

    @property
    def active(self) -> bool:
        """Seated, offered seats or waiting."""
        return self.status is not SignupStatus.CANCELLED

    @property
    def holds_seats(self) -> bool:
        """Whether seats are taken for it, its own or offered ones."""
        return self.status in {SignupStatus.SEATED, SignupStatus.OFFERED}

    @property
    def people(self) -> frozenset[str]:
        """The ids of those who come."""
        return frozenset(member.person_id for member in self.party)

    @property
    def own_reason(self) -> str:
        """The reason when the party itself cancels."""
        family = any(member.role is not PartyRole.PROFESSIONAL for member in self.party)
        return BY_FAMILY if family else BY_PROFESSIONAL

    def seat(self) -> None:
        """The party has its seats, and no place in the line any more."""
        self.status, self.position, self.reason, self.answer_by = SignupStatus.SEATED, None, None, None

    def offer(self, answer_by: datetime) -> None:
        """Seats are held for the party until it answers."""
        self.status, self.position, self.reason, self.answer_by = SignupStatus.OFFERED, None, None, answer_by
        self.offers += 1

    def wait(self, position: int) -> None:
        """The party stands in the line."""
        self.status, self.position, self.answer_by = SignupStatus.WAITING, position, None

    def cancel(self, reason: str) -> None:
        """The party does not come; `reason` is a slug such as `by-family` or `called-off`."""
        self.status, self.position, self.reason, self.answer_by = SignupStatus.CANCELLED, None, reason, None
