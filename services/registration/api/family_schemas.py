"""What goes through the door to families, in and out."""

from typing import Any, Final

from marshmallow import Schema, fields, validate

from services.registration.api.consent_schemas import ConsentSchema
from services.registration.schemas import CODE, LANGUAGE, NAME, PHONE

CORRECTION: Final[dict[str, Any]] = {
    "email": "mona@example.org",
    "phone": None,
    "address": {"street": "Prøvevej 12, 2. th.", "postal_code": "2750", "city": "Ballerup"},
    "language": "da",
    "spoken_language": "so",
    "channels": ["sms", "email"],
    "shares_contacts": False,
}
GUARDIANSHIP: Final = {"valid_from": "2024-09-01", "relation": "father", "custody": True, "contact_allowed": True, "residence": False}
_SEVERAL: Final = validate.Length(max=10)


class AddressSchema(Schema):
    street = fields.String(required=True, validate=NAME)
    postal_code = fields.String(required=True, validate=validate.Regexp(r"^[0-9]{4}(?!\n)$"))
    city = fields.String(required=True, validate=NAME)


class CorrectionSchema(Schema):
    email = fields.Email(allow_none=True, validate=validate.Length(max=254))
    phone = fields.String(allow_none=True, validate=PHONE)
    address = fields.Nested(AddressSchema, allow_none=True)
    language = fields.String(validate=LANGUAGE)
    spoken_language = fields.String(allow_none=True, validate=LANGUAGE)
    channels = fields.List(fields.String(validate=CODE), validate=_SEVERAL)
    shares_contacts = fields.Boolean()


class CorrectedSchema(Schema):
    guardian_id = fields.UUID(required=True)
    reachable_by = fields.List(fields.String(), required=True)


class GuardianshipSchema(Schema):
    valid_from = fields.Date(required=True)
    relation = fields.String(required=True, validate=CODE)
    custody = fields.Boolean(required=True)
    contact_allowed = fields.Boolean(required=True)
    residence = fields.Boolean(required=True)


class SpellSchema(Schema):
    """What holds for a time: from `valid_from` (null: since ever) until the day before `valid_until` (null: until further notice)."""

    valid_from = fields.Date(required=True, allow_none=True)
    valid_until = fields.Date(required=True, allow_none=True)
    relation = fields.String(required=True)
    custody = fields.Boolean(required=True)
    contact_allowed = fields.Boolean(required=True)
    residence = fields.Boolean(required=True)


class BetweenSchema(Schema):
    """What holds between a child and a guardian, and from when until before when."""

    guardian_id = fields.UUID(required=True)
    periods = fields.List(fields.Nested(SpellSchema), required=True)


class HouseholdSchema(Schema):
    guardian_ids = fields.List(fields.UUID(), required=True)
    child_ids = fields.List(fields.UUID(), required=True)


class HouseholdsSchema(Schema):
    items = fields.List(fields.Nested(HouseholdSchema), required=True)


class GuardiansChildSchema(Schema):
    """What holds today; null where nothing does (yet, or any more)."""

    child_id = fields.UUID(required=True)
    relation = fields.String(required=True, allow_none=True)
    custody = fields.Boolean(required=True, allow_none=True)
    contact_allowed = fields.Boolean(required=True, allow_none=True)
    residence = fields.Boolean(required=True, allow_none=True)


class GuardianSchema(Schema):
    guardian_id = fields.UUID(required=True)
    given_name = fields.String(required=True)
    family_name = fields.String(required=True)
    language = fields.String(required=True)
    spoken_language = fields.String(required=True, allow_none=True)
    email = fields.String(required=True, allow_none=True)
    phone = fields.String(required=True, allow_none=True)
    address = fields.Nested(AddressSchema, required=True, allow_none=True)
    channels = fields.List(fields.String(), required=True)
    shares_contacts = fields.Boolean(required=True)
    children = fields.List(fields.Nested(GuardiansChildSchema), required=True)


class ChildsGuardianSchema(Schema):
    """A guardian, and what holds between him and the child today; null where nothing does."""

    guardian_id = fields.UUID(required=True)
    given_name = fields.String(required=True)
    family_name = fields.String(required=True)
    relation = fields.String(required=True, allow_none=True)
    custody = fields.Boolean(required=True, allow_none=True)
    contact_allowed = fields.Boolean(required=True, allow_none=True)
    residence = fields.Boolean(required=True, allow_none=True)
    language = fields.String(required=True)
    spoken_language = fields.String(required=True, allow_none=True)
    email = fields.String(required=True, allow_none=True)
    phone = fields.String(required=True, allow_none=True)
    address = fields.Nested(AddressSchema, required=True, allow_none=True)
    channels = fields.List(fields.String(), required=True)
    shares_contacts = fields.Boolean(required=True)


class ChildSchema(Schema):
    """The CPR number is masked; a guardian sees himself and his own consents, and of others only those who share their contacts.

    Who has name and address protection goes by an alias, without number, birth date and contacts, unless the purpose needs more.
    """

    child_id = fields.UUID(required=True)
    cpr_number = fields.String(required=True, allow_none=True)
    birth_date = fields.Date(required=True, allow_none=True)
    given_name = fields.String(required=True)
    family_name = fields.String(required=True)
    guardians = fields.List(fields.Nested(ChildsGuardianSchema), required=True)
    consents = fields.List(fields.Nested(ConsentSchema), required=True)
