"""Erasing somebody for good (sletning): who goes, what stands against it, and the receipt that says what each service erased.

It cannot be undone. So whoever decides it has seen what would go: he quotes the digest of that plan, and is refused where
anything is different by then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final

from services.registration.domain.protection import PersonKind

AWAITED: Final = ("events", "notifications", "reporting")
"""The services that hold something of people too, and answer what they erased."""

OWN: Final = "registration"


class Why(StrEnum):
    """Why somebody is erased: he asked for it (GDPR, article 17), or his time is up."""

    REQUEST = "request"
    RETENTION = "retention"


class HoldReason(StrEnum):
    """Why somebody may not be erased for now (GDPR, article 17 (3)): a complaint, a case in court, supervision, the archive."""

    COMPLAINT = "complaint"
    COURT_CASE = "court-case"
    SUPERVISION = "supervision"
    ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class LegalHold:
    """Nobody is erased on whom one lies, until it is lifted or `until`, the first day without it (None: until it is lifted)."""

    hold_id: str
    person_id: str
    reason: HoldReason
    placed_at: datetime
    until: date | None = None
    lifted_at: datetime | None = None


class Obstacle(StrEnum):
    """What stands against erasing somebody."""

    STILL_ENROLLED = "still-enrolled"
    CHILD_STILL_ENROLLED = "child-still-enrolled"
    STILL_WORKS = "still-works"
    ON_HOLD = "on-hold"


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be erased: the people, every id of theirs, how many rows of each kind here, and what stands against it.

    `files` are imports in which one of them stands: their files are forgotten whole, so that they cannot be undone any more.
    """

    people: Sequence[tuple[PersonKind, str]]
    ids: Sequence[str]
    counts: Mapping[str, int]
    obstacles: Sequence[tuple[Obstacle, str]] = ()
    files: Sequence[str] = ()

    @property
    def digest(self) -> str:
        """The same for the same plan, and another one for any other: 32 hexadecimal digits."""
        said = [*sorted(self.ids), *(f"{kind}={count}" for kind, count in sorted(self.counts.items()) if kind not in _RESTLESS)]
        return sha256("\n".join(said).encode()).hexdigest()[:32]

    def of_kind(self, kind: PersonKind) -> list[str]:
        """The ids of the people of that kind."""
        return [person_id for one, person_id in self.people if one is kind]


_RESTLESS: Final = frozenset({"audit-entry", "stored-answer", "waiting-message"})
"""What looking at a plan, and the plan's own request, change."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What one service erased, by kind."""

    service: str
    erased_at: datetime
    counts: Mapping[str, int]


@dataclass(slots=True)
class Erasure:
    """The receipt of an erasure. Nobody is named in it: `people` says how many of each kind.

    It is open until every service has answered; `completed_at` says when that was.
    """

    erasure_id: str
    why: Why
    decided_at: datetime
    people: Mapping[str, int]
    programme: str | None = None
    rule: str | None = None
    completed_at: datetime | None = None
    answers: dict[str, Erased] = field(default_factory=dict)

    @property
    def awaited(self) -> Sequence[str]:
        """The services that have not answered."""
        return [service for service in AWAITED if service not in self.answers]

    def gather(self, answer: Erased) -> bool:
        """Take in a service's answer; whether that was the last one. The first answer of a service counts."""
        self.answers.setdefault(answer.service, answer)
        if self.awaited or self.completed_at:
            return False
        self.completed_at = max(one.erased_at for one in self.answers.values())
        return True


def counted(people: Sequence[tuple[PersonKind, str]]) -> Mapping[str, int]:
    """How many of each kind."""
    return {kind.value: sum(one is kind for one, _ in people) for kind in PersonKind if any(one is kind for one, _ in people)}
