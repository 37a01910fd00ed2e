"""What goes through the door to corrections of who somebody is, in and out."""

from typing import Any, Final

from marshmallow import Schema, fields, post_load, validate

from services.registration.domain.correction import Ground, Identity
from services.registration.domain.person import Kind
from services.registration.schemas import CPR_NUMBER, NAME

CORRECTION: Final[dict[str, Any]] = {
    "kind": "child",
    "person_id": "018d0c3d-e740-7c40-8f2e-3d9a51c7e102",
    "changes": {"given_name": "Asta Test", "birth_date": "2022-05-07", "cpr_number": "670522-5003"},
    "reason": "mistyped",
}
_KIND: Final = validate.OneOf([kind.value for kind in Kind])
_GROUND: Final = validate.OneOf([ground.value for ground in Ground])


class IdentitySchema(Schema):
    """What is right; what is left out stays as it is. A birth date is kept of children only."""

    given_name = fields.String(validate=NAME)
    family_name = fields.String(validate=NAME)
    birth_date = fields.Date()
    cpr_number = fields.String(validate=CPR_NUMBER)

    @post_load
    def _as_identity(self, data: dict[str, Any], **_options: object) -> Identity:
        return Identity(**data)


class CorrectionRequestSchema(Schema):
    kind = fields.String(required=True, validate=_KIND)
    person_id = fields.UUID(required=True)
    changes = fields.Nested(IdentitySchema, required=True)
    reason = fields.String(required=True, validate=_GROUND)


class IdentityCorrectedSchema(Schema):
    """`corrected` names the fields that are another now; none where all was so already."""

    kind = fields.String(required=True, validate=_KIND)
    person_id = fields.UUID(required=True)
    corrected = fields.List(fields.String(), required=True)


class CorrectionQuery(Schema):
    person_id = fields.UUID()


class CorrectorSchema(Schema):
    subject = fields.String(required=True)
    role = fields.String(required=True)


class CorrectedFieldSchema(Schema):
    """A field as it was and as it is since; null where there was none, or where it may not be shown. Numbers are masked."""

    field = fields.String(required=True)
    before = fields.String(required=True, allow_none=True)
    after = fields.String(required=True, allow_none=True)


class IdentityCorrectionSchema(Schema):
    """One that changed something: what, why, who did it, when it was said and when it was taken in."""

    correction_id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=_KIND)
    person_id = fields.UUID(required=True)
    reason = fields.String(required=True, validate=_GROUND)
    done_by = fields.Nested(CorrectorSchema, required=True)
    said_at = fields.AwareDateTime(required=True)
    recorded_at = fields.AwareDateTime(required=True)
    changes = fields.List(fields.Nested(CorrectedFieldSchema), required=True)
