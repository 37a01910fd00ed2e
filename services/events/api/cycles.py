"""Cycles: several activities for professionals as one."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from services.chassis.http.request import Answer, Request
from services.chassis.ids import new_id
from services.events import covering, telling
from services.events.access import (
    EVERYONE,
    ORGANISERS,
    PARTICIPANTS,
    acts_for_others,
    must_know,
    must_organise,
    own_ids,
    speaks_for,
    system,
)
from services.events.api.activity_schemas import TitleSchema
from services.events.api.door import api
from services.events.api.signup_schemas import SIGNING_UP, ComingSchema, SignedUpSchema
from services.events.domain.cycle import Cycle
from services.events.handlers import cycles as handlers
from services.events.handlers import overlapping
from services.events.schemas import code
from services.events.storage import Work

MOST_PARTS = 10

CYCLE = {
    "programme": "sammen-om-boern",
    "title": {"da": "Fra laboratorium til praksis", "en": "From the lab into practice"},
    "parts": ["018d0c3d-e740-7c40-8f2e-3d9a51c7e109", "018d0c3d-e740-7c40-8f2e-3d9a51c7e110"],
}


class PuttingTogetherSchema(Schema):
    """Activities that follow each other. With an id of the sender's, putting it together again is the same cycle."""

    cycle_id = fields.UUID(metadata={"description": "The sender's own id for it; without it, every call makes a new one."})
    programme = code("The programme.", required=True)
    title = fields.Nested(TitleSchema, required=True)
    parts = fields.List(
        fields.UUID(),
        required=True,
        validate=validate.Length(min=2, max=MOST_PARTS),
        metadata={"description": "The activities, in the order in which they follow each other."},
    )

    @post_load
    def cycle(self, data: dict[str, Any], **_: Any) -> Cycle:
        return Cycle(str(data.get("cycle_id") or new_id()), data["programme"], data["title"], [str(part) for part in data["parts"]])


class CycleSchema(Schema):
    cycle_id = fields.String(metadata={"format": "uuid"})
    programme = fields.String()
    title = fields.Nested(TitleSchema)
    parts = fields.List(fields.String(metadata={"format": "uuid"}))


class CycleSignupsSchema(Schema):
    signups = fields.List(fields.Nested(SignedUpSchema), metadata={"description": "One for each part, in their order."})


class CycleCompletionSchema(Schema):
    person_id = fields.String(metadata={"format": "uuid"})
    parts = fields.Integer(metadata={"description": "How many parts he completed."})
    completed = fields.Boolean(metadata={"description": "Whether he completed all of them."})


class CycleCompletionsSchema(Schema):
    items = fields.List(fields.Nested(CycleCompletionSchema))


@api.post(
    "/v1/cycles",
    summary="Put activities together as one",
    roles=ORGANISERS,
    body=PuttingTogetherSchema(),
    examples={"body": CYCLE},
    returns={201: CycleSchema(), 200: CycleSchema()},
    errors=(409,),
    idempotent=True,
)
def put_together(request: Request, work: Work) -> Answer:
    """A learning lab, what follows in practice, and supervision; 200 when the same was put together before."""
    for activity in handlers.parts_of(request.body, work).values():
        must_organise(request.caller, activity, work.resources)
    cycle, is_new = handlers.put_together(request.body, work)
    request.concerns(cycle.cycle_id)
    return Answer(cycle, 201 if is_new else 200)


@api.get("/v1/cycles/{id:uuid}", summary="A cycle", roles=EVERYONE, returns={200: CycleSchema()}, errors=(404,))
def cycle(request: Request, work: Work) -> Any:
    return _known(request, work)


@api.post(
    "/v1/cycles/{id:uuid}/signups",
    summary="Sign a party up to all parts of a cycle",
    roles=(*ORGANISERS, *PARTICIPANTS),
    body=ComingSchema(),
    examples={"body": SIGNING_UP},
    returns={201: CycleSignupsSchema(), 200: CycleSignupsSchema()},
    errors=(404, 409),
    idempotent=True,
)
def sign_up_to_cycle(request: Request, work: Work) -> Answer:
    """All parts or none: where one refuses the party, nothing is done. It may have a seat in one and wait for another."""
    found, party = _known(request, work), request.body["party"]
    contact_id = request.body["contact_id"] and str(request.body["contact_id"])
    if not all(acts_for_others(request.caller, part) for part in handlers.parts_of(found, work).values()):
        contact_id = speaks_for(request.caller, own_ids(request.caller, work.aliases), party, contact_id, work.resources)
    overlapping.hold_party(party, work)
    made, is_new = handlers.sign_up(found, party, contact_id, work, request.cause, made_by=system(request.caller))
    shown = []
    for signup in made:
        warnings = [*overlapping.judge(signup, work, is_new=is_new), *covering.warnings(signup, work)]
        told = {"warnings": [work.resources.reason(warning).as_dict() for warning in warnings]} if warnings else {}
        shown.append(telling.signup(signup) | told)
    request.concerns(*(signup.signup_id for signup in made), *(member.person_id for member in party))
    return Answer({"signups": shown}, 201 if is_new else 200)


@api.get(
    "/v1/cycles/{id:uuid}/completions",
    summary="Who completed a cycle",
    roles=ORGANISERS,
    returns={200: CycleCompletionsSchema()},
    errors=(404,),
    personal=True,
)
def cycle_completions(request: Request, work: Work) -> dict[str, Any]:
    """Who has a seat in any part, by the id of the person. A part that says no number of sessions takes one."""
    found = _known(request, work)
    for part in handlers.parts_of(found, work).values():
        must_organise(request.caller, part, work.resources)
    return {"items": handlers.completions(found, work)}


def _known(request: Request, work: Work) -> Cycle:
    """Raises `NotFound` where a part is a draft, which nobody knows of but who may run it."""
    found = handlers.find_cycle(request.path["id"], work)
    for part in handlers.parts_of(found, work).values():
        must_know(request.caller, part, work.resources)
    return found
