"""A child's way through a programme (rejsen): from home to daycare, as steps that are done, coming, expected or have stalled."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from services.registration.domain.enrolment import Enrolment
from services.registration.domain.life import FOLLOWS, Status, Step, Taken


class State(StrEnum):
    """How it is with a step: a coming one has its day already, a stalled one is expected, and overdue."""

    DONE = "done"
    COMING = "coming"
    EXPECTED = "expected"
    STALLED = "stalled"


@dataclass(frozen=True, slots=True)
class Expectation:
    """The step that is expected from a stage on, and within what time (None: no time is set)."""

    step: Step
    within: timedelta | None


@dataclass(frozen=True, slots=True)
class Milestone:
    """One step of the way. `on` is its first day, once there is one; `due` is the last day on which it is expected.

    `institution` is where the child is from then on (None: at home), of a step that is done or coming.
    """

    step: Step
    state: State
    on: date | None = None
    due: date | None = None
    reason: str | None = None
    institution: str | None = None


@dataclass(frozen=True, slots=True)
class Journey:
    """The way of one enrolment, the first step first."""

    enrolment_id: str
    programme: str
    status: Status
    steps: Sequence[Milestone]

    @property
    def stalled(self) -> bool:
        """Whether what is expected next is overdue."""
        return any(milestone.state is State.STALLED for milestone in self.steps)


def journey(enrolment: Enrolment, taken: Sequence[Taken], expectations: Mapping[Status, Expectation], today: date) -> Journey:
    """What was done, what is coming, and what is to follow if all goes well. `taken` are the steps that count, in order."""
    known = [_known(one, today) for one in taken]
    status, since = (taken[-1].status, taken[-1].effective_date) if taken else (enrolment.status, None)
    ahead = _ahead(status, since, expectations, today)
    return Journey(enrolment.enrolment_id, str(enrolment.programme), enrolment.status, [*known, *ahead])


def _known(step: Taken, today: date) -> Milestone:
    state = State.DONE if step.anew or step.day <= today else State.COMING
    return Milestone(step.step, state, on=step.effective_date, reason=step.reason, institution=step.institution)


def _ahead(status: Status, since: date | None, expectations: Mapping[Status, Expectation], today: date) -> Iterator[Milestone]:
    """The next step with its last day; of those after it nobody knows when."""
    while expected := expectations.get(status):
        due = since + expected.within if since and expected.within else None
        yield Milestone(expected.step, State.STALLED if due and due < today else State.EXPECTED, due=due)
        status, since = FOLLOWS[status][expected.step], None
