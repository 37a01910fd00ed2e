"""What goes in and out where all of what is called off or moved are offered something else."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from services.events.domain.re_offer import ReOfferState
from services.events.domain.signup import SignupStatus
from services.events.schemas import ReasonSchema, one_of

MOST_INSTEAD = 10

RE_OFFERING = {"dry_run": True, "call_off": True, "instead": ["018d0c3d-e740-7c40-8f2e-3d9a51c7e10f"]}


class ReOfferingSchema(Schema):
    """Which activities are offered: open ones of the same programme and for the same people."""

    instead = fields.List(
        fields.UUID(),
        required=True,
        validate=validate.Length(min=1, max=MOST_INSTEAD),
        metadata={"description": "The first is offered to whomever it has room for, then the second, and so on."},
    )
    call_off = fields.Boolean(
        load_default=False,
        metadata={"description": "Call the activity off in the same step. Without it, and where it goes on, everybody keeps what he has."},
    )
    dry_run = fields.Boolean(load_default=False, metadata={"description": "Only say what each would be offered."})

    @post_load
    def asked(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return data | {"instead": [str(activity_id) for activity_id in data["instead"]]}


class RoomSchema(Schema):
    activity_id = fields.String(metadata={"format": "uuid"})
    free_before = fields.Integer(metadata={"description": "Seats that nobody had."})
    free = fields.Integer(metadata={"description": "Those that are left."})
    waiting = fields.Integer(metadata={"description": "Parties on its waiting list afterwards."})


class WhyNotSchema(ReasonSchema):
    activity_id = fields.String(metadata={"format": "uuid", "description": "Which of the activities the party cannot come to."})


class OfferedSchema(Schema):
    signup_id = fields.String(metadata={"format": "uuid", "description": "The sign-up to what is called off or moved."})
    seats = fields.Integer()
    state = one_of(
        ReOfferState, "Offered seats; given them, where there is no time for an answer; waiting, where it has lost what it had; or nothing."
    )
    instead_id = fields.String(allow_none=True, metadata={"format": "uuid", "description": "To which activity."})
    new_signup_id = fields.String(allow_none=True, metadata={"format": "uuid", "description": "The sign-up there; null in a dry run."})
    position = fields.Integer(allow_none=True, metadata={"description": "The place on the waiting list there."})
    reasons = fields.List(fields.Nested(WhyNotSchema))


class ReOfferedSchema(Schema):
    dry_run = fields.Boolean()
    activity_id = fields.String(metadata={"format": "uuid"})
    rooms = fields.List(fields.Nested(RoomSchema), metadata={"description": "Where there is room, in the order asked for."})
    parties = fields.List(
        fields.Nested(OfferedSchema), metadata={"description": "In the order in which they had signed up. Nobody is named."}
    )
    left = fields.Integer(metadata={"description": "Parties that are too many for one step: repeat it."})


class ReOfferMadeSchema(Schema):
    signup_id = fields.String(metadata={"format": "uuid", "description": "The sign-up to what was called off or moved."})
    new_signup_id = fields.String(metadata={"format": "uuid"})
    instead_id = fields.String(metadata={"format": "uuid"})
    status = one_of(SignupStatus, "How it stands there now: offered until it is answered.")
    reason = fields.String(allow_none=True, metadata={"description": "Why it is cancelled, such as offer-declined."})
