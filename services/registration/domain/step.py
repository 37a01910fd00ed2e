"""A step that somebody asks for, of a child's enrolment or of a professional's, and what speaks against it whoever takes it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from services.registration.domain.life import FOLLOWS, Status, Step, Taken
from services.registration.domain.objection import Objection, Rule
from services.registration.domain.programme import Institution


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
    elif institution.programme != programme:
        yield Objection(Rule.INSTITUTION_NOT_IN_PROGRAMME, "/institution")
    elif request.effective_date not in institution.existence:
        yield Objection(Rule.INSTITUTION_NOT_OPEN, "/institution")
