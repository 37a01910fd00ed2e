"""What the HTTP door takes and gives: the question's parameters, and the shape of the report in JSON."""

from marshmallow import Schema, fields, validate

MONTH = validate.Regexp(r"^[12][0-9]{3}-(0[1-9]|1[0-2])(?!\n)$", error="Not a valid month.")


class Question(Schema):
    """Which report; whole months, both included."""

    programme = fields.String(metadata={"description": "The programme's code; the first programme if it is left out."})
    district = fields.String(metadata={"description": "Only the rows of this district. The numbers stay those of the whole report."})
    start = fields.String(data_key="from", validate=MONTH, metadata={"description": "The first month, such as 2024-01. Coordinators only."})
    end = fields.String(data_key="to", validate=MONTH, metadata={"description": "The last month, such as 2024-03. Coordinators only."})
    language = fields.String(data_key="lang", validate=validate.OneOf(["da", "en"]), metadata={"description": "da or en"})


class Texts(Schema):
    da = fields.String(required=True)
    en = fields.String(required=True)


class ProgrammeSchema(Schema):
    code = fields.String(required=True)
    name = fields.String(required=True)
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)
    target_children = fields.Integer(required=True)


class ReachSchema(Schema):
    """Children enrolled, and children who came at least once, against the target."""

    target = fields.Integer(required=True)
    enrolled = fields.Integer(required=True, allow_none=True)
    came = fields.Integer(required=True, allow_none=True)
    enrolled_share = fields.Float(required=True, allow_none=True)


class ColumnSchema(Schema):
    name = fields.String(required=True)
    label = fields.Nested(Texts, required=True)


class RowSchema(Schema):
    """`numbers` by measure and `rates` (0 to 1) by name; null is hidden."""

    path = fields.String(required=True)
    label = fields.Nested(Texts, required=True)
    numbers = fields.Dict(keys=fields.String(), values=fields.Integer(allow_none=True), required=True)
    rates = fields.Dict(keys=fields.String(), values=fields.Float(allow_none=True), required=True)


class TableSchema(Schema):
    by = fields.String(required=True)
    label = fields.Nested(Texts, required=True)
    columns = fields.List(fields.Nested(ColumnSchema), required=True)
    rows = fields.List(fields.Nested(RowSchema), required=True)


class SectionSchema(Schema):
    """The measures that count the same units. A report on a part of the programme has no total."""

    family = fields.String(required=True)
    label = fields.Nested(Texts, required=True)
    total = fields.Nested(RowSchema, required=True, allow_none=True)
    tables = fields.List(fields.Nested(TableSchema), required=True)


class MeasureSchema(Schema):
    name = fields.String(required=True)
    label = fields.Nested(Texts, required=True)
    definition = fields.Nested(Texts, required=True)
    facts = fields.List(fields.String(), required=True)


class ReportSchema(Schema):
    """The report. `from` and `to` are months, null where the period is open; `updated_at` is when its newest fact happened."""

    programme = fields.Nested(ProgrammeSchema, required=True)
    start = fields.String(data_key="from", attribute="from", required=True, allow_none=True)
    end = fields.String(data_key="to", attribute="to", required=True, allow_none=True)
    threshold = fields.Integer(required=True)
    updated_at = fields.AwareDateTime(required=True, allow_none=True)
    reach = fields.Nested(ReachSchema, required=True, allow_none=True)
    sections = fields.List(fields.Nested(SectionSchema), required=True)
    measures = fields.List(fields.Nested(MeasureSchema), required=True)
