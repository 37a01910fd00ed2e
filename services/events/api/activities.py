"""Activities: opened, found, changed, called off."""

from typing import Any
from uuid import UUID

from services.chassis.http.request import Answer, Request
from services.events import telling
from services.events.access import EVERYONE, ORGANISERS, must_organise
from services.events.api import activity_schemas as schemas
from services.events.api.door import api
from services.events.domain.activity import Activity
from services.events.handlers import activities as handlers
from services.events.handlers.finding import find_activity
from services.events.storage import Work


@api.post(
    "/v1/activities",
    summary="Open an activity",
    roles=ORGANISERS,
    body=schemas.OpeningSchema(),
    examples={"body": schemas.OPENING},
    returns={201: schemas.ActivitySchema(), 200: schemas.ActivitySchema()},
    errors=(409,),
    idempotent=True,
)
def open_activity(request: Request, work: Work) -> Answer:
    """201 when it is new, 200 when the same activity was opened before."""
    must_organise(request.caller, request.body, work.resources)
    activity, is_new = handlers.open_activity(request.body, work, request.cause)
    request.concerns(activity.activity_id)
    return Answer(_activity(activity), 201 if is_new else 200)


@api.get(
    "/v1/activities",
    summary="Activities",
    roles=EVERYONE,
    query=schemas.ActivityQuery(),
    paged=(UUID,),
    returns={200: schemas.ActivitySchema()},
)
def activities(request: Request, work: Work) -> Answer:
    """In the order of their ids, which for ids of ours is the order in which they were opened."""
    after = str(request.page.after[0]) if request.page.after else None
    found = work.activities.page(request.query, after, request.page.fetch)
    return request.page.answer([_activity(activity) for activity in found], lambda item: (item["activity_id"],))


@api.get("/v1/activities/{id:uuid}", summary="An activity", roles=EVERYONE, returns={200: schemas.ActivitySchema()}, errors=(404,))
def activity(request: Request, work: Work) -> dict[str, Any]:
    return _activity(find_activity(request.path["id"], work))


@api.patch(
    "/v1/activities/{id:uuid}",
    summary="Change an activity's capacity",
    roles=ORGANISERS,
    body=schemas.CapacitySchema(),
    examples={"body": {"capacity": 24}},
    returns={200: schemas.ActivitySchema()},
    errors=(404, 409),
    idempotent=True,
)
def change_capacity(request: Request, work: Work) -> dict[str, Any]:
    """More seats go to the waiting list at once; never fewer than are taken."""
    organised(request, work)
    return _activity(handlers.change_capacity(request.path["id"], request.body["capacity"], work, request.cause))


@api.post(
    "/v1/activities/{id:uuid}/call-off",
    summary="Call an activity off",
    roles=ORGANISERS,
    returns={200: schemas.ActivitySchema()},
    errors=(404, 409),
    idempotent=True,
)
def call_off(request: Request, work: Work) -> dict[str, Any]:
    """Every sign-up to it is cancelled."""
    organised(request, work)
    return _activity(handlers.call_off(request.path["id"], work, request.cause))


def organised(request: Request, work: Work) -> None:
    must_organise(request.caller, find_activity(request.path["id"], work), work.resources)


def _activity(of: Activity) -> dict[str, Any]:
    return telling.activity(of) | {"taken": of.taken, "free": of.free, "waiting": of.waiting}
