"""The HTTP door: activities, sign-ups to them, and attendance at their sessions.

Commands may be repeated: with an `Idempotency-Key` the first answer is given again, and without it a command that has
been carried out already changes nothing.
"""

from typing import Any
from uuid import UUID

from services.chassis.http.api import Api
from services.chassis.http.request import Answer, Request
from services.events import handlers, messages, schemas
from services.events.access import EVERYONE, ORGANISERS, PARTICIPANTS, must_organise, organises, own_ids, speaks_for
from services.events.domain.activity import Activity
from services.events.domain.attendance import Outcome, Roll
from services.events.domain.refusal import Slug
from services.events.domain.signup import Signup
from services.events.resources import Resources
from services.events.sight import Sight, sight_of
from services.events.storage import Work

api = Api(
    "events",
    title="Events",
    description="Activities with their sessions, sign-up of families and professionals, waiting lists in strict order, and attendance.",
)


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
    return _activity(handlers.find_activity(request.path["id"], work))


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
    _organised(request, work)
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
    _organised(request, work)
    return _activity(handlers.call_off(request.path["id"], work, request.cause))


@api.post(
    "/v1/activities/{id:uuid}/signups",
    summary="Sign a party up",
    roles=(*ORGANISERS, *PARTICIPANTS),
    body=schemas.SigningUpSchema(),
    examples={"body": schemas.SIGNING_UP},
    returns={201: schemas.SignupSchema(), 200: schemas.SignupSchema()},
    errors=(404, 409),
    idempotent=True,
)
def sign_up(request: Request, work: Work) -> Answer:
    """201 with a seat or a place in the line; 200 when the same party is signed up already.

    A 409 whose reasons end in `-not-known` may pass: registration's facts have perhaps not arrived yet. Try again in some seconds.
    """
    activity = handlers.find_activity(request.path["id"], work)
    party, contact_id = request.body["party"], request.body["contact_id"] and str(request.body["contact_id"])
    if not organises(request.caller, activity):
        contact_id = speaks_for(request.caller, own_ids(request.caller, work.aliases), party, contact_id, work.resources)
    signup, is_new = handlers.sign_up(activity.activity_id, party, contact_id, work, request.cause)
    request.concerns(signup.signup_id, *sorted(signup.people))
    return Answer(messages.signup(signup), 201 if is_new else 200)


@api.get(
    "/v1/activities/{id:uuid}/signups",
    summary="Who is signed up",
    roles=ORGANISERS,
    query=schemas.SignupQuery(),
    paged=(int,),
    returns={200: schemas.SignupSchema()},
    errors=(404,),
    personal=True,
)
def signups(request: Request, work: Work) -> Answer:
    """In the order in which they signed up, cancelled ones included."""
    _organised(request, work)
    after = request.page.after[0] if request.page.after else 0
    found = work.signups.page(request.path["id"], request.query.get("status"), after, request.page.fetch)
    numbers = {signup.signup_id: signup.number for signup in found}
    return request.page.answer([messages.signup(signup) for signup in found], lambda item: (numbers[item["signup_id"]],))


@api.get(
    "/v1/signups/{id:uuid}",
    summary="A sign-up",
    roles=(*ORGANISERS, *PARTICIPANTS),
    returns={200: schemas.SignupSchema()},
    errors=(404,),
)
def signup(request: Request, work: Work) -> dict[str, Any]:
    """With its present place on the waiting list, if it waits.

    A guardian who is not its contact sees himself and the children in the party, and who is its contact is null. It is hidden from
    a guardian who may not be told of a child in it.
    """
    found, sight = _seen(request, work)
    return sight.of(found)


@api.post(
    "/v1/signups/{id:uuid}/cancellation",
    summary="Cancel a sign-up",
    roles=(*ORGANISERS, *PARTICIPANTS),
    returns={200: schemas.SignupSchema()},
    errors=(404, 409),
    idempotent=True,
)
def cancel(request: Request, work: Work) -> dict[str, Any]:
    """The whole party's; what it held goes to the first in the line."""
    found, sight = _seen(request, work)
    return sight.of(handlers.cancel(found.signup_id, work, request.cause))


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
    must_organise(request.caller, handlers.find_activity_of_session(request.path["id"], work), work.resources)
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
    activity = handlers.find_activity_of_session(request.path["id"], work)
    must_organise(request.caller, activity, work.resources)
    return _roll(handlers.call_the_roll(activity, request.path["id"], work), work)


def _organised(request: Request, work: Work) -> None:
    must_organise(request.caller, handlers.find_activity(request.path["id"], work), work.resources)


def _seen(request: Request, work: Work) -> tuple[Signup, Sight]:
    """The sign-up and how the caller sees it, or `NotFound` also where he may not know that there is one."""
    found = handlers.find_signup(request.path["id"], work)
    sight = sight_of(found, handlers.find_activity(found.activity_id, work), request.caller, work)
    return found, sight or work.resources.missing(Slug.SIGNUP_NOT_FOUND)


def _activity(of: Activity) -> dict[str, Any]:
    return messages.activity(of) | {"taken": of.taken, "free": of.free, "waiting": of.waiting}


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
