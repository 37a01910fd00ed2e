"""The HTTP door to enrolments: what the bus takes, one by one or in bulk, and what people look up and end."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.chassis.contracts import example
from services.chassis.envelope import Received
from services.chassis.errors import Conflict, Forbidden
from services.chassis.http.caller import Role
from services.chassis.http.request import Answer, Request
from services.chassis.http.strict import Refused
from services.registration import access, messages, schemas
from services.registration.api.door import api
from services.registration.api.shown import shown, the_enrolment
from services.registration.domain.enrolment import Enrolment
from services.registration.domain.origin import DoneBy
from services.registration.domain.step import WithdrawalRequest
from services.registration.handlers import enrolling, steps
from services.registration.storage import Work
from services.registration.texts import reason

_EXAMPLE = {"id": example(enrolling.ENROLMENT_CONTRACT)["id"], "data": example(enrolling.ENROLMENT_CONTRACT)["data"]}


@api.post(
    "/v1/enrolment-requests",
    summary="Ask for an enrolment",
    roles=access.SENDERS,
    body=schemas.RequestSchema(),
    returns={200: schemas.EnrolmentSchema()},
    errors=(403, 409),
    idempotent=True,
    examples={"body": _EXAMPLE},
)
def request_enrolment(request: Request, work: Work) -> Mapping[str, Any]:
    """Accepted, or rejected with every reason at once. The same `id` with the same data is answered the same again.

    `data` is what the message enrolment.requested.v1 holds, and is checked by the same contract and rules. Who enrols with or
    for a family says so in `on_behalf_of`; a form that was filled where there was no network is sent later under the `id`
    that it got there.
    """
    [submitted] = _submitted([request.body], request)
    _must_enrol_there(submitted, request, work)
    [answer] = enrolling.take_enrolment_requests([submitted], work, _by([submitted], request))
    if answer is None:
        raise Conflict(reasons=[reason("same-id-other-content", "/id")])
    request.concerns(answer.enrolment_id)
    return messages.of_enrolment(answer)


@api.post(
    "/v1/enrolment-requests/bulk",
    summary="Ask for up to 500 enrolments",
    roles=(Role.SYSTEM, Role.COORDINATOR),
    body=schemas.RequestsSchema(),
    returns={200: schemas.BulkAnswersSchema()},
    idempotent=True,
    examples={"body": {"requests": [_EXAMPLE]}},
)
def request_enrolments(request: Request, work: Work) -> Mapping[str, Any]:
    """Each is answered on its own, in the same order; what is wrong with one is nothing to the others."""
    asked = request.body["requests"]
    submitted = _submitted([one for one in asked if not isinstance(one, Refused)], request)
    answers = enrolling.take_enrolment_requests(submitted, work, _by(submitted, request))
    request.concerns(*(answer.enrolment_id for answer in answers if answer))
    taken = zip(submitted, answers, strict=True)
    return {"answers": [_invalid(one) if isinstance(one, Refused) else _bulk_answer(*next(taken)) for one in asked]}


@api.get(
    "/v1/enrolments",
    summary="Enrolments",
    roles=access.ENROLMENT_READERS,
    query=schemas.EnrolmentQuery(),
    paged=(UUID,),
    returns={200: schemas.EnrolmentSchema()},
)
def enrolments(request: Request, work: Work) -> Answer:
    """Those that the caller may see, in the order in which they were answered."""
    page = request.page
    after = str(page.after[0]) if page.after else None
    found = work.enrolments.page(access.reach_of(request.caller), limit=page.fetch, after=after, where=request.query)
    return page.answer([shown(enrolment, request) for enrolment in found], lambda item: (item["enrolment_id"],))


@api.get(
    "/v1/enrolments/{id:uuid}",
    summary="An enrolment",
    roles=access.ENROLMENT_READERS,
    returns={200: schemas.EnrolmentSchema()},
    errors=(404,),
)
def enrolment(request: Request, work: Work) -> Mapping[str, Any]:
    return shown(the_enrolment(request, work), request)


@api.post(
    "/v1/enrolments/{id:uuid}/withdrawal",
    summary="End an enrolment",
    roles=access.WITHDRAWERS,
    body=schemas.WithdrawalSchema(),
    returns={200: schemas.EnrolmentSchema()},
    errors=(404, 409),
    idempotent=True,
    examples={"body": {"reason": "moved", "effective_date": "2024-06-01"}},
)
def withdraw_enrolment(request: Request, work: Work) -> Mapping[str, Any]:
    """`effective_date` is the first day on which the child is no longer enrolled."""
    asked = WithdrawalRequest(the_enrolment(request, work).enrolment_id, **request.body)
    return shown(steps.take_step(asked.as_step, work, request.cause, access.source_of(request.caller)), request)


def _submitted(bodies: Sequence[Mapping[str, Any]], request: Request) -> list[Received[Any]]:
    """Each body as the message that it would be on the bus."""
    source = access.source_of(request.caller)
    return [
        Received(
            id=body["id"],
            source=source,
            type="enrolment.requested.v1",
            subject="",
            data=body["data"],
            correlationid=request.cause.correlationid,
            traceparent=request.cause.traceparent,
            municipality=request.cause.municipality,
        )
        for body in bodies
    ]


def _by(submitted: Sequence[Received[Any]], request: Request) -> Mapping[str, DoneBy]:
    """Who sends them, where it is a person."""
    person = access.done_by(request.caller)
    return {message.id: person for message in submitted} if person else {}


def _must_enrol_there(submitted: Received[Any], request: Request, work: Work) -> None:
    """A child at home is enrolled by whoever acts for all institutions, and by health visitors, who come there."""
    handle = submitted.data.get("institution", "")
    if handle is None and not access.acts_at_homes(request.caller):
        raise Forbidden(reasons=[reason("not-your-institution", "/institution")])
    access.must_act_for(work.programmes.institutions_of([str(handle)]).get(str(handle)), request.caller, *access.STAFF, Role.PROFESSIONAL)


def _bulk_answer(message: Received[Any], answer: Enrolment | None) -> Mapping[str, Any]:
    if answer is None:
        conflict = reason("same-id-other-content", "/id").as_dict()
        return {"request_id": message.id, "status": "conflict", "enrolment": None, "reasons": [conflict]}
    return {"request_id": message.id, "status": answer.status, "enrolment": messages.of_enrolment(answer), "reasons": answer.reasons}


def _invalid(refused: Refused) -> Mapping[str, Any]:
    has_id = isinstance(refused.given, dict) and not any(one.field == "/id" for one in refused.reasons)
    reasons = [one.as_dict() for one in refused.reasons]
    return {"request_id": refused.given["id"] if has_id else None, "status": "invalid", "enrolment": None, "reasons": reasons}
