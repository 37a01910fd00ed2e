"""Quotas of an activity: given more seats, or fewer."""

from typing import Any

from services.chassis.http.request import Request
from services.events.access import ORGANISERS
from services.events.api import activity_schemas as schemas
from services.events.api.activities import organised, shown
from services.events.api.door import api
from services.events.api.term_schemas import QuotaSeatsSchema
from services.events.handlers import quotas as handlers
from services.events.storage import Work


@api.put(
    "/v1/activities/{id:uuid}/quotas/{code}",
    summary="Change the seats of a quota",
    roles=ORGANISERS,
    body=QuotaSeatsSchema(),
    examples={"body": {"seats": 10}},
    returns={200: schemas.ActivitySchema()},
    errors=(404, 409),
    idempotent=True,
)
def resize_quota(request: Request, work: Work) -> dict[str, Any]:
    """What gets free goes to the waiting list at once; a limit below what is taken costs nobody his seat, and lets nobody more in."""
    organised(request, work)
    return shown(handlers.resize_quota(request.path["id"], request.path["code"], request.body["seats"], work, request.cause))
