"""What goes through the door to differences from national registers, in and out."""

from marshmallow import Schema, fields, validate

from services.registration.domain.register import About, Decision

_ABOUT = validate.OneOf([about.value for about in About])
_DECISION = validate.OneOf([decision.value for decision in Decision])


class DifferenceSchema(Schema):
    """A field that a register knows otherwise than we were told; null where one of the two knows nothing."""

    difference_id = fields.UUID(required=True)
    about = fields.String(required=True, validate=_ABOUT)
    subject_id = fields.UUID(required=True)
    field = fields.String(required=True)
    told = fields.String(required=True, allow_none=True)
    registered = fields.String(required=True, allow_none=True)
    found_at = fields.AwareDateTime(required=True)
    decision = fields.String(required=True, allow_none=True, validate=_DECISION)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)


class DifferenceQuery(Schema):
    about = fields.String(validate=_ABOUT)
    decided = fields.Boolean()


class DifferenceDecisionSchema(Schema):
    decision = fields.String(required=True, validate=_DECISION)
