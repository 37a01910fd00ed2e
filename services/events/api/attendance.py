"""Attendance: who is expected at a session, and who came."""

from collections.abc import Sequence
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
    """From twelve hours before the session starts. Every person has a result of his own, and a correction keeps what was said before.

    Once the session has ended a correction needs a reason.
    """
    must_organise(request.caller, find_activity_of_session(request.path["id"], work), work.resources)
    outcomes = handlers.record_attendance(request.path["id"], request.body["attendance"], request.caller.subject, work, request.cause)
    return outcomes_of(request, outcomes, work.resources)


@api.post(
    "/v1/sessions/{id:uuid}/observations",
    summary="Merge what was seen without a network",
    roles=ORGANISERS,
    body=schemas.ObservationsSchema(),
    examples={"body": schemas.OBSERVATIONS},
    returns={200: schemas.OutcomesSchema()},
    errors=(404, 409),
    idempotent=True,
)
def merge_observations(request: Request, work: Work) -> dict[str, Any]:
    """What a device kept, each observation under a nonce and with the time at which it was seen.

    May be sent in any order, in parts and again: of each person the latest observation counts by its own time, then by who saw it, then
    by its nonce, and the others are kept behind it. Every observation has a result of its own; what is refused is not kept. Seen after
    the session's day in Denmark, it needs a reason. Who has no seat is recorded as `drop_in`, whatever the capacity.
    """
    must_organise(request.caller, find_activity_of_session(request.path["id"], work), work.resources)
    lines = [schemas.as_seen(line, request.caller.subject) for line in request.body["attendance"]]
    return outcomes_of(request, handlers.merge_observations(request.path["id"], lines, work, request.cause), work.resources)


@api.get(
    "/v1/sessions/{id:uuid}/attendance",
    summary="Who is expected and who came",
    roles=ORGANISERS,
    returns={200: schemas.RollSchema()},
    errors=(404,),
    personal=True,
)
def attendance(request: Request, work: Work) -> dict[str, Any]:
    """Everyone with a seat and everyone who dropped in, what counts of each, and everything that was seen."""
    activity = find_activity_of_session(request.path["id"], work)
    must_organise(request.caller, activity, work.resources)
    return _roll(handlers.call_the_roll(activity, request.path["id"], work), work)


def outcomes_of(request: Request, outcomes: Sequence[Outcome], resources: Resources) -> dict[str, Any]:
    """What became of each line that was sent, for the answer and for the audit."""
    request.concerns(*(outcome.person_id for outcome in outcomes))
    return {"session_id": request.path["id"], "results": [_outcome(outcome, resources) for outcome in outcomes]}


def _outcome(of: Outcome, resources: Resources) -> dict[str, Any]:
    errors = [resources.reason(of.refusal).as_dict()] if of.refusal else []
    attendance_id = of.attendance and of.attendance.attendance_id
    return {"person_id": of.person_id, "result": of.result.value, "attendance_id": attendance_id, "errors": errors}


def _roll(of: Roll, work: Work) -> dict[str, Any]:
    return {
        "session_id": of.session.session_id,
        "activity_id": of.activity.activity_id,
        "held_on": of.session.held_on,
        "capacity": of.activity.capacity,
        "came": of.came,
        "dropped_in": of.dropped_in,
        "over": of.over,
        "attendance": list(of.lines(work.attendance.history(of.session.session_id))),
    }
