"""What goes in and out where it is asked and said what a party needs besides its seats."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from services.events.api.term_schemas import MomentSchema
from services.events.domain.need import Asking, Need
from services.events.schemas import CODE, OUR_TIME, TextSchema, code

MOST_NEEDS = 50
MOST_PEOPLE = 100

ASKING = {"kinds": ["interpreter", "childcare", "diet"], "until": {"days_before": 5, "at": "12:00"}}
NEEDING = {"needs": [{"need": "interpreter", "option": "so", "people": 1}, {"need": "diet", "option": "halal", "people": 3}]}


class NeedsAskedSchema(Schema):
    """What a party is asked at sign-up, of what the house knows to arrange. Nothing said: nothing is asked."""

    kinds = fields.List(
        fields.String(validate=CODE),
        load_default=list,
        validate=validate.Length(max=MOST_NEEDS),
        metadata={"description": "Such as interpreter, childcare, transport, diet, access; `GET /v1/needs` has all."},
    )
    until = fields.Nested(
        MomentSchema,
        allow_none=True,
        load_default=None,
        metadata={"description": "From then on only organisers change what is needed. Null: when the first session starts."},
    )

    @post_load
    def asking(self, data: dict[str, Any], **_: Any) -> Asking:
        return Asking(tuple(data["kinds"]), data["until"])


class PartyNeedSchema(Schema):
    """One thing that is needed, for how many; not for whom."""

    need = code("What is needed.", required=True)
    option = fields.String(
        validate=CODE, allow_none=True, load_default=None, metadata={"description": "Which, such as the interpreter's language."}
    )
    people = fields.Integer(load_default=1, validate=validate.Range(min=1, max=MOST_PEOPLE))

    @post_load
    def need_of(self, data: dict[str, Any], **_: Any) -> Need:
        return Need(**data)


def some_needs(**options: Any) -> fields.List[Any]:
    return fields.List(fields.Nested(PartyNeedSchema), validate=validate.Length(max=MOST_NEEDS), **options)


class PartyNeedsSchema(Schema):
    """Exactly what the party needs."""

    needs = some_needs(required=True)


class PartyNeedsNowSchema(PartyNeedsSchema):
    signup_id = fields.String(metadata={"format": "uuid"})
    asked = fields.List(fields.String(), metadata={"description": "What is asked."})
    until = fields.AwareDateTime(metadata={"description": "From then on only organisers change it."})


class NeedOptionSchema(Schema):
    code = fields.String()
    title = fields.Nested(TextSchema)


class NeedKindSchema(Schema):
    code = fields.String()
    title = fields.Nested(TextSchema)
    most = fields.Integer(metadata={"description": "For how many people at most."})
    on_list = fields.Boolean(metadata={"description": "Whether it stands on the printed list of a session."})
    options = fields.List(fields.Nested(NeedOptionSchema), metadata={"description": "One of them is named, where there are any."})


class NeedKindsSchema(Schema):
    needs = fields.List(fields.Nested(NeedKindSchema))


class DemandQuery(Schema):
    programme = code("Only of this programme.")
    since = fields.AwareDateTime(validate=OUR_TIME, metadata={"description": "Sessions that end after that; without it, from now on."})
    until = fields.AwareDateTime(validate=OUR_TIME, metadata={"description": "Sessions that start before that."})


class DemandSchema(Schema):
    need = fields.String()
    option = fields.String(allow_none=True)
    people = fields.Integer(metadata={"description": "For how many of those who have seats, or are offered them."})
    waiting = fields.Integer(metadata={"description": "For how many more of those who wait."})


class SessionDemandSchema(Schema):
    session_id = fields.String(metadata={"format": "uuid"})
    activity_id = fields.String(metadata={"format": "uuid"})
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    place = fields.String()
    programme = fields.String()
    kind = fields.String()
    title = fields.Nested(TextSchema)
    institution = fields.String(allow_none=True)
    demand = fields.List(fields.Nested(DemandSchema), metadata={"description": "Who needs it is not said."})
