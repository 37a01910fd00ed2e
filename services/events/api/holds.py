"""Seats that are held while a form is filled in."""

from typing import Any

from services.chassis.http.request import Answer, Request
from services.events.access import ORGANISERS, PARTICIPANTS, acts_for_others
from services.events.api import hold_schemas as schemas
from services.events.api.door import api
from services.events.api.signup_schemas import SIGNING_UP, ComingSchema
from services.events.api.signups import asked_by
from services.events.domain.hold import MOST_HELD, MOST_HELD_FOR_OTHERS
from services.events.handlers import holding as handlers
from services.events.handlers.finding import find_activity
from services.events.storage import Work


@api.post(
    "/v1/activities/{id:uuid}/holds",
    summary="Hold seats while the form is filled in",
    roles=(*ORGANISERS, *PARTICIPANTS),
    body=ComingSchema(),
    examples={"body": SIGNING_UP},
    returns={201: schemas.HoldSchema()},
    errors=(404, 409),
    idempotent=True,
)
def hold_seats(request: Request, work: Work) -> Answer:
    """For ten minutes and two for each of the party; the sign-up that names the hold gets them. One at a time for each activity."""
    activity_id, party, contact_id = asked_by(request, work)
    for_others = acts_for_others(request.caller, find_activity(activity_id, work))
    most = MOST_HELD_FOR_OTHERS if for_others else MOST_HELD
    hold = handlers.hold_seats(activity_id, party, contact_id, work, request.cause, held_by=request.caller.subject, most=most)
    request.concerns(activity_id, hold.hold_id)
    return Answer(hold, 201)


@api.post(
    "/v1/holds/{id:uuid}/extension",
    summary="Hold the seats a little longer",
    roles=(*ORGANISERS, *PARTICIPANTS),
    returns={200: schemas.HoldSchema()},
    errors=(404, 409),
    idempotent=True,
)
def extend_hold(request: Request, work: Work) -> Any:
    """Its whole time again, from now; once. Only whoever holds them finds them."""
    return handlers.extend_hold(request.path["id"], request.caller.subject, work)


@api.post(
    "/v1/holds/{id:uuid}/release",
    summary="Give held seats back",
    roles=(*ORGANISERS, *PARTICIPANTS),
    returns={204: None},
    errors=(404,),
    idempotent=True,
)
def give_back(request: Request, work: Work) -> Answer:
    """They go to the waiting list first. Only whoever holds them finds them."""
    handlers.give_back(request.path["id"], request.caller.subject, work, request.cause)
    return Answer(status=204)
