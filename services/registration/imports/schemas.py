"""What goes through the HTTP door about imports, in and out."""

from collections.abc import Callable
from typing import Any

from marshmallow import Schema, fields, validate

from services.chassis.http.strict import ONE_LINE, NoPersonalNumber
from services.registration.imports.columns import Kind
from services.registration.imports.record import Deed, State, Status

_KINDS = validate.OneOf([kind.value for kind in Kind])
_TEXT: list[Callable[[Any], Any]] = [validate.Length(1, 255), ONE_LINE, NoPersonalNumber()]

_FIELD_AND_VALUE = validate.Regexp(r"^[a-z0-9_.]+=[^\x00-\x1f\x7f-\x9f]+(?!\n)$")


class UploadQuery(Schema):
    """`value` gives a field one value for the whole file, as `track=A`; it may be repeated."""

    kind = fields.String(required=True, validate=_KINDS)
    programme = fields.String(required=True, validate=validate.Length(1, 64))
    sender = fields.String(validate=_TEXT)
    value = fields.List(fields.String(validate=[validate.Length(3, 255), _FIELD_AND_VALUE, NoPersonalNumber()]))


class TextSchema(Schema):
    da = fields.String(required=True)
    en = fields.String(required=True)


class ReasonSchema(Schema):
    slug = fields.String(required=True)
    field = fields.String(required=True)
    text = fields.Nested(TextSchema, required=True)


class ImportSchema(Schema):
    """`lines` counts them by status (new, changed, unchanged, refused), by deed (applied, moved, undone, kept), and by what taking them
    back would do (would-be-undone, would-be-kept).

    `report` names the report that a confirmation must name; `done` of `total` lines are through the present pass.
    """

    import_id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=_KINDS)
    state = fields.String(required=True, validate=validate.OneOf([state.value for state in State]))
    sender = fields.String(required=True)
    programme = fields.String(required=True)
    file_hash = fields.String(required=True)
    report = fields.String(required=True, allow_none=True)
    done = fields.Integer(required=True)
    total = fields.Integer(required=True)
    lines = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    trouble = fields.List(fields.Nested(ReasonSchema), required=True)
    created_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)


class ColumnSchema(Schema):
    column = fields.String(required=True)
    field = fields.String(required=True, allow_none=True)


class FieldSchema(Schema):
    field = fields.String(required=True)
    required = fields.Boolean(required=True)
    name = fields.Nested(TextSchema, required=True)


class ColumnsSchema(Schema):
    """Each column's name and the field that it holds, or null where it is not read; and all fields that there are."""

    columns = fields.List(fields.Nested(ColumnSchema), required=True)
    fields_ = fields.List(fields.Nested(FieldSchema), required=True, data_key="fields", attribute="fields")
    constants = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class MappingSchema(Schema):
    """A column's name → the field that it holds, or null where it is not to be read; other columns stay as they are."""

    columns = fields.Dict(keys=fields.String(), values=fields.String(allow_none=True), required=True)


class ConfirmationSchema(Schema):
    report = fields.String(required=True, validate=validate.Regexp(r"^[0-9a-f]{64}(?!\n)$"))


class ReportQuery(Schema):
    """`troubled=true` shows only lines with errors or warnings."""

    status = fields.String(validate=validate.OneOf([status.value for status in Status]))
    done = fields.String(validate=validate.OneOf([deed.value for deed in Deed]))
    troubled = fields.Boolean()


class LanguageQuery(Schema):
    language = fields.String(validate=validate.OneOf(["da", "en"]), load_default="da")


class ReadFieldSchema(Schema):
    """What stood in the column, and what was made of it; null where there is none."""

    field = fields.String(required=True)
    column = fields.String(required=True, allow_none=True)
    read = fields.String(required=True, allow_none=True)
    value = fields.String(required=True, allow_none=True)


class IssueSchema(Schema):
    slug = fields.String(required=True)
    severity = fields.String(required=True, validate=validate.OneOf(["error", "warning"]))
    field = fields.String(required=True)
    column = fields.String(required=True, allow_none=True)
    text = fields.Nested(TextSchema, required=True)


class ChangeSchema(Schema):
    field = fields.String(required=True)
    before = fields.String(required=True, allow_none=True)
    after = fields.String(required=True, allow_none=True)


class WhySchema(Schema):
    slug = fields.String(required=True)
    text = fields.Nested(TextSchema, required=True)


class StoredAlreadySchema(Schema):
    """Somebody who is stored and may be the one in the line; `score` (of 100) is null where nobody worked one out."""

    field = fields.String(required=True)
    id = fields.UUID(required=True)
    score = fields.Integer(required=True, allow_none=True)
    reasons = fields.List(fields.Nested(WhySchema), required=True)


class ReportLineSchema(Schema):
    """One line of the file. CPR numbers are masked; `stored_otherwise` is what the import leaves as it is.

    `stays` is what taking the line back would leave, with the reasons: null as long as nobody has asked, empty where all of it goes.
    """

    line = fields.Integer(required=True)
    status = fields.String(required=True, validate=validate.OneOf([status.value for status in Status]))
    done = fields.String(required=True, allow_none=True)
    fields_ = fields.List(fields.Nested(ReadFieldSchema), required=True, data_key="fields", attribute="fields")
    issues = fields.List(fields.Nested(IssueSchema), required=True)
    stays = fields.List(fields.Nested(IssueSchema), required=True, allow_none=True)
    changes = fields.List(fields.Nested(ChangeSchema), required=True)
    stored_otherwise = fields.List(fields.Nested(ChangeSchema), required=True)
    candidates = fields.List(fields.Nested(StoredAlreadySchema), required=True)
