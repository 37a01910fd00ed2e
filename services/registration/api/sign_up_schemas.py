"""What the doors for people without an account take and give."""

from marshmallow import Schema, fields, validate

from services.registration.domain.sign_up import Channel
from services.registration.domain.sign_up_request import Standing, Why
from services.registration.schemas import AnswerReasonSchema

CODE = [validate.Length(max=64), validate.Regexp(r"^[a-z0-9]+(-[a-z0-9]+)*(?!\n)$")]
LANGUAGE = validate.Regexp(r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?(?!\n)$")
_DANISH_PHONE = [validate.Length(max=32), validate.Regexp(r"^(\+45 ?)?[2-9]( ?[0-9]){7}(?!\n)$")]
_PHONE_NOTE = {"description": "A Danish number: an SMS abroad costs, which somebody would live on."}


class LinkSchema(Schema):
    """Either `email` or `phone`."""

    programme = fields.String(required=True, validate=CODE)
    email = fields.Email(validate=validate.Length(max=254))
    phone = fields.String(validate=_DANISH_PHONE, metadata=_PHONE_NOTE)
    language = fields.String(validate=LANGUAGE, load_default="da")


class LinkAskedSchema(Schema):
    """The same whoever asks, and whatever is known of the address."""

    status = fields.String(required=True, validate=validate.Equal("asked"))
    minutes = fields.Integer(required=True, metadata={"description": "For how many minutes the link or code holds."})


class ProofSchema(Schema):
    """Either `token`, or `phone` and `code`."""

    token = fields.String(validate=[validate.Length(1, 128), validate.Regexp(r"^[A-Za-z0-9_-]+(?!\n)$")])
    phone = fields.String(validate=_DANISH_PHONE)
    code = fields.String(validate=validate.Regexp(r"^[0-9]{6}(?!\n)$"))


class SessionSchema(Schema):
    """An access token (RFC 6750) of this service's own issuer, whose keys are at /.well-known/jwks.json."""

    access_token = fields.String(required=True)
    token_type = fields.String(required=True, validate=validate.Equal("Bearer"))
    expires_in = fields.Integer(required=True, metadata={"description": "In seconds."})
    programme = fields.String(required=True)
    channel = fields.String(required=True, validate=validate.OneOf([channel.value for channel in Channel]))


class KeySetSchema(Schema):
    """A JWK set (RFC 7517)."""

    keys = fields.List(fields.Dict(), required=True)


class SignUpAnswerSchema(Schema):
    """`received`, whatever becomes of it; or `rejected`, with every reason."""

    request_id = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf([Standing.RECEIVED.value, Standing.REJECTED.value]))
    reasons = fields.List(fields.Nested(AnswerReasonSchema), required=True)
    received_at = fields.AwareDateTime(required=True)


class SignUpAnswersSchema(Schema):
    items = fields.List(fields.Nested(SignUpAnswerSchema), required=True)


class WaitingSchema(Schema):
    """A request that waits for a person, without anybody's data."""

    sign_up_request_id = fields.UUID(required=True)
    programme = fields.String(required=True, allow_none=True)
    institution = fields.String(required=True, allow_none=True)
    received_at = fields.AwareDateTime(required=True)
    why = fields.List(fields.String(validate=validate.OneOf([why.value for why in Why])), required=True)


class WaitingListSchema(Schema):
    items = fields.List(fields.Nested(WaitingSchema), required=True)


class WaitingRequestSchema(WaitingSchema):
    """The same with what was asked for, as the contract enrolment.requested/v1 lays it down; CPR numbers are masked."""

    data = fields.Dict(required=True)


class DecisionSchema(Schema):
    decision = fields.String(required=True, validate=validate.OneOf(["take", "decline"]))


class DecidedSchema(Schema):
    sign_up_request_id = fields.UUID(required=True)
    status = fields.String(required=True, validate=validate.OneOf([Standing.TAKEN.value, Standing.DECLINED.value]))
