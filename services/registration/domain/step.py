"""A step that somebody asks for, of a child's enrolment or of a professional's, and what speaks against it whoever takes it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Protocol

from services.registration.domain.life import ENDS, FOLLOWS, Status, Step, Taken
from services.registration.domain.objection import Objection, Rule
from services.registration.domain.programme import Institution, Programme

_NOT_BEFORE_THE_START: Final = frozenset({Step.START, Step.PAUSE, Step.RESUME, Step.COMPLETE})
"""What nobody does who has not begun; to be moved or to leave, one need not."""


class Placed(Protocol):
    """Who may be moved: he is in a programme, and perhaps in an institution."""

    @property
    def programme(self) -> str | None: ...
    @property
    def institution_id(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class StepRequest:
    """Take this step from this day on. `reason` is a slug. `institution` is where a move leads (None: home), by number or code."""

    enrolment_id: str
    step: Step
    effective_date: date
    reason: str | None = None
    institution: str | None = None

    def as_taken(self, source: str, request_id: str, said_at: datetime, to: Institution | None) -> Taken:
        """The step of an enrolment before it has its place in the timeline, which says where it leads; `to` is where a move leads."""
        return Taken(
            subject_id=self.enrolment_id,
            number=0,
            step=self.step,
            status=Status.REJECTED,
            effective_date=self.effective_date,
            source=source,
            request_id=request_id,
            reason=self.reason,
            institution_id=to.institution_id if to else None,
            institution=to.code if to else None,
            said_at=said_at,
        )


@dataclass(frozen=True, slots=True)
class WithdrawalRequest:
    """Take this enrolment back from this day on. `reason` is a slug."""

    enrolment_id: str
    reason: str
    effective_date: date

    @property
    def as_step(self) -> StepRequest:
        """The same as any other step."""
        return StepRequest(self.enrolment_id, Step.WITHDRAW, self.effective_date, self.reason)


def not_allowed(step: Step, status: Status) -> Objection:
    """That this step does not follow, and which do."""
    return Objection(Rule.STEP_NOT_ALLOWED, "/step", {"step": step, "status": status, "allowed": list(FOLLOWS[status])})


def objections_to_move(request: StepRequest, of: Placed, institutions: Mapping[str, Institution]) -> Iterator[Objection]:
    """What speaks against where a move leads now; nothing where the step is no move."""
    against = list(objections_to_place(request, of.programme, institutions))
    yield from against
    institution = institutions.get(request.institution or "")
    if request.step is Step.MOVE and not against and (institution.institution_id if institution else None) == of.institution_id:
        yield Objection(Rule.ALREADY_THERE, "/institution")


def objections_to_place(request: StepRequest, programme: str | None, institutions: Mapping[str, Institution]) -> Iterator[Objection]:
    """What speaks against the place to which a move leads, wherever it comes from; nothing where the step is no move."""
    if request.step is not Step.MOVE or not request.institution:
        return
    institution = institutions.get(request.institution)
    if institution is None:
        yield Objection(Rule.UNKNOWN_INSTITUTION, "/institution")
    elif programme not in institution.programmes:
        yield Objection(Rule.INSTITUTION_NOT_IN_PROGRAMME, "/institution")
    elif request.effective_date not in institution.existence:
        yield Objection(Rule.INSTITUTION_NOT_OPEN, "/institution")


def objections_to_day(request: StepRequest, start: date | None, programme: Programme | None, today: date) -> Iterator[Objection]:
    """What speaks against its day: it is before the enrolment's start, or after the programme's end.

    `start` is None where nobody is enrolled yet. An end has its day after the last one, and may come after the programme's own:
    who was forgotten then can leave to this day.
    """
    if start and request.step in _NOT_BEFORE_THE_START and request.effective_date < start:
        yield Objection(Rule.STEP_TOO_EARLY, "/effective_date", {"since": start})
    if programme and request.effective_date > (last := _last_day(request.step, programme, today)):
        yield Objection(Rule.STEP_TOO_LATE, "/effective_date", {"last": last})


def objections_to_birth(request: StepRequest, birth_month: str | None) -> Iterator[Objection]:
    """That its day is before the month in which the child was born: nearer than that a refusal would tell its birthday."""
    if birth_month and f"{request.effective_date:%Y-%m}" < birth_month:
        yield Objection(Rule.STEP_BEFORE_BIRTH, "/effective_date")


def _last_day(step: Step, programme: Programme, today: date) -> date:
    end = programme.period.end
    return max(end + timedelta(days=1), today) if step in ENDS else end
