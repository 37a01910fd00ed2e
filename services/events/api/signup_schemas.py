"""What goes in and out where parties sign up and cancel."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from services.events.api.need_schemas import some_needs
from services.events.domain.signup import Member, PartyRole, SignupStatus
from services.events.schemas import ReasonSchema, one_of

LARGEST_PARTY = 20

SIGNING_UP = {
    "party": [
        {"person_id": "018d0c3d-e740-7c40-8f2e-3d9a51c7e103", "role": "guardian"},
        {"person_id": "018d0c3d-e740-7c40-8f2e-3d9a51c7e102", "role": "child"},
    ],
}


class MemberSchema(Schema):
    person_id = fields.UUID(required=True)
    role = one_of(PartyRole, "As what the person comes.", required=True)

    @post_load
    def member(self, data: dict[str, Any], **_: Any) -> Member:
        return Member(str(data["person_id"]), PartyRole(data["role"]))


class ComingSchema(Schema):
    """A party that comes together: all of it gets seats, or none of it."""

    party = fields.List(fields.Nested(MemberSchema), required=True, validate=validate.Length(min=1, max=LARGEST_PARTY))
    contact_id = fields.UUID(
        allow_none=True,
        load_default=None,
        metadata={"description": "The guardian or professional who is told; without it, the caller, or else the party's first adult."},
    )


class SigningUpSchema(ComingSchema):
    """A party that comes together, perhaps with needs, and with seats that are held for it."""

    needs = some_needs(load_default=list, metadata={"description": "What the party needs, of what the activity asks."})
    hold_id = fields.UUID(allow_none=True, load_default=None, metadata={"description": "The caller's hold, whose seats the party gets."})


class TransferSchema(Schema):
    activity_id = fields.UUID(required=True, metadata={"description": "The other activity."})


class SignupQuery(Schema):
    status = one_of(SignupStatus, "Only with this status.")


class PartySchema(Schema):
    person_id = fields.String(metadata={"format": "uuid"})
    role = fields.String()


class SignupSchema(Schema):
    signup_id = fields.String(metadata={"format": "uuid"})
    activity_id = fields.String(metadata={"format": "uuid"})
    programme = fields.String()
    kind = fields.String()
    district = fields.String()
    contact_id = fields.String(
        allow_none=True, metadata={"format": "uuid", "description": "Who is told; null for another guardian than that one."}
    )
    party = fields.List(fields.Nested(PartySchema))
    seats = fields.Integer(metadata={"description": "One for each of the party that is shown."})
    status = one_of(SignupStatus, "Seated, offered seats that are held until it answers, waiting in the line, or cancelled.")
    position = fields.Integer(allow_none=True, metadata={"description": "The present place on the waiting list, from 1."})
    reason = fields.String(
        allow_none=True,
        metadata={"description": "Why it was cancelled, such as by-family; or offer-undeliverable where an offer cannot be told."},
    )
    signed_up_at = fields.AwareDateTime()
    draws_at = fields.AwareDateTime(metadata={"description": "When lots are drawn; only while it waits for that."})
    answer_by = fields.AwareDateTime(metadata={"description": "Until when an offer can be answered at least; only where there is one."})
    late = fields.Boolean(metadata={"description": "Whether a seat was given up after the deadline for it."})


class SignedUpSchema(SignupSchema):
    warnings = fields.List(
        fields.Nested(ReasonSchema),
        metadata={"description": "What is done all the same: somebody of the party is at something else at that time. Absent without any."},
    )
