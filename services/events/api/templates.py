"""Templates of activities: looked up, and opened by."""

from dataclasses import asdict
from typing import Any

from marshmallow import Schema, fields, validate

from services.chassis.http.request import Answer, Request
from services.chassis.http.strict import load, strictly
from services.events.access import ORGANISERS, must_organise, system
from services.events.api import activity_schemas as schemas
from services.events.api.activities import shown
from services.events.api.door import api
from services.events.domain.activity import ActivityStatus
from services.events.domain.refusal import Slug
from services.events.handlers import activities
from services.events.schemas import LINE, OUR_TIME, code
from services.events.storage import Work

_OPENING = strictly(schemas.OpeningSchema())
_OTHERWISE = ("activity_id", "title", "description", "way", "capacity", "institution")


class TemplateQuery(Schema):
    programme = code("Of this programme.", required=True)


class TemplateSchema(Schema):
    code = fields.String()
    text = fields.Dict(keys=fields.String(), values=fields.String(), metadata={"description": "What it is called, by language."})
    kind = fields.String()
    session_minutes = fields.Integer()
    defaults = fields.Dict(keys=fields.String(), metadata={"description": "Fields of an opening."})


class TemplatesSchema(Schema):
    items = fields.List(fields.Nested(TemplateSchema))


class ByTemplateSchema(Schema):
    """Times and places, and what is to be otherwise than the template has it."""

    activity_id = fields.UUID(metadata={"description": "The sender's own id for it; without it, every call opens a new one."})
    programme = code("The programme whose template it is.", required=True)
    district = code("One of the programme's districts.", required=True)
    institution = code("The institution whose activity it is; none for the whole district.", allow_none=True)
    place = fields.String(required=True, validate=LINE, metadata={"description": "Where all sessions meet."})
    starts = fields.List(
        fields.AwareDateTime(validate=OUR_TIME),
        required=True,
        validate=validate.Length(min=1, max=schemas.MOST_SESSIONS),
        metadata={"description": "When each session starts; how long it lasts says the template."},
    )
    status = fields.String(
        validate=validate.OneOf([ActivityStatus.OPEN.value, ActivityStatus.DRAFT.value]),
        load_default=ActivityStatus.DRAFT.value,
        metadata={"description": "A draft, unless it is to be open at once."},
    )
    title = fields.Nested(schemas.TitleSchema)
    description = fields.Nested(schemas.DescriptionSchema)
    way = code("How it is held.")
    capacity = fields.Integer(validate=schemas.SEATS, metadata={"description": "Seats; each person takes one."})


BY_TEMPLATE = {
    "programme": "sammen-om-boern",
    "district": "hedegaarden",
    "institution": "birkegaarden",
    "place": "Birkegården, fællesrummet",
    "starts": ["2027-04-10T16:30:00+02:00"],
}


@api.get(
    "/v1/activity-templates",
    summary="A programme's templates of activities",
    roles=ORGANISERS,
    query=TemplateQuery(),
    returns={200: TemplatesSchema()},
)
def templates(request: Request, work: Work) -> dict[str, Any]:
    """As its folder has them."""
    found = work.places.templates(request.query["programme"])
    return {"items": [{**asdict(template), "defaults": template.fields} for template in found]}


@api.post(
    "/v1/activity-templates/{code}/activities",
    summary="Open an activity by a template",
    roles=ORGANISERS,
    body=ByTemplateSchema(),
    examples={"body": BY_TEMPLATE},
    returns={201: schemas.ActivitySchema(), 200: schemas.ActivitySchema()},
    errors=(404, 409),
    idempotent=True,
)
def open_by_template(request: Request, work: Work) -> Answer:
    """As `POST /v1/activities` with the template's defaults; what they have wrong is refused at its field, as if it had been asked for."""
    asked = request.body
    known = {template.code: template for template in work.places.templates(asked["programme"])}
    template = known.get(request.path["code"]) or work.resources.missing(Slug.TEMPLATE_NOT_FOUND)
    otherwise = {name: asked[name] for name in _OTHERWISE if name in asked}
    if "activity_id" in otherwise:
        otherwise["activity_id"] = str(otherwise["activity_id"])
    fixed = {name: asked[name] for name in ("programme", "district", "status")}
    activity = load(_OPENING, template.filled_in(otherwise | fixed, asked["starts"], asked["place"]))
    activity.opened_by = system(request.caller)
    must_organise(request.caller, activity, work.resources)
    opened, is_new = activities.open_activity(activity, work, request.cause)
    request.concerns(opened.activity_id)
    return Answer(shown(opened), 201 if is_new else 200)
