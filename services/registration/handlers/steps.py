"""What registration can be asked to do with an enrolment that there is: take the next step, on the bus or over HTTP, and look back.

The table of what may follow what is in `domain/life.py`, and in which order steps count in `domain/timeline.py`. A step on the bus
that does not follow yet is put off, since what it follows may be on its way; a refused step changes nothing and says what may follow.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
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
from services.registration.domain.step import StepRequest, WithdrawalRequest, objections_to_birth, objections_to_day, objections_to_place
from services.registration.domain.timeline import Timeline, in_order
from services.registration.expectations import EXPECTATIONS
from services.registration.handlers import coming
from services.registration.handlers.cases import refusal
from services.registration.handlers.saying import said_at
from services.registration.texts import explain, reason

if TYPE_CHECKING:
    from services.registration.storage import Work

STEP_CONTRACT = "enrolment.step-requested/v1"
WITHDRAWAL_CONTRACT = "enrolment.withdrawal-requested/v1"

_UNKNOWN = {Rule.UNKNOWN_ENROLMENT}
_DOES_NOT_FOLLOW = {Rule.STEP_NOT_ALLOWED, Rule.ALREADY_WITHDRAWN, Rule.ENROLMENT_NOT_ACCEPTED}
_MAY_COME_YET = {Rule.STEP_NOT_ALLOWED, Rule.ALREADY_THERE, Rule.CONSENT_MISSING}
"""What another step, or a consent, may mend."""


# A child's enrolment goes on.


def answer_steps(asked: Sequence[Received[StepRequest]], work: "Work") -> None:
    """Take each step in the order of their days, put it off, or reject it with the reasons."""
    _answer([(message, message.data) for message in asked], work)


def answer_withdrawals(asked: Sequence[Received[WithdrawalRequest]], work: "Work") -> None:
    """End each enrolment, or reject with the reason; of two requests for the same, the one with the earlier day ends it."""
    _answer([(message, message.data.as_step) for message in asked], work)


def take_step(request: StepRequest, work: "Work", cause: Cause, source: str) -> Enrolment:
    """The same for somebody who may see the enrolment. Raises `NotFound`, `Invalid`, or `Conflict` where the step does not follow."""
    timelines, asked = _Timelines([request], work), _Asked(request, cause, source, work.now)
    _raise_for(timelines.objections_to(asked))
    enrolment = timelines.take(asked)
    timelines.keep()
    return enrolment


# A professional's goes on.


def take_professionals_step(professional_id: str, request: StepRequest, work: "Work", cause: Cause, source: str) -> Professional:
    """Take a professional's next step. Raises `NotFound`, `Invalid`, or `Conflict` where it does not follow."""
    professional = work.professionals.lock(professional_id)
    if professional is None:
        raise NotFound(reasons=[reason(Rule.UNKNOWN_PROFESSIONAL)])
    places = work.programmes.institutions_of([request.institution] if request.institution else [])
    programme = work.programmes.of_codes([professional.programme]).get(professional.programme)
    _raise_for([*professional.objections_to(request, places), *objections_to_day(request, None, programme, work.today)])
    taken = professional.take(request, source=source, request_id=cause.id, to=places.get(request.institution or ""))
    work.professionals.change(professional)
    work.history.add([taken])
    telling.tell_professional(professional, work, cause)
    return professional


# Looking back, and ahead.


def history_of(enrolment_id: str, work: "Work") -> list[Taken]:
    """The steps of an enrolment that count, in the order of their days; those behind today are coming."""
    return in_order(work.history.of(enrolment_id))


def journey_of(child_id: str, work: "Work") -> list[Journey]:
    """What was done, is coming, is expected and has stalled, for each enrolment of the child."""
    by_enrolment = groupby(work.history.of_child(child_id), attrgetter("subject_id"))
    taken = {subject_id: in_order(steps) for subject_id, steps in by_enrolment}
    found = work.enrolments.of_child(child_id)
    return [journeys.journey(enrolment, taken[enrolment.enrolment_id], EXPECTATIONS, work.today) for enrolment in found]


# The steps that they share.


class _Timelines:
    """The enrolments that a batch of steps is about, locked, each with its timeline, and what the batch makes of them."""

    def __init__(self, requests: Sequence[StepRequest], work: "Work") -> None:
        self._work = work
        known = work.enrolments.lock(request.enrolment_id for request in requests)
        coming.take_effect(known.values(), work)
        taken = work.history.of_all(known)
        self._timelines = {id_: Timeline(enrolment, taken[id_]) for id_, enrolment in known.items()}
        places = {one.institution for steps in taken.values() for one in steps} | {request.institution for request in requests}
        codes = {enrolment.programme for enrolment in known.values() if enrolment.programme}
        self._around = work.known(codes, filter(None, places))
        enrolling = [request.enrolment_id for request in requests if request.step is Step.ENROL]
        self._agreed = work.enrolments.agreed(enrolling) if enrolling else {}
        self._changed: dict[str, Enrolment] = {}
        self._rejected: list[Enrolment] = []
        self._taken: list[Taken] = []

    def objections_to(self, asked: "_Asked") -> list[Objection]:
        timeline = self._timelines.get(asked.request.enrolment_id)
        if timeline is None:
            return [Objection(Rule.UNKNOWN_ENROLMENT, "/enrolment_id")]
        against = [*self._to_place_and_day(asked.request, timeline)]
        return against or [*timeline.objections_to(self._step(asked)), *self._to_enrol(asked.request, timeline.enrolment)]

    def may_follow_later(self, asked: "_Asked", objections: Sequence[Objection]) -> bool:
        """Whether nothing speaks against it but what may come before it yet."""
        waits = all(objection.rule in _MAY_COME_YET for objection in objections)
        return waits and self._timelines[asked.request.enrolment_id].may_follow_later(self._step(asked), self._work.today)

    def take(self, asked: "_Asked") -> Enrolment:
        """Only after `objections_to` found nothing."""
        timeline = self._timelines[asked.request.enrolment_id]
        self._taken.append(timeline.take(self._step(asked), self._around.institutions, self._work.today))
        self._changed[timeline.enrolment.enrolment_id] = timeline.enrolment
        telling.tell_enrolment(timeline.enrolment, self._work, asked.cause)
        return timeline.enrolment

    def reject(self, message: Received[Any], objections: Iterable[Objection]) -> None:
        answer = refusal(message, explain(objections))
        self._rejected.append(answer)
        telling.tell_enrolment(answer, self._work, message)

    def keep(self) -> None:
        self._work.enrolments.change(list(self._changed.values()))
        self._work.enrolments.add(self._rejected)
        self._work.history.add(self._taken)

    def _step(self, asked: "_Asked") -> Taken:
        to = self._around.institutions.get(asked.request.institution or "")
        return asked.request.as_taken(asked.source, asked.cause.id, asked.said_at, to)

    def _to_place_and_day(self, request: StepRequest, timeline: Timeline) -> Iterator[Objection]:
        enrolment, start = timeline.enrolment, timeline.enrolment.start_date if timeline.ever_enrolled else None
        yield from objections_to_place(request, enrolment.programme, self._around.institutions)
        yield from objections_to_birth(request, enrolment.birth_month)
        yield from objections_to_day(request, start, self._around.programmes.get(enrolment.programme or ""), self._work.today)

    def _to_enrol(self, request: StepRequest, enrolment: Enrolment) -> Iterator[Objection]:
        programme = self._around.programmes.get(enrolment.programme or "")
        agreed = self._agreed.get(enrolment.enrolment_id, frozenset())
        if request.step is Step.ENROL and programme and programme.required_consents - agreed:
            yield Objection(Rule.CONSENT_MISSING, "/step")


@dataclass(frozen=True, slots=True)
class _Asked:
    """A step as it was asked for: by whom, and when he said so."""

    request: StepRequest
    cause: Cause
    source: str
    said_at: datetime


def _answer(asked: Sequence[tuple[Received[Any], StepRequest]], work: "Work") -> None:
    timelines = _Timelines([request for _, request in asked], work)
    for message, request in sorted(asked, key=lambda pair: pair[1].effective_date):
        _answer_one(message, _Asked(request, message, message.source, said_at(message, work)), timelines, work)
    timelines.keep()


def _answer_one(message: Received[Any], asked: _Asked, timelines: _Timelines, work: "Work") -> None:
    objections = timelines.objections_to(asked)
    if not objections:
        timelines.take(asked)
    elif not (timelines.may_follow_later(asked, objections) and work.put_off(message)):
        timelines.reject(message, objections)


def _raise_for(objections: Sequence[Objection]) -> None:
    """Raises what one error can say: that there is no such thing, that it does not follow, or what must be changed."""
    if not objections:
        return
    rules = {objection.rule for objection in objections}
    kind = NotFound if rules & _UNKNOWN else Conflict if rules & _DOES_NOT_FOLLOW else Invalid
    raise kind(reasons=explain(objections))
