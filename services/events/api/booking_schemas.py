"""What goes in and out where rooms, equipment and facilitators are registered and booked."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from services.chassis.ids import new_id
from services.events.api.activity_schemas import TitleSchema
from services.events.domain.booking import Bookable, BookableKind
from services.events.schemas import OUR_TIME, code, one_of

MOST_NEEDS = 50

ROOM = {
    "bookable_id": "018d0c3d-e740-7c40-8f2e-3d9a51c7e150",
    "kind": "room",
    "programme": "sammen-om-boern",
    "institution": "birkegaarden",
    "name": {"da": "Fællesrummet", "en": "The common room"},
}


class RegisteringSchema(Schema):
    """Something to book. A facilitator is one of the programme's professionals and has no name here; everything else has one."""

    bookable_id = fields.UUID(metadata={"description": "The sender's own id for it; without it, every call registers a new one."})
    kind = one_of(BookableKind, "What it is.", required=True)
    programme = code("The programme.", required=True)
    institution = code("Whose it is; none for the municipality's.", allow_none=True, load_default=None)
    name = fields.Nested(TitleSchema, allow_none=True, load_default=None)
    professional_id = fields.UUID(allow_none=True, load_default=None, metadata={"description": "Who the facilitator is."})
    hard = fields.Boolean(
        allow_none=True,
        load_default=None,
        metadata={"description": "Whether it is never booked twice; without it, as is usual for its kind."},
    )

    @post_load
    def bookable(self, data: dict[str, Any], **_: Any) -> tuple[Bookable, bool | None]:
        who = str(data["professional_id"]) if data["professional_id"] else None
        asked = Bookable(
            bookable_id=str(data.get("bookable_id") or new_id()),
            kind=BookableKind(data["kind"]),
            programme=data["programme"],
            institution=data["institution"],
            name=data["name"],
            professional_id=who,
            hard=False,
        )
        return asked, data["hard"]


class BookableQuery(Schema):
    programme = code("Only of this programme.")
    institution = code("Only of this institution.")
    kind = one_of(BookableKind, "Only of this kind.")


class BookableSchema(Schema):
    bookable_id = fields.String(metadata={"format": "uuid"})
    kind = one_of(BookableKind, "What it is.")
    programme = fields.String()
    institution = fields.String(allow_none=True)
    name = fields.Nested(TitleSchema, allow_none=True)
    professional_id = fields.String(allow_none=True, metadata={"format": "uuid"})
    hard = fields.Boolean(metadata={"description": "Whether it is never booked for two sessions at once."})


class BusyQuery(Schema):
    since = fields.AwareDateTime(validate=OUR_TIME, metadata={"description": "Only what ends after this moment."})
    until = fields.AwareDateTime(validate=OUR_TIME, metadata={"description": "Only what starts before this moment."})


class BookingSchema(Schema):
    bookable_id = fields.String(metadata={"format": "uuid"})
    session_id = fields.String(metadata={"format": "uuid"})
    activity_id = fields.String(metadata={"format": "uuid"})
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()


class NeedsSchema(Schema):
    bookables = fields.List(fields.UUID(), required=True, validate=validate.Length(max=MOST_NEEDS))


class ClashSchema(Schema):
    """That something is booked by two sessions at once."""

    bookable_id = fields.String(metadata={"format": "uuid"})
    kind = one_of(BookableKind, "What it is.")
    session_id = fields.String(metadata={"format": "uuid"})
    other_session_id = fields.String(metadata={"format": "uuid"})


class BookedSchema(Schema):
    bookings = fields.List(fields.Nested(BookingSchema))
    clashes = fields.List(fields.Nested(ClashSchema), metadata={"description": "What another session has at the same time."})
