"""A party answers an offer of seats."""

from typing import Any

from services.chassis.http.request import Request
from services.events.access import ORGANISERS, PARTICIPANTS
from services.events.api import signup_schemas as schemas
from services.events.api.door import api
from services.events.api.seen import seen, told
from services.events.handlers import offers
from services.events.storage import Work


@api.post(
    "/v1/signups/{id:uuid}/acceptance",
    summary="Accept the seats that are offered",
    roles=(*ORGANISERS, *PARTICIPANTS),
    returns={200: schemas.SignedUpSchema()},
    errors=(404, 409),
    idempotent=True,
)
def accept(request: Request, work: Work) -> dict[str, Any]:
    """The whole party is seated. An offer can be accepted until its seats have gone to the next. Read the warnings."""
    found, sight = seen(request, work)
    return told(sight, *offers.accept(found.signup_id, work, request.cause), work)


@api.post(
    "/v1/signups/{id:uuid}/declination",
    summary="Decline the seats that are offered",
    roles=(*ORGANISERS, *PARTICIPANTS),
    returns={200: schemas.SignupSchema()},
    errors=(404, 409),
    idempotent=True,
)
def decline(request: Request, work: Work) -> dict[str, Any]:
    """The party leaves the line, and the seats are offered to the next."""
    found, sight = seen(request, work)
    return sight.of(offers.decline(found.signup_id, work, request.cause))
