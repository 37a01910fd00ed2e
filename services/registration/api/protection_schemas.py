"""What goes through the door to protection, in and out."""

from typing import Final

from marshmallow import Schema, fields, post_load, validate

from services.registration.domain.protection import PersonKind

PROTECTION: Final = {"kind": "guardian", "person_id": "018d0c3d-e740-7c40-8f2e-3d9a51c7e103", "valid_from": "2024-05-01"}
_KIND: Final = validate.OneOf([kind.value for kind in PersonKind])


class ProtectionSchema(Schema):
    kind = fields.String(required=True, validate=_KIND)
    person_id = fields.UUID(required=True)
    valid_from = fields.Date(required=True)
    valid_until = fields.Date()

    @post_load
    def _as_kind(self, data: dict[str, object], **_options: object) -> dict[str, object]:
        return data | {"kind": PersonKind(str(data["kind"]))}


class ProtectedSchema(Schema):
    """`valid_until` is the first day without protection."""

    kind = fields.String(required=True, validate=_KIND)
    person_id = fields.UUID(required=True)
    valid_from = fields.Date(required=True)
    valid_until = fields.Date(required=True)
