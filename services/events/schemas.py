"""What the schemas of all doors share. Ids are UUIDs, moments carry their offset, codes are small ASCII words with hyphens."""

from datetime import UTC, date, datetime
from typing import Any

from marshmallow import Schema, fields, validate

from services.chassis.http.strict import ONE_LINE

CODE = [validate.Length(min=1, max=64), validate.Regexp(r"^[a-z0-9]+(-[a-z0-9]+)*(?!\n)$")]

LINE = [validate.Length(min=1, max=200), ONE_LINE]

OUR_TIME = validate.Range(
    min=datetime(2000, 1, 1, tzinfo=UTC),
    max=datetime(2199, 12, 31, 23, 59, 59, tzinfo=UTC),
    error="Must lie in one of the years {min:%Y} to {max:%Y}.",
)

OUR_DAY = validate.Range(min=date(2000, 1, 1), max=date(2199, 12, 31), error="Must lie in one of the years {min:%Y} to {max:%Y}.")


def code(description: str, **options: Any) -> fields.String:
    return fields.String(validate=CODE, metadata={"description": description}, **options)


def one_of(values: Any, description: str, **options: Any) -> fields.String:
    return fields.String(validate=validate.OneOf([value.value for value in values]), metadata={"description": description}, **options)


class TextSchema(Schema):
    da = fields.String()
    en = fields.String()


class ReasonSchema(Schema):
    slug = fields.String()
    field = fields.String()
    text = fields.Nested(TextSchema)
