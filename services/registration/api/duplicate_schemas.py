"""What goes through the door to people who may be stored twice, in and out."""

from marshmallow import Schema, fields, validate

from services.registration.domain.merge import FIELDS
from services.registration.domain.person import Kind
from services.registration.schemas import EnrolmentSchema, ReasonTextSchema

TAKEABLE = sorted({name for names in FIELDS.values() for name in names})
"""What a merge may take over."""
_KIND = validate.OneOf([kind.value for kind in Kind])


class LikenessReasonSchema(Schema):
    slug = fields.String(required=True)
    text = fields.Nested(ReasonTextSchema, required=True)


class CandidateSchema(Schema):
    """Two who may be one: how alike they are, of 100, and why. Who they are is shown where the two are compared."""

    one = fields.UUID(required=True)
    other = fields.UUID(required=True)
    kind = fields.String(required=True, validate=_KIND)
    score = fields.Integer(required=True)
    reasons = fields.List(fields.Nested(LikenessReasonSchema), required=True)
    found_at = fields.AwareDateTime(required=True)


class CandidateQuery(Schema):
    kind = fields.String(validate=_KIND)
    least = fields.Integer(validate=validate.Range(0, 100))


class ComparedSchema(Schema):
    """One of two. A guardian has no `birth_date`; a child has no address of its own."""

    person_id = fields.UUID(required=True)
    given_name = fields.String(required=True)
    family_name = fields.String(required=True)
    birth_date = fields.Date(required=True, allow_none=True)
    email = fields.String(required=True, allow_none=True)
    phone = fields.String(required=True, allow_none=True)
    language = fields.String(required=True, allow_none=True)
    spoken_language = fields.String(required=True, allow_none=True)
    child_ids = fields.List(fields.UUID(), required=True)
    enrolments = fields.List(fields.Nested(EnrolmentSchema), required=True)


class ComparisonSchema(Schema):
    """Two people side by side; `conflicts` are the fields in which both say something, and not the same."""

    kind = fields.String(required=True, validate=_KIND)
    score = fields.Integer(required=True)
    reasons = fields.List(fields.Nested(LikenessReasonSchema), required=True)
    conflicts = fields.List(fields.String(), required=True)
    decision = fields.String(required=True, allow_none=True, validate=validate.OneOf(["merged", "not-the-same"]))
    people = fields.List(fields.Nested(ComparedSchema), required=True)


class MergingSchema(Schema):
    """`take` names the fields whose value the one that is kept takes over; a merged one's empty field is not taken over."""

    kind = fields.String(required=True, validate=_KIND)
    merged_id = fields.UUID(required=True)
    into_id = fields.UUID(required=True)
    take = fields.List(fields.String(validate=validate.OneOf(TAKEABLE)), load_default=list)


class MergeSchema(Schema):
    """Whose id stands for whom since when, and whether that was undone."""

    merge_id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=_KIND)
    merged_id = fields.UUID(required=True)
    into_id = fields.UUID(required=True)
    taken = fields.List(fields.String(), required=True)
    merged_at = fields.AwareDateTime(required=True)
    undone_at = fields.AwareDateTime(required=True, allow_none=True)


class MergeQuery(Schema):
    person_id = fields.UUID()
