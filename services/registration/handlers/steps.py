"""What registration can be asked to do with an enrolment that there is: take the next step, on the bus or over HTTP, and look back.

The table of what may follow what is in `domain/life.py`. A refused step changes nothing and says what may follow.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from services.chassis.envelope import Received
from services.chassis.errors import Conflict, Invalid, NotFound
from services.chassis.storage import Cause
from services.registration import telling
from services.registration.domain import journey as journeys
from services.registration.domain.enrolment import Enrolment
from services.registration.domain.journey import Journey
from services.registration.domain.life import Step, Taken
from services.registration.domain.objection import Objection, Rule
from services.registration.domain.professional import Professional
from services.registration.domain.step import StepRequest, WithdrawalRequest, objections_to_move
from services.registration.expectations import EXPECTATIONS
from services.registration.handlers.cases import refusal
from services.registration.texts import explain, reason

if TYPE_CHECKING:
    from services.registration.storage import Work

STEP_CONTRACT = "enrolment.step-requested/v1"
WITHDRAWAL_CONTRACT = "enrolment.withdrawal-requested/v1"

_UNKNOWN = {Rule.UNKNOWN_ENROLMENT}
_DOES_NOT_FOLLOW = {Rule.STEP_NOT_ALLOWED, Rule.ALREADY_WITHDRAWN, Rule.ENROLMENT_NOT_ACCEPTED}


# A child's enrolment goes on.


def answer_steps(asked: Sequence[Received[StepRequest]], work: "Work") -> None:
    """Take each step, or reject it with the reasons, in order: the first of two decides what may follow."""
    _answer([(message, message.data) for message in asked], work)


def answer_withdrawals(asked: Sequence[Received[WithdrawalRequest]], work: "Work") -> None:
    """End each enrolment, or reject with the reason; of two requests for the same, the first ends it."""
    _answer([(message, message.data.as_step) for message in asked], work)


def take_step(request: StepRequest, work: "Work", cause: Cause, source: str) -> Enrolment:
    """The same for somebody who may see the enrolment. Raises `NotFound`, `Invalid`, or `Conflict` where the step does not follow."""
    steps = _Steps([request], work)
    _raise_for(steps.objections_to(request))
    enrolment = steps.take(request, cause, source)
    steps.keep()
    return enrolment


# A professional's goes on.


def take_professionals_step(professional_id: str, request: StepRequest, work: "Work", cause: Cause, source: str) -> Professional:
    """Take a professional's next step. Raises `NotFound`, `Invalid`, or `Conflict` where it does not follow."""
    professional = work.professionals.lock(professional_id)
    if professional is None:
        raise NotFound(reasons=[reason(Rule.UNKNOWN_PROFESSIONAL)])
    places = work.programmes.institutions_of([request.institution] if request.institution else [])
    _raise_for(list(professional.objections_to(request, places)))
    taken = professional.take(request, source=source, request_id=cause.id, to=places.get(request.institution or ""))
    work.professionals.change(professional)
    work.history.add([taken])
    telling.tell_professional(professional, work, cause)
    return professional


# Looking back, and ahead.


def journey_of(child_id: str, work: "Work") -> list[Journey]:
    """What was done, is expected and has stalled, for each enrolment of the child."""
    by_enrolment = groupby(work.history.of_child(child_id), attrgetter("subject_id"))
    taken = {subject_id: list(steps) for subject_id, steps in by_enrolment}
    found = work.enrolments.of_child(child_id)
    return [journeys.journey(enrolment, taken[enrolment.enrolment_id], EXPECTATIONS, work.today) for enrolment in found]


# The steps that they share.


class _Steps:
    """The enrolments that a batch of steps is about, locked, and what it makes of them, in order."""

    def __init__(self, requests: Sequence[StepRequest], work: "Work") -> None:
        self._work = work
        self._known = work.enrolments.lock(request.enrolment_id for request in requests)
        codes = {enrolment.programme for enrolment in self._known.values() if enrolment.programme}
        self._around = work.known(codes, (request.institution for request in requests if request.institution))
        enrolling = [request.enrolment_id for request in requests if request.step is Step.ENROL]
        self._agreed = work.enrolments.agreed(enrolling) if enrolling else {}
        self._changed: dict[str, Enrolment] = {}
        self._rejected: list[Enrolment] = []
        self._taken: list[Taken] = []

    def objections_to(self, request: StepRequest) -> list[Objection]:
        enrolment = self._known.get(request.enrolment_id)
        if enrolment is None:
            return [Objection(Rule.UNKNOWN_ENROLMENT, "/enrolment_id")]
        against = list(enrolment.objections_to(request))
        return against or [*objections_to_move(request, enrolment, self._around.institutions), *self._to_enrol(request, enrolment)]

    def take(self, request: StepRequest, cause: Cause, source: str) -> Enrolment:
        """Only after `objections_to` found nothing."""
        enrolment = self._known[request.enrolment_id]
        to = self._around.institutions.get(request.institution or "")
        self._taken.append(enrolment.take(request, source=source, request_id=cause.id, to=to))
        self._changed[enrolment.enrolment_id] = enrolment
        telling.tell_enrolment(enrolment, self._work, cause)
        return enrolment

    def reject(self, message: Received[Any], objections: Iterable[Objection]) -> None:
        answer = refusal(message, explain(objections))
        self._rejected.append(answer)
        telling.tell_enrolment(answer, self._work, message)

    def keep(self) -> None:
        self._work.enrolments.change(list(self._changed.values()))
        self._work.enrolments.add(self._rejected)
        self._work.history.add(self._taken)

    def _to_enrol(self, request: StepRequest, enrolment: Enrolment) -> Iterator[Objection]:
        programme = self._around.programmes.get(enrolment.programme or "")
        agreed = self._agreed.get(enrolment.enrolment_id, frozenset())
        if request.step is Step.ENROL and programme and programme.required_consents - agreed:
            yield Objection(Rule.CONSENT_MISSING, "/step")


def _answer(asked: Sequence[tuple[Received[Any], StepRequest]], work: "Work") -> None:
    steps = _Steps([request for _, request in asked], work)
    for message, request in asked:
        if objections := steps.objections_to(request):
            steps.reject(message, objections)
        else:
            steps.take(request, message, message.source)
    steps.keep()


def _raise_for(objections: Sequence[Objection]) -> None:
    """Raises what one error can say: that there is no such thing, that it does not follow, or what must be changed."""
    if not objections:
        return
    rules = {objection.rule for objection in objections}
    kind = NotFound if rules & _UNKNOWN else Conflict if rules & _DOES_NOT_FOLLOW else Invalid
    raise kind(reasons=explain(objections))
