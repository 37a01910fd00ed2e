"""What goes through the door to programmes and institutions: it is only read."""

from marshmallow import Schema, fields, validate

from services.registration.domain.programme import Giver
from services.registration.domain.question import About, KeptFrom, QuestionKind, Sensitivity
from services.registration.domain.survey import SurveyKind
from services.registration.schemas import ANY_CODE


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


class SurveyQuestionSchema(Schema):
    """Asked anonymously after activities of these kinds; after all, where there are none."""

    code = fields.String(required=True)
    text = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    kind = fields.String(required=True, validate=validate.OneOf([kind.value for kind in SurveyKind]))
    options = fields.List(fields.Nested(OptionSchema), required=True)
    activity_kinds = fields.List(fields.String(), required=True)


class CoverRuleSchema(Schema):
    """How many of one institution may be away at once: of these, or of each where there are none."""

    code = fields.String(required=True)
    most_away = fields.Integer(required=True)
    institutions = fields.List(fields.String(), required=True)
    hard = fields.Boolean(required=True)


class ActivityTemplateSchema(Schema):
    """What an activity is opened with: fields of an opening in the service events, and how long a session lasts."""

    code = fields.String(required=True)
    text = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    kind = fields.String(required=True)
    session_minutes = fields.Integer(required=True)
    defaults = fields.String(required=True, metadata={"description": "A JSON object."})


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
    staff_cover = fields.List(fields.Nested(CoverRuleSchema), required=True)
    activity_templates = fields.List(fields.Nested(ActivityTemplateSchema), required=True)
    survey = fields.List(fields.Nested(SurveyQuestionSchema), required=True)
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
    """`number` is `stil_number` under the name that facts gave it first; `programme` is the first of `programmes`, which refer to it."""

    institution_id = fields.UUID(required=True)
    institution = fields.String(required=True)
    number = fields.String(required=True, allow_none=True)
    stil_number = fields.String(required=True, allow_none=True)
    p_number = fields.String(required=True, allow_none=True)
    name = fields.String(required=True)
    kind = fields.String(required=True)
    district = fields.String(required=True)
    programme = fields.String(required=True)
    programmes = fields.List(fields.String(), required=True)
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
    programme = fields.String(validate=ANY_CODE)
    district = fields.String(validate=ANY_CODE)
