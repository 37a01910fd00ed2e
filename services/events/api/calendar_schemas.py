"""What goes in and out where calendar feeds are made."""

from marshmallow import Schema, fields, validate

from services.events.documents import LANGUAGES
from services.events.domain.calendar import FeedKind
from services.events.schemas import code, one_of

MAKING = {"kind": "family", "language": "da"}


class MakingSchema(Schema):
    kind = one_of(FeedKind, "Whose calendar it is.", required=True)
    institution = code("The institution; only for an institution's calendar.", allow_none=True, load_default=None)
    language = fields.String(validate=validate.OneOf(LANGUAGES), load_default="da", metadata={"description": "The language of the feed."})


class FeedSchema(Schema):
    calendar_id = fields.String(metadata={"format": "uuid"})
    kind = one_of(FeedKind, "Whose calendar it is.")
    institution = fields.String(allow_none=True)
    language = fields.String()
    made_at = fields.AwareDateTime()


class MadeSchema(FeedSchema):
    path = fields.String(metadata={"description": "Where the feed is read, from the root of the address that you call; secret."})


class FeedsSchema(Schema):
    calendars = fields.List(fields.Nested(FeedSchema))
