"""Attendance: who is expected at a session, and who came."""

from typing import Any

from services.chassis.http.request import Request
from services.events.access import ORGANISERS, must_organise
from services.events.api import attendance_schemas as schemas
from services.events.api.door import api
from services.events.domain.attendance import Outcome, Roll
from services.events.handlers import attendance as handlers
from services.events.handlers.finding import find_activity_of_session
from services.events.resources import Resources
from services.events.storage import Work


@api.put(
    "/v1/sessions/{id:uuid}/attendance",
    summary="Record who came",
    roles=ORGANISERS,
    body=schemas.MarksSchema(),
    examples={"body": schemas.MARKS},
    returns={200: schemas.OutcomesSchema()},
    errors=(404, 409),
    idempotent=True,
)
def record_attendance(request: Request, work: Work) -> dict[str, Any]:
    """From twelve hours before the session starts. Every person has a result of his own, and a correction keeps what was said before."""
    must_organise(request.caller, find_activity_of_session(request.path["id"], work), work.resources)
    outcomes = handlers.record_attendance(request.path["id"], request.body["attendance"], request.caller.subject, work, request.cause)
    request.concerns(*(outcome.person_id for outcome in outcomes))
    return {"session_id": request.path["id"], "results": [_outcome(outcome, work.resources) for outcome in outcomes]}


@api.get(
    "/v1/sessions/{id:uuid}/attendance",
    summary="Who is expected and who came",
    roles=ORGANISERS,
    returns={200: schemas.RollSchema()},
    errors=(404,),
    personal=True,
)
def attendance(request: Request, work: Work) -> dict[str, Any]:
    """Everyone with a seat, what is recorded of each, and what was recorded before."""
    activity = find_activity_of_session(request.path["id"], work)
    must_organise(request.caller, activity, work.resources)
    return _roll(handlers.call_the_roll(activity, request.path["id"], work), work)


def _outcome(of: Outcome, resources: Resources) -> dict[str, Any]:
    result = "refused" if of.refusal else "recorded" if of.changed else "unchanged"
    errors = [resources.reason(of.refusal).as_dict()] if of.refusal else []
    return {"person_id": of.person_id, "result": result, "attendance_id": of.attendance and of.attendance.attendance_id, "errors": errors}


def _roll(of: Roll, work: Work) -> dict[str, Any]:
    return {
        "session_id": of.session.session_id,
        "activity_id": of.activity.activity_id,
        "held_on": of.session.held_on,
        "attendance": [
            {
                "person_id": line.person_id,
                "role": line.role.value,
                "signup_id": line.signup_id,
                "state": line.state,
                "history": line.history,
            }
            for line in of.lines(work.attendance.history(of.session.session_id))
        ],
    }
