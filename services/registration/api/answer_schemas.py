"""What goes through the door to answers, in and out."""

from typing import Any, Final

from marshmallow import Schema, fields, validate

from services.registration.domain.answer import How
from services.registration.domain.fitting import LARGEST, LONGEST
from services.registration.domain.question import About
from services.registration.schemas import CODE

MOST: Final = 100
"""Answers that are taken at once."""

ABOUT_CHILD: Final = {"answers": [{"question": "siblings", "answer": 1}, {"question": "allergies", "answer": "Ingen nødder / No nuts"}]}
ABOUT_GUARDIAN: Final = {"answers": [{"question": "interpreter", "answer": True}, {"question": "interpreter-language", "answer": "ar"}]}
ABOUT_PROFESSIONAL: Final = {"answers": [{"question": "years-of-practice", "answer": 12}]}

_KINDS: Final[list[dict[str, Any]]] = [
    {"type": "string", "maxLength": LONGEST, "description": "Text; the code of an option; or a date as YYYY-MM-DD."},
    {"type": "boolean", "description": "Yes or no."},
    {"type": "integer", "minimum": -LARGEST, "maximum": LARGEST, "description": "A whole number."},
    {"type": "array", "items": {"type": "string"}, "description": "The codes of one or more options."},
]
_AS_ASKED: Final = "As the kind of the question asks."


class SaidSchema(Schema):
    """One answer; null takes it back."""

    question = fields.String(required=True, validate=CODE)
    answer = fields.Raw(required=True, allow_none=True, metadata={"anyOf": [*_KINDS, {"type": "null"}], "description": _AS_ASKED})


class SayingSchema(Schema):
    """What is left out stays as it is."""

    answers = fields.List(fields.Nested(SaidSchema), required=True, validate=validate.Length(1, MOST))


class AnswerSchema(Schema):
    """One that is kept. `role` is that of whoever gave it; on `erased_on` it is erased, as things stand today."""

    question = fields.String(required=True)
    answer = fields.Raw(required=True, attribute="value", metadata={"anyOf": _KINDS, "description": _AS_ASKED})
    given_at = fields.AwareDateTime(required=True)
    role = fields.String(required=True)
    erased_on = fields.Date(required=True)


class PersonsAnswerSchema(AnswerSchema):
    """An answer, and whose it is."""

    person_id = fields.UUID(required=True)


class InstitutionQuery(Schema):
    institution = fields.String(validate=CODE)


class ChangedSchema(Schema):
    """That an answer was given, corrected or taken back, or lapsed because its question is not asked any more: never what it was."""

    question = fields.String(required=True)
    how = fields.String(required=True, validate=validate.OneOf([how.value for how in How]))
    at = fields.AwareDateTime(required=True)
    role = fields.String(required=True)


class SheetSchema(Schema):
    """What somebody has answered in a programme, as far as the caller may know it for his purpose; of its history the latest hundred."""

    programme = fields.String(required=True)
    person_id = fields.UUID(required=True)
    about = fields.String(required=True, validate=validate.OneOf([about.value for about in About]))
    items = fields.List(fields.Nested(AnswerSchema), required=True)
    history = fields.List(fields.Nested(ChangedSchema), required=True)
