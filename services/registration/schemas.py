"""What goes through the HTTP door, in and out: enrolments and professionals, and the rules for fields that the other schemas share."""

from marshmallow import Schema, fields, validate

from services.chassis.http.strict import ONE_LINE, NoPersonalNumber, OnItsOwn
from services.registration.domain.life import Status, Step

MOST_AT_ONCE = 500
"""How many requests one call in bulk may hold."""

# Patterns are written for JSON Schema too; `(?!\n)$` because Python's `$` would let a last line break by.
CODE = [validate.Length(max=64), validate.Regexp(r"^[a-z0-9]+(-[a-z0-9]+)*(?!\n)$")]
NAME = [validate.Length(1, 120), ONE_LINE]
LANGUAGE = validate.Regexp(r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?(?!\n)$")
PHONE = [validate.Length(max=32), validate.Regexp(r"^(\+[1-9]( ?[0-9]){6,14}|[2-9]( ?[0-9]){7})(?!\n)$")]
INSTITUTION = [validate.Length(max=64), validate.Regexp(r"^([0-9A-Z]{6}|[a-z0-9]+(-[a-z0-9]+)*)(?!\n)$")]
CPR_NUMBER = validate.Regexp(r"^(0[1-9]|[12][0-9]|3[01]|6[1-9]|[78][0-9]|9[01])(0[1-9]|1[0-2])[0-9]{2}-?[0-9]{4}(?!\n)$")
_ANSWERS = [status.value for status in (Status.INVITED, Status.INTERESTED, Status.ACCEPTED, Status.REJECTED)]
ANY_CODE = validate.Length(max=64)


class RequestSchema(Schema):
    """One request, as a message on the bus would carry it: `data` is what the contract enrolment.requested/v1 lays down."""

    id = fields.String(required=True, validate=[validate.Length(1, 255), NoPersonalNumber()], error_messages={"required": "Missing id."})
    data = fields.Dict(required=True)


class RequestsSchema(Schema):
    requests = fields.List(OnItsOwn(RequestSchema), required=True, validate=validate.Length(1, MOST_AT_ONCE))


class ReasonTextSchema(Schema):
    da = fields.String(required=True)
    en = fields.String(required=True)


class AnswerReasonSchema(Schema):
    slug = fields.String(required=True)
    field = fields.String(required=True)
    text = fields.Nested(ReasonTextSchema, required=True)


class ComingSchema(Schema):
    """A step whose day has not come. `number` is by what it is called back; `institution` is where a move leads."""

    number = fields.Integer(required=True)
    step = fields.String(required=True, validate=validate.OneOf([step.value for step in Step]))
    effective_date = fields.Date(required=True)
    request_id = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)
    institution_id = fields.UUID(required=True, allow_none=True)
    institution = fields.String(required=True, allow_none=True)


class EnrolmentSchema(Schema):
    enrolment_id = fields.UUID(required=True)
    request_id = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf([status.value for status in Status]))
    child_id = fields.UUID(required=True, allow_none=True)
    guardian_ids = fields.List(fields.UUID(), required=True)
    programme = fields.String(required=True, allow_none=True)
    track = fields.String(required=True, allow_none=True)
    institution_id = fields.UUID(required=True, allow_none=True)
    institution = fields.String(required=True, allow_none=True)
    district = fields.String(required=True, allow_none=True)
    birth_month = fields.String(required=True, allow_none=True)
    start_date = fields.Date(required=True, allow_none=True)
    end_date = fields.Date(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    reasons = fields.List(fields.Nested(AnswerReasonSchema), required=True)
    step = fields.String(required=True, allow_none=True)
    since = fields.Date(required=True, allow_none=True)
    was_enrolled = fields.Boolean(required=True)
    coming = fields.List(fields.Nested(ComingSchema), required=True)


class BulkAnswerSchema(Schema):
    """An enrolment; or a conflict: the id was taken before with other content; or invalid: it is not an id and data.

    In the last two cases nothing was done. What is invalid is answered without a `request_id` where it has none that can be taken.
    """

    request_id = fields.String(required=True, allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf([*_ANSWERS, "conflict", "invalid"]))
    enrolment = fields.Nested(EnrolmentSchema, required=True, allow_none=True)
    reasons = fields.List(fields.Nested(AnswerReasonSchema), required=True)


class BulkAnswersSchema(Schema):
    answers = fields.List(fields.Nested(BulkAnswerSchema), required=True)


class EnrolmentQuery(Schema):
    programme = fields.String(validate=ANY_CODE)
    status = fields.String(validate=validate.OneOf([status.value for status in Status]))
    institution = fields.String(validate=ANY_CODE)
    district = fields.String(validate=ANY_CODE)
    child_id = fields.UUID()


class WithdrawalSchema(Schema):
    reason = fields.String(required=True, validate=CODE)
    effective_date = fields.Date(required=True)


class ProfessionalSchema(Schema):
    programme = fields.String(required=True, validate=CODE)
    profession = fields.String(required=True, validate=CODE)
    institution = fields.String(required=True, validate=INSTITUTION)
    given_name = fields.String(required=True, validate=NAME)
    family_name = fields.String(required=True, validate=NAME)
    email = fields.Email(required=True, validate=validate.Length(max=254))
    phone = fields.String(validate=PHONE)
    language = fields.String(validate=LANGUAGE, load_default="da")
    share_percent = fields.Integer(validate=validate.Range(1, 100))
    start_date = fields.Date()


class RegisteredProfessionalSchema(Schema):
    professional_id = fields.UUID(required=True)
    profession = fields.String(required=True)
    institution_id = fields.UUID(required=True)
    institution = fields.String(required=True)
    district = fields.String(required=True)
    programme = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf([status.value for status in Status]))
    share_percent = fields.Integer(required=True, allow_none=True)
    start_date = fields.Date(required=True, allow_none=True)
    end_date = fields.Date(required=True, allow_none=True)
