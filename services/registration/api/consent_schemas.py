"""What goes through the door to consents, in and out."""

from marshmallow import Schema, fields, validate

from services.registration.domain.consent import ConsentStatus, Standing, Subject
from services.registration.domain.programme import Giver
from services.registration.schemas import CODE, LANGUAGE

GIVING = {
    "programme": "sammen-om-boern",
    "purpose": "take-part",
    "subject": "child",
    "subject_id": "018d0c3d-e740-7c40-8f2e-3d9a51c7e102",
    "giver_id": "018d0c3d-e740-7c40-8f2e-3d9a51c7e103",
    "text_version": "2024-1",
    "language": "da",
    "channel": "meeting",
    "given_at": "2024-02-01T10:00:00+01:00",
}
_VERSION = [validate.Length(max=32), validate.Regexp(r"^[A-Za-z0-9]+([.-][A-Za-z0-9]+)*(?!\n)$")]


class GivingSchema(Schema):
    """A consent that somebody gives: a guardian for a child, or an adult for himself (`giver_id` is then `subject_id`)."""

    programme = fields.String(required=True, validate=CODE)
    purpose = fields.String(required=True, validate=CODE)
    subject = fields.String(required=True, validate=validate.OneOf([subject.value for subject in Subject]))
    subject_id = fields.UUID(required=True)
    giver_id = fields.UUID(required=True)
    text_version = fields.String(required=True, validate=_VERSION)
    language = fields.String(required=True, validate=LANGUAGE)
    channel = fields.String(required=True, validate=CODE)
    given_at = fields.AwareDateTime(required=True)


class ConsentSchema(Schema):
    """About a child where there is a `child_id`, else about the guardian or professional who gave it."""

    consent_id = fields.UUID(required=True)
    subject = fields.String(required=True, validate=validate.OneOf([subject.value for subject in Subject]))
    child_id = fields.UUID(required=True, allow_none=True)
    guardian_id = fields.UUID(required=True, allow_none=True)
    professional_id = fields.UUID(required=True, allow_none=True)
    programme = fields.String(required=True)
    purpose = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf([status.value for status in ConsentStatus]))
    text_version = fields.String(required=True)
    language = fields.String(required=True)
    channel = fields.String(required=True)
    given_at = fields.AwareDateTime(required=True)
    withdrawn_at = fields.AwareDateTime(required=True, allow_none=True)


class ConsentInWordsSchema(ConsentSchema):
    """With the exact words to which it was given, in `language`."""

    words = fields.String(required=True)


class AgreementSchema(Schema):
    """What holds for a child and a purpose. A guardian sees his own consents only, and what all of them come to."""

    programme = fields.String(required=True)
    purpose = fields.String(required=True)
    given_by = fields.String(required=True, validate=validate.OneOf([giver.value for giver in Giver]))
    standing = fields.String(required=True, validate=validate.OneOf([standing.value for standing in Standing]))
    consents = fields.List(fields.Nested(ConsentSchema), required=True)


class AgreementsSchema(Schema):
    items = fields.List(fields.Nested(AgreementSchema), required=True)
