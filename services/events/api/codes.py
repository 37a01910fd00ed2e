"""A sign-up's short code, as text and to be scanned; and checking in by it."""

from typing import Any

from services.chassis.http.request import Answer, Request
from services.events.access import ORGANISERS, PARTICIPANTS, must_let_in
from services.events.api import code_schemas as schemas
from services.events.api.attendance import outcomes_of
from services.events.api.attendance_schemas import OutcomesSchema
from services.events.api.door import api
from services.events.documents import qr
from services.events.domain.code import code_of
from services.events.domain.refusal import Slug
from services.events.handlers.checking_in import Scan, check_in_by_code
from services.events.handlers.finding import find_activity, find_activity_of_session, find_signup
from services.events.sight import sight_of
from services.events.storage import Work

WHO = (*ORGANISERS, *PARTICIPANTS)


@api.get("/v1/signups/{id:uuid}/code", summary="A sign-up's code", roles=WHO, returns={200: schemas.CodeSchema()}, errors=(404,))
def code(request: Request, work: Work) -> dict[str, Any]:
    """What the party shows, or says, when it comes. Whoever may see the sign-up may see its code."""
    return {"signup_id": request.path["id"], "code": _code(request, work)}


@api.get(
    "/v1/signups/{id:uuid}/code.svg", summary="A sign-up's code as a QR code", roles=WHO, returns={200: "image/svg+xml"}, errors=(404,)
)
def code_as_svg(request: Request, work: Work) -> Answer:
    """It holds `DELTAG:` and the code, nothing of who comes or to what."""
    return Answer(qr.as_svg(_code(request, work)))


@api.get(
    "/v1/signups/{id:uuid}/code.png", summary="A sign-up's code as a QR code, drawn", roles=WHO, returns={200: "image/png"}, errors=(404,)
)
def code_as_png(request: Request, work: Work) -> Answer:
    """The same as a picture of dots."""
    return Answer(qr.as_png(_code(request, work)))


@api.post(
    "/v1/sessions/{id:uuid}/check-ins",
    summary="Check a party in by its code",
    roles=ORGANISERS,
    body=schemas.CheckInSchema(),
    examples={"body": schemas.CHECK_IN},
    returns={200: OutcomesSchema()},
    errors=(404, 409),
    idempotent=True,
)
def check_in(request: Request, work: Work) -> dict[str, Any]:
    """The whole party is present, or those of it who are named; again it changes nothing. For organisers and kiosks, which are systems.

    A code that was mistyped is 422; one that belongs to no seat at this activity is 409.
    """
    must_let_in(request.caller, find_activity_of_session(request.path["id"], work), work.resources)
    people = request.body["people"] and [str(person) for person in request.body["people"]]
    outcomes = check_in_by_code(request.path["id"], Scan(request.body["code"], request.caller.subject, people), work, request.cause)
    return outcomes_of(request, outcomes, work.resources)


def _code(request: Request, work: Work) -> str:
    found = find_signup(request.path["id"], work)
    seen = sight_of(found, find_activity(found.activity_id, work), request.caller, work)
    return code_of(found.signup_id) if seen else work.resources.missing(Slug.SIGNUP_NOT_FOUND)
