"""The HTTP door to corrections of who a child or a guardian is, and to their history."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from services.chassis.http.caller import Caller, Role
from services.chassis.http.request import Answer, Request
from services.registration import access
from services.registration.api import correction_schemas as schemas
from services.registration.api.door import api
from services.registration.domain.correction import Correction, Ground, IdentityRequest
from services.registration.domain.origin import DoneBy
from services.registration.domain.person import Kind
from services.registration.handlers import correcting
from services.registration.handlers.correcting import Asked
from services.registration.storage import Work


@api.post(
    "/v1/corrections",
    summary="Correct who a child or a guardian is",
    roles=(Role.COORDINATOR, Role.SYSTEM),
    body=schemas.CorrectionRequestSchema(),
    returns={200: schemas.IdentityCorrectedSchema()},
    errors=(404, 409),
    idempotent=True,
    examples={"body": schemas.CORRECTION},
)
def correct(request: Request, work: Work) -> Mapping[str, Any]:
    """Names, a child's birth date, a CPR number, with a reason; what was, who did it and why is kept (GDPR, article 16).

    A birth date and a number must agree afterwards; and where the child is enrolled still, its programme must take children of that age:
    otherwise the enrolment is ended first (`child-not-born`, `child-too-old`). A number that somebody else is stored with is refused
    (409): whether the two are one person is to be decided where duplicates are. Doing it again changes nothing, and no later request
    for an enrolment undoes it. A system corrects the children whom it enrolled and their guardians; anybody else is not found. How a
    guardian is reached is corrected at `PATCH /v1/guardians/{id}`.
    """
    body, caller = request.body, request.caller
    asked = IdentityRequest(Kind(body["kind"]), str(body["person_id"]), body["changes"], Ground(body["reason"]))
    corrected = correcting.correct_identity(
        Asked(asked, access.asked_by(caller), _done_by(caller), work.now, request.cause),
        work,
    )
    request.concerns(asked.person_id)
    return {"kind": asked.kind, "person_id": asked.person_id, "corrected": corrected}


@api.get(
    "/v1/corrections",
    summary="What was corrected",
    roles=(Role.COORDINATOR,),
    personal=True,
    query=schemas.CorrectionQuery(),
    paged=(UUID,),
    returns={200: schemas.IdentityCorrectionSchema()},
)
def corrections(request: Request, work: Work) -> Answer:
    """Each that changed something, in the order in which they came; of one who is protected that there was one, and not what."""
    page, person_id = request.page, request.query.get("person_id")
    after = str(page.after[0]) if page.after else None
    found = work.corrections.page(person_id=str(person_id) if person_id else None, after=after, limit=page.fetch)
    request.concerns(*dict.fromkeys(one.person_id for one in found[: page.limit]))
    hidden = () if access.needs_names(request) else _hidden(found, work)
    return page.answer([_correction(one, hidden) for one in found], lambda item: (item["correction_id"],))


def _done_by(caller: Caller) -> DoneBy:
    return access.done_by(caller) or DoneBy(access.source_of(caller), Role.SYSTEM)


def _hidden(found: Sequence[Correction], work: Work) -> Collection[str]:
    guardians = work.guardians.of(one.person_id for one in found if one.kind is Kind.GUARDIAN).values()
    children = work.protections.children([one.person_id for one in found if one.kind is Kind.CHILD])
    return {guardian.guardian_id for guardian in guardians if guardian.hidden} | children


def _correction(one: Correction, hidden: Collection[str]) -> dict[str, Any]:
    names = ("correction_id", "kind", "person_id", "reason", "said_at", "recorded_at")
    done_by = {"subject": one.done_by.subject, "role": one.done_by.role}
    is_hidden = one.person_id in hidden
    changes = [
        {"field": name, "before": None if is_hidden else one.before[name], "after": None if is_hidden else value}
        for name, value in one.after.items()
    ]
    return {name: getattr(one, name) for name in names} | {"done_by": done_by, "changes": changes}
