"""The life of an enrolment (indskrivning): its stages, the steps between them, and the one table of what may follow what.

    invited ─▶ interested ─▶ accepted ─▶ active ◀─▶ paused          rejected: a request that was refused
       └───────────┴────────────┴──────────┴──────────┴──▶ withdrawn
                                           └──────────┴──▶ completed

The same table holds for children and for professionals. Facts and doors call an enrolled child `accepted`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final


class Status(StrEnum):
    """Where an enrolment stands."""

    INVITED = "invited"
    INTERESTED = "interested"
    ACCEPTED = "accepted"
    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"
    REJECTED = "rejected"


class Step(StrEnum):
    """What may happen to it. A move is to another institution, from home to one, or home again."""

    INVITE = "invite"
    INTEREST = "interest"
    ENROL = "enrol"
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    MOVE = "move"
    COMPLETE = "complete"
    WITHDRAW = "withdraw"


FOLLOWS: Final[Mapping[Status | None, Mapping[Step, Status]]] = {
    None: {Step.INVITE: Status.INVITED, Step.INTEREST: Status.INTERESTED, Step.ENROL: Status.ACCEPTED},
    Status.INVITED: {
        Step.INTEREST: Status.INTERESTED,
        Step.ENROL: Status.ACCEPTED,
        Step.MOVE: Status.INVITED,
        Step.WITHDRAW: Status.WITHDRAWN,
    },
    Status.INTERESTED: {Step.ENROL: Status.ACCEPTED, Step.MOVE: Status.INTERESTED, Step.WITHDRAW: Status.WITHDRAWN},
    Status.ACCEPTED: {Step.START: Status.ACTIVE, Step.MOVE: Status.ACCEPTED, Step.WITHDRAW: Status.WITHDRAWN},
    Status.ACTIVE: {
        Step.PAUSE: Status.PAUSED,
        Step.MOVE: Status.ACTIVE,
        Step.COMPLETE: Status.COMPLETED,
        Step.WITHDRAW: Status.WITHDRAWN,
    },
    Status.PAUSED: {
        Step.RESUME: Status.ACTIVE,
        Step.MOVE: Status.PAUSED,
        Step.COMPLETE: Status.COMPLETED,
        Step.WITHDRAW: Status.WITHDRAWN,
    },
    Status.COMPLETED: {},
    Status.WITHDRAWN: {},
    Status.REJECTED: {},
}
"""What may follow what, and where it leads. None: there is no enrolment yet."""

ENROLLED: Final = frozenset({Status.ACCEPTED, Status.ACTIVE, Status.PAUSED})
"""Where a child counts as enrolled."""

LIVING: Final = frozenset({Status.INVITED, Status.INTERESTED, *ENROLLED})
"""Where something may still follow: of these a child has at most one in a programme."""

ENDED: Final = frozenset({Status.COMPLETED, Status.WITHDRAWN})

ENDS: Final = frozenset(step for follows in FOLLOWS.values() for step, status in follows.items() if status in ENDED)
"""The steps with which it is over."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A step as it was taken. `subject_id` is the enrolment or the professional; `number` counts his steps, from 1.

    `effective_date` is its first day; with `withdraw` and `complete` the first day without the enrolment. `institution_id` is
    where the child or professional is from then on (None: at home). `source` and `request_id` say who asked for it, `said_at` when
    he wrote that. `anew`: a request for the enrolment, which says track, start and place. One that was `called_back` before its day
    does not count.
    """

    subject_id: str
    number: int
    step: Step
    status: Status
    effective_date: date | None
    source: str
    request_id: str
    reason: str | None = None
    track: str | None = None
    institution_id: str | None = None
    institution: str | None = None
    recorded_at: datetime | None = None
    said_at: datetime | None = None
    anew: bool = False
    called_back: bool = False

    @property
    def day(self) -> date:
        """Its first day; since ever, where there is none."""
        return self.effective_date or date.min


@dataclass(frozen=True, slots=True)
class Coming:
    """A step whose day has not come. `number` is its place among all that were taken; `institution` is where a move leads."""

    number: int
    step: Step
    effective_date: date
    request_id: str
    reason: str | None = None
    institution_id: str | None = None
    institution: str | None = None


def leaves_on(status: Status, coming: Iterable[Coming]) -> date | None:
    """The day on which a child that is enrolled leaves, where that is coming; from then on it may be enrolled anew."""
    ends = (one.effective_date for one in coming if one.step in ENDS)
    return next(ends, None) if status in ENROLLED else None


def steps_ahead(status: Status) -> frozenset[Step]:
    """Every step that may follow from there, sooner or later."""
    reached, at = {status}, [status]
    while at:
        further = set(FOLLOWS[at.pop()].values()) - reached
        reached |= further
        at += further
    return frozenset(step for one in reached for step in FOLLOWS[one])
