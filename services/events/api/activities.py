"""Activities: opened, found, changed, called off."""

from typing import Any
from uuid import UUID

from services.chassis.http.request import Answer, Request
from services.events import telling
from services.events.access import EVERYONE, ORGANISERS, drafts_of, must_know, must_organise, system
from services.events.api import activity_schemas as schemas
from services.events.api.door import api
from services.events.api.explanations import shown_line
from services.events.domain.activity import Activity
from services.events.handlers import activities as handlers
from services.events.handlers import life
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
    """201 when it is new, 200 when the same activity was opened before. A draft is opened when it is published.

    A system organises what it opened itself.
    """
    request.body.opened_by = system(request.caller)
    must_organise(request.caller, request.body, work.resources)
    activity, is_new = handlers.open_activity(request.body, work, request.cause)
    request.concerns(activity.activity_id)
    return Answer(shown(activity), 201 if is_new else 200)


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
    found = work.activities.page(request.query, after, request.page.fetch, drafts_of(request.caller), system(request.caller))
    return request.page.answer([shown(activity) for activity in found], lambda item: (item["activity_id"],))


@api.get("/v1/activities/{id:uuid}", summary="An activity", roles=EVERYONE, returns={200: schemas.ActivitySchema()}, errors=(404,))
def activity(request: Request, work: Work) -> dict[str, Any]:
    found = find_activity(request.path["id"], work)
    must_know(request.caller, found, work.resources)
    return shown(found)


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
    return shown(handlers.change_capacity(request.path["id"], request.body["capacity"], work, request.cause))


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
    return shown(handlers.call_off(request.path["id"], work, request.cause))


@api.post(
    "/v1/activities/{id:uuid}/publish",
    summary="Publish a draft",
    roles=ORGANISERS,
    returns={200: schemas.ActivitySchema()},
    errors=(404, 409, 422),
    idempotent=True,
)
def publish(request: Request, work: Work) -> dict[str, Any]:
    """From then on it is open for sign-up, and everybody knows of it. What could not be opened today cannot be published."""
    organised(request, work)
    return shown(life.publish(request.path["id"], work, request.cause))


@api.post(
    "/v1/activities/{id:uuid}/take-back",
    summary="Make an activity a draft again",
    roles=ORGANISERS,
    returns={200: schemas.ActivitySchema()},
    errors=(404, 409),
    idempotent=True,
)
def take_back(request: Request, work: Work) -> dict[str, Any]:
    """While nobody is signed up; after that it can only be called off."""
    organised(request, work)
    return shown(life.take_back(request.path["id"], work, request.cause))


def organised(request: Request, work: Work) -> None:
    must_organise(request.caller, find_activity(request.path["id"], work), work.resources)


def shown(of: Activity) -> dict[str, Any]:
    """An activity as the door tells of it: the facts' content and what no fact tells."""
    own = {"description": of.description, "version": of.version, "completes_with": of.completes_with, "join_until": of.join_until}
    terms = {"rule": of.rule, "windows": of.windows, "quotas": of.quotas, "needs": of.needs}
    return telling.activity(of) | own | terms | {"taken": of.taken, "free": of.free, "waiting": of.waiting, "line": shown_line(of.line)}
