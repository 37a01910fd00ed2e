"""Courses: sessions that repeat, the same activity on other days, and who completed it."""

from typing import Any
from uuid import UUID

from services.chassis.http.request import Answer, Request
from services.chassis.ids import new_id
from services.events.access import ORGANISERS
from services.events.api import activity_schemas, course_schemas
from services.events.api.activities import organised, shown
from services.events.api.door import api
from services.events.handlers import activities, courses
from services.events.handlers.finding import find_activity
from services.events.storage import Work


@api.post(
    "/v1/session-plans",
    summary="Plan sessions that repeat",
    roles=ORGANISERS,
    body=course_schemas.RepeatSchema(),
    examples={"body": course_schemas.REPEAT},
    returns={200: course_schemas.PlanSchema()},
)
def plan_sessions(request: Request, work: Work) -> dict[str, Any]:
    """The sessions of a rule, without closing days, to open an activity with or to add. Nothing is kept."""
    return {"sessions": courses.plan_sessions(request.body, work)}


@api.post(
    "/v1/activities/{id:uuid}/copies",
    summary="Copy an activity to other days",
    roles=ORGANISERS,
    body=course_schemas.CopySchema(),
    examples={"body": {"starts_on": "2027-08-16"}},
    returns={201: activity_schemas.ActivitySchema(), 200: activity_schemas.ActivitySchema()},
    errors=(404, 409),
    idempotent=True,
)
def copy(request: Request, work: Work) -> Answer:
    """A draft with the same content and nobody in it, whose first session is on that day and the others as far from it as they were."""
    organised(request, work)
    copy_id = str(request.body["activity_id"] or new_id())
    activity, is_new = activities.copy(request.path["id"], copy_id, request.body["starts_on"], work, request.cause)
    request.concerns(activity.activity_id)
    return Answer(shown(activity), 201 if is_new else 200)


@api.get(
    "/v1/activities/{id:uuid}/completions",
    summary="Who completed a course",
    roles=ORGANISERS,
    paged=(UUID,),
    returns={200: course_schemas.CompletionSchema()},
    errors=(404,),
    personal=True,
)
def completions(request: Request, work: Work) -> Answer:
    """Everyone with a seat, to how many sessions he came, and whether that is enough; in the order of their ids."""
    organised(request, work)
    activity = find_activity(request.path["id"], work)
    after = str(request.page.after[0]) if request.page.after else None
    found = courses.completions(activity, after, request.page.fetch, work)
    items = [{"person_id": one.person_id, "role": one.role.value, "attended": one.attended, "completed": one.of(activity)} for one in found]
    return request.page.answer(items, lambda item: (item["person_id"],))
