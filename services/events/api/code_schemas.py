"""What goes in and out where codes are shown and scanned."""

from marshmallow import Schema, fields, validate

from services.events.api.signup_schemas import LARGEST_PARTY
from services.events.domain.code import ALPHABET
from services.events.schemas import LINE

CHECK_IN = {"code": "3KX-7M2-Q9H"}


class CodeSchema(Schema):
    signup_id = fields.String(metadata={"format": "uuid"})
    code = fields.String(metadata={"description": f"Nine of {ALPHABET}, in three groups; the last one guards the others."})


class CheckInSchema(Schema):
    code = fields.String(
        required=True, validate=LINE, metadata={"description": "As scanned or typed: case, gaps, and O for 0 do not matter."}
    )
    people = fields.List(
        fields.UUID(),
        allow_none=True,
        load_default=None,
        validate=validate.Length(min=1, max=LARGEST_PARTY),
        metadata={"description": "Who of the party has come; without it, all."},
    )
