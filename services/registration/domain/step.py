"""A step that somebody asks for, of a child's enrolment or of a professional's, and what speaks against it whoever takes it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from services.registration.domain.life import FOLLOWS, Status, Step
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
    """What speaks against where a move leads; nothing where the step is no move."""
    if request.step is not Step.MOVE:
        return
    institution = institutions.get(request.institution or "")
    if request.institution and institution is None:
        yield Objection(Rule.UNKNOWN_INSTITUTION, "/institution")
    elif institution and institution.programme != of.programme:
        yield Objection(Rule.INSTITUTION_NOT_IN_PROGRAMME, "/institution")
    elif institution and request.effective_date not in institution.existence:
        yield Objection(Rule.INSTITUTION_NOT_OPEN, "/institution")
    elif (institution.institution_id if institution else None) == of.institution_id:
        yield Objection(Rule.ALREADY_THERE, "/institution")
