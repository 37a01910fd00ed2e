"""What goes in and out where sessions repeat, and where an activity is copied and completed."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from services.events.api.activity_schemas import MOST_SESSIONS, OpeningSessionSchema
from services.events.api.change_schemas import TimeAndPlaceSchema
from services.events.domain.series import Repeat
from services.events.schemas import OUR_DAY

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

MOST_WEEKS = 52

MOST_DAYS = 366

REPEAT = {
    "first": {"starts_at": "2027-08-16T16:30:00+02:00", "ends_at": "2027-08-16T18:30:00+02:00", "place": "Birkegården, fællesrummet"},
    "weekdays": ["monday"],
    "times": 8,
}


class RepeatSchema(Schema):
    """Sessions like the first one, at the same time of day, on certain weekdays."""

    first = fields.Nested(OpeningSessionSchema, required=True)
    weekdays = fields.List(
        fields.String(validate=validate.OneOf(WEEKDAYS)), required=True, validate=validate.Length(min=1, max=len(WEEKDAYS))
    )
    every = fields.Integer(load_default=1, validate=validate.Range(min=1, max=MOST_WEEKS), metadata={"description": "Every so many weeks."})
    times = fields.Integer(
        allow_none=True,
        load_default=None,
        validate=validate.Range(min=1, max=MOST_SESSIONS),
        metadata={"description": "So many sessions; days that are left out do not count."},
    )
    until = fields.Date(allow_none=True, load_default=None, validate=OUR_DAY, metadata={"description": "The last day."})
    without = fields.List(
        fields.Date(validate=OUR_DAY),
        load_default=list,
        validate=validate.Length(max=MOST_DAYS),
        metadata={"description": "Days left out."},
    )
    also_closed = fields.Boolean(load_default=False, metadata={"description": "Whether closing days are taken too."})

    @post_load
    def repeat(self, data: dict[str, Any], **_: Any) -> Repeat:
        return Repeat(weekdays=[WEEKDAYS.index(day) for day in data.pop("weekdays")], **data)


class PlanSchema(Schema):
    sessions = fields.List(fields.Nested(TimeAndPlaceSchema))


class CopySchema(Schema):
    """Where a copy goes."""

    activity_id = fields.UUID(
        allow_none=True, load_default=None, metadata={"description": "The sender's own id for the copy; without it, every call makes one."}
    )
    starts_on = fields.Date(required=True, validate=OUR_DAY, metadata={"description": "The day of the first session in Denmark."})


class CompletionSchema(Schema):
    person_id = fields.String(metadata={"format": "uuid"})
    role = fields.String()
    attended = fields.Integer(metadata={"description": "Sessions to which he came, in time or late."})
    completed = fields.Boolean(metadata={"description": "Whether that is enough."})
