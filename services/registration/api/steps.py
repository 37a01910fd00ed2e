"""The HTTP door to how an enrolment goes on: its next step, its history, and a child's journey."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from services.chassis.errors import Forbidden, NotFound
from services.chassis.http.caller import Role
from services.chassis.http.request import Request
from services.registration import access, messages, schemas
from services.registration.api import step_schemas
from services.registration.api.door import api
from services.registration.api.families import the_child
from services.registration.api.shown import shown, the_enrolment
from services.registration.domain.journey import Journey
from services.registration.domain.life import Step
from services.registration.domain.objection import Rule
from services.registration.domain.professional import Professional
from services.registration.domain.step import StepRequest
from services.registration.handlers import coming, steps
from services.registration.storage import Work
from services.registration.texts import reason

GUARDIANS_STEPS = frozenset({Step.INTEREST, Step.WITHDRAW})


@api.post(
    "/v1/enrolments/{id:uuid}/steps",
    summary="Take an enrolment's next step",
    roles=access.STEPPERS,
    body=step_schemas.StepSchema(),
    returns={200: schemas.EnrolmentSchema()},
    errors=(403, 404, 409),
    idempotent=True,
    examples={"body": step_schemas.MOVE},
)
def take_step(request: Request, work: Work) -> Mapping[str, Any]:
    """Interest, enrol, start, pause, resume, move, complete, withdraw, as what came before allows; a 409 says what may follow.

    A move without an institution leads home. A guardian shows interest and withdraws; staff do the rest. A step that is dated ahead takes
    effect on its day: until then the enrolment is as it was, and names the step under `coming`.
    """
    asked = StepRequest(the_enrolment(request, work).enrolment_id, **request.body)
    if access.reach_of(request.caller).family_only and asked.step not in GUARDIANS_STEPS:
        raise Forbidden(reasons=[reason(Rule.STEP_NOT_YOURS, "/step")])
    return shown(steps.take_step(asked, work, request.cause, access.source_of(request.caller)), request)


@api.delete(
    "/v1/enrolments/{id:uuid}/steps/{number:int}",
    summary="Call back a step that is coming",
    roles=access.STEPPERS,
    returns={200: schemas.EnrolmentSchema()},
    errors=(403, 404, 409),
    idempotent=True,
)
def call_back_step(request: Request, work: Work) -> Mapping[str, Any]:
    """By its `number` under `coming`; a 409 where its day has come. A system and a guardian call back what they asked for themselves."""
    enrolment, caller = the_enrolment(request, work), request.caller
    anybodys = any(caller.has(role) for role in access.STAFF)
    number, source = int(request.path["number"]), access.source_of(caller)
    return shown(coming.call_back(enrolment.enrolment_id, number, work, request.cause, source, anybodys=anybodys), request)


@api.get(
    "/v1/enrolments/{id:uuid}/history",
    summary="The steps of an enrolment",
    roles=access.ENROLMENT_READERS,
    returns={200: step_schemas.HistorySchema()},
    errors=(404,),
)
def history(request: Request, work: Work) -> Mapping[str, Any]:
    """Every step that was taken, in the order of their days; one whose day has not come is marked as `coming`."""
    enrolment = the_enrolment(request, work)
    found = steps.history_of(enrolment.enrolment_id, work)
    return {"items": [messages.of_taken(one, work.today, hidden=enrolment.hidden) for one in found]}


@api.get(
    "/v1/children/{id:uuid}/journey",
    summary="A child's journey",
    roles=(*access.STAFF, Role.GUARDIAN),
    personal=True,
    returns={200: step_schemas.JourneysSchema()},
    errors=(404,),
)
def journey(request: Request, work: Work) -> Mapping[str, Any]:
    """From home to daycare: what is done, what is coming and expected next, and what has stalled, for each enrolment."""
    child = the_child(request, work)
    return {"items": [_journey(one, hidden=child.hidden) for one in steps.journey_of(child.child_id, work)]}


@api.post(
    "/v1/professionals/{id:uuid}/steps",
    summary="Take a professional's next step",
    roles=(Role.COORDINATOR, Role.LEADER),
    body=step_schemas.StepSchema(),
    returns={200: schemas.RegisteredProfessionalSchema()},
    errors=(403, 404, 409),
    idempotent=True,
    examples={"body": step_schemas.PAUSE},
)
def take_professionals_step(request: Request, work: Work) -> Mapping[str, Any]:
    """The same steps as a child's; who was registered is enrolled. A leader takes them for the professionals of her institution."""
    _must_lead(request, work)
    asked = StepRequest(request.path["id"], **request.body)
    source = access.source_of(request.caller)
    return messages.of_professional(steps.take_professionals_step(request.path["id"], asked, work, request.cause, source))


@api.get(
    "/v1/professionals/{id:uuid}/history",
    summary="The steps of a professional",
    roles=(Role.COORDINATOR, Role.LEADER),
    returns={200: step_schemas.HistorySchema()},
    errors=(404,),
)
def professionals_history(request: Request, work: Work) -> Mapping[str, Any]:
    """Every step that was taken, the first one first."""
    professional = _must_lead(request, work)
    return {
        "items": [messages.of_taken(one, work.today, hidden=professional.hidden) for one in work.history.of(professional.professional_id)]
    }


def _must_lead(request: Request, work: Work) -> Professional:
    """The same answer for one who is out of reach as for one whom nobody knows."""
    professional = work.professionals.get(request.path["id"])
    if professional is None or not request.caller.reaches(professional.institution, Role.COORDINATOR, Role.LEADER):
        raise NotFound(reasons=[reason(Rule.UNKNOWN_PROFESSIONAL)])
    return professional


def _journey(journey: Journey, *, hidden: bool) -> Mapping[str, Any]:
    names = ("enrolment_id", "programme", "status", "stalled")
    milestones = [replace(one, institution=None) if hidden else one for one in journey.steps]
    return {name: getattr(journey, name) for name in names} | {"steps": milestones}
