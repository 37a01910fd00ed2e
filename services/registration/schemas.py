"""What goes through the HTTP door, in and out."""

from marshmallow import Schema, fields, validate

from services.chassis.http.strict import ONE_LINE, NoPersonalNumber, OnItsOwn
from services.registration.domain.consent import ConsentStatus
from services.registration.domain.life import Status
from services.registration.domain.programme import Giver
from services.registration.domain.question import About, KeptFrom, QuestionKind, Sensitivity

MOST_AT_ONCE = 500
"""How many requests one call in bulk may hold."""

# Patterns are written for JSON Schema too; `(?!\n)$` because Python's `$` would let a last line break by.
CODE = [validate.Length(max=64), validate.Regexp(r"^[a-z0-9]+(-[a-z0-9]+)*(?!\n)$")]
NAME = [validate.Length(1, 120), ONE_LINE]
LANGUAGE = validate.Regexp(r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?(?!\n)$")
PHONE = [validate.Length(max=32), validate.Regexp(r"^(\+[1-9]( ?[0-9]){6,14}|[2-9]( ?[0-9]){7})(?!\n)$")]
INSTITUTION = [validate.Length(max=64), validate.Regexp(r"^([0-9A-Z]{6}|[a-z0-9]+(-[a-z0-9]+)*)(?!\n)$")]
_ANSWERS = [status.value for status in (Status.INVITED, Status.INTERESTED, Status.ACCEPTED, Status.REJECTED)]
_ANY_CODE = validate.Length(max=64)


class NamedSchema(Schema):
    code = fields.String(required=True)
    name = fields.String(required=True)


class PeriodSchema(Schema):
    start = fields.Date(required=True)
    end = fields.Date(required=True)


class ContactSchema(Schema):
    email = fields.String(required=True)
    phone = fields.String()


class TrackSchema(NamedSchema):
    closed = fields.Date(required=True, allow_none=True)


class CohortSchema(NamedSchema):
    track = fields.String(required=True)
    period = fields.Nested(PeriodSchema, required=True)


class DistrictSchema(NamedSchema):
    stil_number = fields.String(required=True, allow_none=True)
    closed = fields.Date(required=True, allow_none=True)


class InstitutionKindSchema(NamedSchema):
    register_type = fields.String(required=True, allow_none=True)


class TextVersionSchema(Schema):
    version = fields.String(required=True)
    language = fields.String(required=True)


class ConsentPurposeSchema(NamedSchema):
    required = fields.Boolean(required=True)
    given_by = fields.String(required=True, validate=validate.OneOf([giver.value for giver in Giver]))
    texts = fields.List(fields.Nested(TextVersionSchema), required=True)


class OptionSchema(Schema):
    code = fields.String(required=True)
    text = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class ConditionSchema(Schema):
    question = fields.String(required=True)
    answers = fields.List(fields.String(), required=True)


class QuestionSchema(Schema):
    code = fields.String(required=True)
    text = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    kind = fields.String(required=True, validate=validate.OneOf([kind.value for kind in QuestionKind]))
    about = fields.String(required=True, validate=validate.OneOf([about.value for about in About]))
    purpose = fields.String(required=True)
    retention = fields.String(required=True)
    sensitivity = fields.String(required=True, validate=validate.OneOf([sensitivity.value for sensitivity in Sensitivity]))
    required = fields.Boolean(required=True)
    options = fields.List(fields.Nested(OptionSchema), required=True)
    when = fields.Nested(ConditionSchema, required=True, allow_none=True)
    closed = fields.Date(required=True, allow_none=True)
    kept_from = fields.String(required=True, validate=validate.OneOf([kept_from.value for kept_from in KeptFrom]))


class ProgrammeSchema(Schema):
    programme_id = fields.UUID(required=True)
    programme = fields.String(required=True)
    name = fields.String(required=True)
    period = fields.Nested(PeriodSchema, required=True)
    target_children = fields.Integer(required=True)
    tracks = fields.List(fields.Nested(TrackSchema), required=True)
    cohorts = fields.List(fields.Nested(CohortSchema), required=True)
    districts = fields.List(fields.Nested(DistrictSchema), required=True)
    institution_kinds = fields.List(fields.Nested(InstitutionKindSchema), required=True)
    activity_kinds = fields.List(fields.Nested(NamedSchema), required=True)
    professions = fields.List(fields.Nested(NamedSchema), required=True)
    professional_roles = fields.List(fields.Nested(NamedSchema), required=True)
    languages = fields.List(fields.String(), required=True)
    consent_purposes = fields.List(fields.Nested(ConsentPurposeSchema), required=True)
    questions = fields.List(fields.Nested(QuestionSchema), required=True)
    contact = fields.Nested(ContactSchema)


class ProgrammesSchema(Schema):
    items = fields.List(fields.Nested(ProgrammeSchema), required=True)


class ConsentTextSchema(Schema):
    purpose = fields.String(required=True)
    version = fields.String(required=True)
    language = fields.String(required=True)
    text = fields.String(required=True)


class ConsentTextsSchema(Schema):
    items = fields.List(fields.Nested(ConsentTextSchema), required=True)


class ValiditySchema(Schema):
    """Both days included; null is open: since ever, until further notice."""

    start = fields.Date(required=True, allow_none=True)
    end = fields.Date(required=True, allow_none=True)


class PlacementSchema(ValiditySchema):
    district = fields.String(required=True)


class InstitutionSchema(Schema):
    """`number` is `stil_number` under the name that facts gave it first."""

    institution_id = fields.UUID(required=True)
    institution = fields.String(required=True)
    number = fields.String(required=True, allow_none=True)
    stil_number = fields.String(required=True, allow_none=True)
    p_number = fields.String(required=True, allow_none=True)
    name = fields.String(required=True)
    kind = fields.String(required=True)
    district = fields.String(required=True)
    programme = fields.String(required=True)
    existence = fields.Nested(ValiditySchema, required=True)
    placements = fields.List(fields.Nested(PlacementSchema), required=True)
    successor = fields.String(required=True, allow_none=True)


class InstitutionsSchema(Schema):
    items = fields.List(fields.Nested(InstitutionSchema), required=True)


class InstitutionHistorySchema(InstitutionSchema):
    """`predecessors` are the codes of those that were merged into it."""

    predecessors = fields.List(fields.String(), required=True)


class InstitutionQuery(Schema):
    on = fields.Date()
    programme = fields.String(validate=_ANY_CODE)
    district = fields.String(validate=_ANY_CODE)


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
    programme = fields.String(validate=_ANY_CODE)
    status = fields.String(validate=validate.OneOf([status.value for status in Status]))
    institution = fields.String(validate=_ANY_CODE)
    district = fields.String(validate=_ANY_CODE)
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


class ConsentSchema(Schema):
    consent_id = fields.UUID(required=True)
    child_id = fields.UUID(required=True)
    guardian_id = fields.UUID(required=True)
    purpose = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf([status.value for status in ConsentStatus]))
    text_version = fields.String(required=True)
    language = fields.String(required=True)
    channel = fields.String(required=True)
    given_at = fields.AwareDateTime(required=True)
    withdrawn_at = fields.AwareDateTime(required=True, allow_none=True)


class AddressSchema(Schema):
    street = fields.String(required=True, validate=NAME)
    postal_code = fields.String(required=True, validate=validate.Regexp(r"^[0-9]{4}(?!\n)$"))
    city = fields.String(required=True, validate=NAME)


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
