"""What goes in and out where activities are opened, changed and looked up."""

from datetime import UTC
from typing import Any

from marshmallow import Schema, fields, post_load, validate

from services.chassis.http.strict import NoPersonalNumber
from services.chassis.ids import new_id
from services.events.api.line_schemas import LINE_RULE, LineRuleSchema, ShownLineSchema
from services.events.api.need_schemas import ASKING, NeedsAskedSchema
from services.events.api.term_schemas import MOST_QUOTAS, MOST_SEATS, TERMS, QuotaNowSchema, QuotaSchema, RuleSchema, WindowsSchema
from services.events.domain.activity import Activity, ActivityStatus
from services.events.domain.line import STRICT
from services.events.domain.need import NOTHING
from services.events.domain.session import Session
from services.events.schemas import LINE, OUR_TIME, code, one_of

MOST_SESSIONS = 100

SEATS = validate.Range(min=1, max=MOST_SEATS)

WORDS = (validate.Length(max=4_000), NoPersonalNumber())

OPENING = {
    "activity_id": "018d0c3d-e740-7c40-8f2e-3d9a51c7e109",
    "programme": "sammen-om-boern",
    "kind": "workshop",
    "title": {"da": "Leg og sprog i hverdagen", "en": "Play and language every day"},
    "district": "hedegaarden",
    "institution": "birkegaarden",
    "capacity": 20,
    "sessions": [{"starts_at": "2027-04-10T16:30:00+02:00", "ends_at": "2027-04-10T18:30:00+02:00", "place": "Birkegården, fællesrummet"}],
    "line": LINE_RULE,
    **TERMS,
    "needs": ASKING,
}


def some_sessions(description: str, **options: Any) -> fields.Integer:
    return fields.Integer(validate=validate.Range(min=1, max=MOST_SESSIONS), metadata={"description": description}, **options)


class TitleSchema(Schema):
    da = fields.String(required=True, validate=LINE)
    en = fields.String(required=True, validate=LINE)


class DescriptionSchema(Schema):
    da = fields.String(required=True, validate=WORDS)
    en = fields.String(required=True, validate=WORDS)


class OpeningSessionSchema(Schema):
    starts_at = fields.AwareDateTime(required=True, validate=OUR_TIME)
    ends_at = fields.AwareDateTime(required=True, validate=OUR_TIME)
    place = fields.String(required=True, validate=LINE)

    @post_load
    def session(self, data: dict[str, Any], **_: Any) -> Session:
        return Session(new_id(), data["starts_at"].astimezone(UTC), data["ends_at"].astimezone(UTC), data["place"])


class OpeningSchema(Schema):
    """An activity to open, or to draft. With an id of the sender's, opening it again is the same activity."""

    activity_id = fields.UUID(metadata={"description": "The sender's own id for it; without it, every call opens a new one."})
    programme = code("The programme.", required=True)
    kind = code("The kind of activity, such as workshop or learning-lab.", required=True)
    status = fields.String(
        validate=validate.OneOf([ActivityStatus.OPEN.value, ActivityStatus.DRAFT.value]),
        load_default=ActivityStatus.OPEN.value,
        metadata={"description": "A draft is known to nobody but organisers, until it is published."},
    )
    way = code("How it is held, such as in-person or online; without it, as is usual for its kind.")
    title = fields.Nested(TitleSchema, required=True)
    description = fields.Nested(DescriptionSchema, allow_none=True, load_default=None)
    district = code("One of the programme's districts.", required=True)
    institution = code("The institution whose activity it is; none for the whole district.", allow_none=True, load_default=None)
    capacity = fields.Integer(required=True, validate=SEATS, metadata={"description": "Seats; each person takes one."})
    sessions = fields.List(fields.Nested(OpeningSessionSchema), required=True, validate=validate.Length(min=1, max=MOST_SESSIONS))
    completes_with = some_sessions("Who came to so many sessions has completed it; none: nobody does.", allow_none=True, load_default=None)
    join_until = some_sessions("One may sign up until the session of this number, from 1, begins.", load_default=1)
    line = fields.Nested(LineRuleSchema, load_default=STRICT)
    rule = fields.Nested(RuleSchema, metadata={"description": "Whom it is for; without it, everybody whom its kind is for."})
    windows = fields.Nested(WindowsSchema, metadata={"description": "When one may sign up; without them, until the first session starts."})
    quotas = fields.List(fields.Nested(QuotaSchema), validate=validate.Length(max=MOST_QUOTAS))
    needs = fields.Nested(NeedsAskedSchema, load_default=NOTHING)

    @post_load
    def activity(self, data: dict[str, Any], **_: Any) -> Activity:
        activity_id = str(data.pop("activity_id", None) or new_id())
        status = ActivityStatus(data.pop("status"))
        way = data.pop("way", "")
        return Activity(activity_id=activity_id, institution_id=None, status=status, way=way, told=status is ActivityStatus.OPEN, **data)


class ActivityQuery(Schema):
    programme = code("Only of this programme.")
    district = code("Only in this district.")
    institution = code("Only of this institution.")
    kind = code("Only of this kind.")
    status = one_of(ActivityStatus, "Only with this status.")


class CapacitySchema(Schema):
    capacity = fields.Integer(required=True, validate=SEATS)


class SessionSchema(Schema):
    session_id = fields.String(metadata={"format": "uuid"})
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    place = fields.String()


class ActivitySchema(Schema):
    activity_id = fields.String(metadata={"format": "uuid"})
    status = one_of(ActivityStatus, "A draft, open for sign-up, called off by the organiser, or done.")
    programme = fields.String()
    kind = fields.String()
    way = fields.String(metadata={"description": "How it is held, such as in-person, online or at-home."})
    completes_with = fields.Integer(allow_none=True, metadata={"description": "Who came to so many sessions has completed it."})
    join_until = fields.Integer(metadata={"description": "One may sign up until the session of this number, from 1, begins."})
    title = fields.Nested(TitleSchema)
    description = fields.Nested(DescriptionSchema, allow_none=True)
    version = fields.Integer(metadata={"description": "Rises with every change that an organiser makes."})
    district = fields.String()
    institution_id = fields.String(allow_none=True, metadata={"format": "uuid"})
    institution = fields.String(allow_none=True)
    capacity = fields.Integer()
    taken = fields.Integer(metadata={"description": "Seats of the parties that have a seat."})
    free = fields.Integer(metadata={"description": "Seats that nobody has. While parties wait, they are for the first in line."})
    waiting = fields.Integer(metadata={"description": "Parties on the waiting list."})
    line = fields.Nested(ShownLineSchema)
    sessions = fields.List(fields.Nested(SessionSchema))
    called_off_sessions = fields.List(fields.Nested(SessionSchema), metadata={"description": "Those that do not take place after all."})
    rule = fields.Nested(RuleSchema)
    windows = fields.Nested(WindowsSchema)
    quotas = fields.List(fields.Nested(QuotaNowSchema))
    needs = fields.Nested(NeedsAskedSchema)
