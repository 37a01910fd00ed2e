"""What goes through the door by which a child gets another guardian, in."""

from typing import Any, Final

from marshmallow import Schema, fields, post_load, validate

from services.registration.api.family_schemas import AddressSchema
from services.registration.domain.address import Address
from services.registration.domain.joining import Adult, Behalf
from services.registration.domain.origin import How
from services.registration.schemas import CODE, CPR_NUMBER, LANGUAGE, NAME, PHONE

JOINING: Final[dict[str, Any]] = {
    "guardian": {
        "given_name": "Freja Test",
        "family_name": "Plejesen",
        "cpr_number": "690391-4036",
        "email": "freja@example.org",
        "phone": "+45 20 00 00 31",
        "language": "da",
        "channels": ["email", "sms"],
        "address": {"street": "Prøvevej 14", "postal_code": "2750", "city": "Ballerup"},
    },
    "valid_from": "2024-06-01",
    "relation": "foster-parent",
    "custody": False,
    "contact_allowed": True,
    "residence": True,
}


class AdultSchema(Schema):
    """Who he is, and how he is reached. `language` is what he reads, and Danish where it is left out."""

    given_name = fields.String(required=True, validate=NAME)
    family_name = fields.String(required=True, validate=NAME)
    language = fields.String(validate=LANGUAGE, load_default="da")
    cpr_number = fields.String(validate=CPR_NUMBER)
    email = fields.Email(validate=validate.Length(max=254))
    phone = fields.String(validate=PHONE)
    spoken_language = fields.String(validate=LANGUAGE)
    channels = fields.List(fields.String(validate=CODE), validate=validate.Length(max=10))
    address = fields.Nested(AddressSchema)

    @post_load
    def _as_adult(self, data: dict[str, Any], **_options: object) -> Adult:
        address = Address(**data["address"]) if "address" in data else None
        return Adult(**data | {"address": address})


class BehalfSchema(Schema):
    guardian_id = fields.UUID(required=True)
    how = fields.String(required=True, validate=validate.OneOf([how.value for how in How]))
    filled_at = fields.AwareDateTime(required=True)

    @post_load
    def _as_behalf(self, data: dict[str, Any], **_options: object) -> Behalf:
        return Behalf(str(data["guardian_id"]), How(data["how"]), data["filled_at"])


class JoiningSchema(Schema):
    """`valid_until` is the first day on which it holds no more; left out: until further notice."""

    guardian = fields.Nested(AdultSchema, required=True)
    valid_from = fields.Date(required=True)
    valid_until = fields.Date()
    relation = fields.String(required=True, validate=CODE)
    custody = fields.Boolean(required=True)
    contact_allowed = fields.Boolean(required=True)
    residence = fields.Boolean(required=True)
    on_behalf_of = fields.Nested(BehalfSchema)
