"""Changes of what is there: an activity's details and sessions, of one activity or of many, first to be seen and then to be done."""

from typing import Any

from services.chassis.http.request import Request
from services.events.access import ORGANISERS, must_organise
from services.events.api import change_schemas as schemas
from services.events.api.activities import shown
from services.events.api.bookings import clash
from services.events.api.door import api
from services.events.domain.change import Step
from services.events.domain.session import Session
from services.events.handlers import changing
from services.events.handlers.changing import Changed
from services.events.storage import Work


@api.post(
    "/v1/activities/changes",
    summary="Change activities and their sessions",
    roles=ORGANISERS,
    body=schemas.ChangesSchema(),
    examples={"body": schemas.CHANGES},
    returns={200: schemas.ChangedSchema()},
    errors=(409,),
    idempotent=True,
)
def change(request: Request, work: Work) -> dict[str, Any]:
    """All of them or none, and what the sessions have booked goes with them.

    With `dry_run` nothing is done, and the answer is what it would be.

    A change names the `version` that was seen: where somebody else has changed the activity meanwhile, it is refused. Those who are
    signed up keep their seats and places, whatever the terms are then, and are told when a session is added, moved or called off. What
    gets free by other terms is the waiting list's at once.
    """
    asked, dry_run = request.body["changes"], request.body["dry_run"]
    for activity in work.activities.these([one.activity_id for one in asked]):
        must_organise(request.caller, activity, work.resources)
    request.concerns(*(one.activity_id for one in asked))
    done = (changing.preview if dry_run else changing.change)(asked, work, request.cause)
    for one in done:
        must_organise(request.caller, one.plan.after, work.resources)
    return {"dry_run": dry_run, "changes": [_changed(one) for one in done]}


def _changed(of: Changed) -> dict[str, Any]:
    steps = [_step(step) for step in of.plan.steps]
    away = sorted({one.signup_id for one in of.elsewhere})
    return {
        "activity": shown(of.plan.after),
        "sessions": steps,
        "affected": of.affected,
        "clashes": [clash(one) for one in of.clashes],
        "elsewhere": away,
        "outside": of.touched.outside,
        "promoted": of.touched.promoted,
        "quotas_below_taken": [quota.code for quota in of.plan.after.quotas if quota.is_below_taken],
        "too_many_away": [cover.institution for cover in of.covers],
    }


def _step(of: Step) -> dict[str, Any]:
    return {"what": of.what.value, "session_id": of.session_id, "before": _session(of.before), "after": _session(of.after)}


def _session(of: Session | None) -> dict[str, Any] | None:
    return {"starts_at": of.starts_at, "ends_at": of.ends_at, "place": of.place} if of else None
