"""The messages, by the same rules as everybody's."""

from marshmallow import EXCLUDE, Schema, fields, validate


class Tolerant(Schema):
    """What it does not know it leaves out."""

    class Meta:
        """marshmallow's options."""

        unknown = EXCLUDE


class GuardianSchema(Schema):
    """Who applied."""

    name = fields.Str(required=True, validate=validate.Length(min=1, max=200))
    email = fields.Email(required=True)
    relation = fields.Str(required=True)


class SubmissionSchema(Tolerant):
    """An application for a place in a programme."""

    programme_id = fields.Int(required=True, strict=True, validate=validate.Range(min=1))
    institution_id = fields.Str(required=True)
    track = fields.Str(required=True, validate=validate.OneOf(["A", "B", "C"]))
    child_id = fields.UUID(required=True)
    child_birth_date = fields.Date(required=True)
    guardian = fields.Nested(GuardianSchema, required=True)
    start_date = fields.Date(required=True)
    consents = fields.List(fields.Str(), required=True)
    note = fields.Str()
    origin_ts = fields.Float(required=True)


class SubmittedSchema(Tolerant):
    """It, as it travels."""

    specversion = fields.Str(required=True, validate=validate.Equal("1.0"))
    id = fields.UUID(required=True)
    source = fields.Str(required=True)
    type = fields.Str(required=True)
    time = fields.AwareDateTime(required=True)
    datacontenttype = fields.Str()
    subject = fields.Str()
    data = fields.Nested(SubmissionSchema, required=True)


class AcceptanceSchema(Tolerant):
    """What enrolment tells of one."""

    programme_id = fields.Int(required=True)
    institution_id = fields.Str(required=True)
    track = fields.Str(required=True)
    child_id = fields.UUID(required=True)
    start_date = fields.Date(required=True)
    origin_ts = fields.Float(required=True)


class AcceptedSchema(Tolerant):
    """It, as it travels."""

    id = fields.UUID(required=True)
    type = fields.Str(required=True)
    data = fields.Nested(AcceptanceSchema, required=True)
