"""What the doors of surveys take and give."""

from marshmallow import Schema, fields, validate

from services.events.domain.survey import SurveyKind
from services.events.schemas import one_of

STATUSES = ("not-asked", "open", "too-few", "ready")


class LanguageQuery(Schema):
    """In which language the page is read; the browser's own, where it is not said or the page is not written in it."""

    lang = fields.String()


class TokenQuery(LanguageQuery):
    """What a mailed link holds. It is spent by sending the answers, not by looking at the page."""

    token = fields.String(load_default="", validate=validate.Length(max=128))


class CountSchema(Schema):
    code = fields.String()
    text = fields.Dict(keys=fields.String(), values=fields.String())
    count = fields.Integer()


class AnsweredSchema(Schema):
    """What was answered to one question."""

    code = fields.String()
    text = fields.Dict(keys=fields.String(), values=fields.String())
    kind = one_of(SurveyKind, "What an answer is.")
    answered = fields.Integer(metadata={"description": "How many answered it."})
    counts = fields.List(fields.Nested(CountSchema), metadata={"description": "How many chose what; empty where answers are words."})
    words = fields.List(fields.String(), metadata={"description": "In no order that means anything."})


class ResultsSchema(Schema):
    activity_id = fields.String(metadata={"format": "uuid"})
    status = fields.String(
        validate=validate.OneOf(STATUSES),
        metadata={"description": "Nothing is shown while answers may come (`open`), or where fewer than five came (`too-few`)."},
    )
    closes_on = fields.Date(metadata={"description": "The last day for answers."})
    answered = fields.Integer(metadata={"description": "How many answered anything."})
    questions = fields.List(
        fields.Nested(AnsweredSchema), metadata={"description": "Those that at least five answered, when the survey is over."}
    )
