"""How long people are kept: rules that a programme's folder lays down (sletteregler), and whom they are due for.

A rule counts from a trigger. A child is kept for as long as any of its enrolments is: it is due when each of them is, by the
rule of its own programme, and never while a programme has no rule or while it takes part. Guardians whose only children
are erased go with them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.registration.domain.named import Named
from services.registration.domain.protection import PersonKind


class Trigger(StrEnum):
    """From when a period counts: the end of an enrolment, the last step towards one that never was, the end of somebody's work."""

    ENROLMENT_ENDED = "enrolment-ended"
    NEVER_ENROLLED = "never-enrolled"
    WORK_ENDED = "work-ended"


@dataclass(frozen=True, slots=True)
class RetentionRule(Named):
    """One rule. `kle` is the subject in KLE, the municipalities' plan of subjects, to whose deadlines it belongs.

    `period` is ISO 8601 (`P1825D`, `P5Y`). One that is on `hold` erases nobody: the archive has not agreed yet, say.
    """

    trigger: Trigger
    kle: str
    period: str
    hold: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """Somebody whose time is up on `due_on`, by that rule of that programme (the last of those that keep him)."""

    kind: PersonKind
    person_id: str
    programme: str
    rule: str
    due_on: date
    on_hold: bool
    people: Sequence[tuple[PersonKind, str]] = ()
    held: bool = False
    """A legal hold lies on one of the people who would go."""

    @property
    def goes(self) -> bool:
        """Whether nothing stands against it."""
        return not (self.on_hold or self.held)
