"""A child's way through a programme (rejsen): from home to daycare, as steps that are done, expected or have stalled."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from services.registration.domain.enrolment import Enrolment
from services.registration.domain.life import FOLLOWS, Status, Step, Taken


class State(StrEnum):
    """How it is with a step: a stalled one is expected, and overdue."""

    DONE = "done"
    EXPECTED = "expected"
    STALLED = "stalled"


@dataclass(frozen=True, slots=True)
class Expectation:
    """The step that is expected from a stage on, and within what time (None: no time is set)."""

    step: Step
    within: timedelta | None


@dataclass(frozen=True, slots=True)
class Milestone:
    """One step of the way. `on` is its first day, once it is done; `due` is the last day on which it is expected.

    `institution` is where the child is from then on (None: at home), of a step that is done.
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
    """What was done, and what is to come if all goes well."""
    done = [Milestone(one.step, State.DONE, on=one.effective_date, reason=one.reason, institution=one.institution) for one in taken]
    since = taken[-1].effective_date if taken else None
    ahead = _ahead(enrolment.status, since, expectations, today)
    return Journey(enrolment.enrolment_id, str(enrolment.programme), enrolment.status, [*done, *ahead])


def _ahead(status: Status, since: date | None, expectations: Mapping[Status, Expectation], today: date) -> Iterator[Milestone]:
    """The next step with its last day; of those after it nobody knows when."""
    while expected := expectations.get(status):
        due = since + expected.within if since and expected.within else None
        yield Milestone(expected.step, State.STALLED if due and due < today else State.EXPECTED, due=due)
        status, since = FOLLOWS[status][expected.step], None
