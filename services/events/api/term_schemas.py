"""What goes in and out where it is said whom an activity is for, when one may sign up, and how its seats are shared out."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from services.events.domain.moment import Moment
from services.events.domain.quota import Quota
from services.events.domain.rule import Ages, AgeUnit, Condition, Rule
from services.events.domain.signup import PartyRole
from services.events.domain.windows import Stage, Windows
from services.events.schemas import CODE, ReasonSchema, code, one_of

MOST_SEATS = 10_000
MOST_CONDITIONS = 20
MOST_QUOTAS = 50
MOST_STAGES = 10
MOST_CODES = 100
OLDEST = 1_200

_TRACK = validate.Regexp(r"^[A-Za-z0-9]+(-[A-Za-z0-9]+)*(?!\n)$")
_CLOCK = validate.Regexp(r"^([01][0-9]|2[0-3]):[0-5][0-9](?!\n)$")
_AGE = validate.Range(min=0, max=OLDEST)

TERMS = {
    "rule": {"all": [{"ages": {"unit": "months", "at_least": 6, "at_most": 35}}]},
    "windows": {
        "opens": {"days_before": 14, "at": "09:00"},
        "closes": {"days_before": 1, "at": "12:00"},
        "cancel_until": {"days_before": 2, "at": "12:00"},
        "stages": [{"who": {"all": [{"never_reached": True}]}, "opens": {"days_before": 21, "at": "09:00"}}],
    },
    "quotas": [
        {"code": "children", "who": {"all": [{"roles": ["child"]}]}, "seats": 12},
        {
            "code": "hedegaarden-first",
            "who": {"all": [{"districts": ["hedegaarden"]}]},
            "seats": 8,
            "reserved_until": {"days_before": 7, "at": "09:00"},
        },
    ],
}


def _list_of(item: fields.Field[Any], most: int, description: str = "") -> fields.List[Any]:
    metadata = {"description": description} if description else {}
    return fields.List(item, validate=validate.Length(max=most), metadata=metadata)


def _codes(description: str) -> fields.List[Any]:
    return _list_of(fields.String(validate=CODE), MOST_CODES, description)


def _fixed(data: dict[str, Any]) -> dict[str, Any]:
    """The same with tuples for lists, so that what was left out and what is empty are equal."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}


class AgesSchema(Schema):
    """Both ends included. Facts carry no day of birth: a child turns a month older on the first of each month."""

    unit = one_of(AgeUnit, "In what the age is counted.", required=True)
    at_least = fields.Integer(load_default=0, validate=_AGE)
    at_most = fields.Integer(load_default=216, validate=_AGE)

    @post_load
    def ages(self, data: dict[str, Any], **_: Any) -> Ages:
        return Ages(AgeUnit(data["unit"]), data["at_least"], data["at_most"])


class ConditionSchema(Schema):
    """What is asked of one person: everything that is named. A guardian has the place, track and age of his children."""

    roles = _list_of(
        fields.String(validate=validate.OneOf([role.value for role in PartyRole])), len(PartyRole), "He comes as one of these."
    )
    programmes = _codes("He is enrolled in one of these programmes.")
    tracks = _list_of(fields.String(validate=[validate.Length(max=32), _TRACK]), MOST_CODES, "He is on one of these tracks.")
    districts = _codes("He belongs to one of these districts.")
    institutions = _codes("He belongs to one of these institutions.")
    professions = _codes("He has one of these professions.")
    ages = fields.Nested(AgesSchema, allow_none=True, metadata={"description": "The child's age on the day of the first session."})
    attended = _codes("He has come to one of these kinds of activity.")
    not_attended = _codes("He has come to none of these kinds of activity.")
    never_reached = fields.Boolean(metadata={"description": "Neither he nor a child of his family has come to a session of the programme."})

    @post_load
    def condition(self, data: dict[str, Any], **_: Any) -> Condition:
        roles = {"roles": tuple(map(PartyRole, data["roles"]))} if "roles" in data else {}
        return Condition(**_fixed(data) | roles)


class RuleSchema(Schema):
    """Everything in `all` must hold and, where there is any, one of `any`. Without conditions it is for everybody."""

    all = _list_of(fields.Nested(ConditionSchema), MOST_CONDITIONS)
    any = _list_of(fields.Nested(ConditionSchema), MOST_CONDITIONS)

    @post_load
    def rule(self, data: dict[str, Any], **_: Any) -> Rule:
        return Rule(**_fixed(data))


class MomentSchema(Schema):
    """So many days before the day of the first session, at a time of the clock in Denmark."""

    days_before = fields.Integer(required=True, validate=validate.Range(min=0, max=366))
    at = fields.String(required=True, validate=_CLOCK, metadata={"description": "HH:MM, local time."})

    @post_load
    def moment(self, data: dict[str, Any], **_: Any) -> Moment:
        return Moment(**data)


class StageSchema(Schema):
    """A group that may sign up before the others."""

    who = fields.Nested(RuleSchema, required=True)
    opens = fields.Nested(MomentSchema, required=True)

    @post_load
    def stage(self, data: dict[str, Any], **_: Any) -> Stage:
        return Stage(**data)


class WindowsSchema(Schema):
    """When one may sign up, and until when one may cancel in good time; all relative to the first session, with which they move."""

    opens = fields.Nested(MomentSchema, allow_none=True, metadata={"description": "Null: at once."})
    closes = fields.Nested(MomentSchema, allow_none=True, metadata={"description": "Null: when the first session starts."})
    cancel_until = fields.Nested(
        MomentSchema, allow_none=True, metadata={"description": "Later, a cancellation counts as late. Null: never."}
    )
    stages = _list_of(fields.Nested(StageSchema), MOST_STAGES, "Who may sign up before `opens`.")

    @post_load
    def windows(self, data: dict[str, Any], **_: Any) -> Windows:
        return Windows(**_fixed(data))


class QuotaSchema(Schema):
    """At most so many seats for those who count in it; or, with `reserved_until`, so many that are kept for them until then."""

    code = code("Its name in this activity.", required=True)
    who = fields.Nested(RuleSchema, required=True)
    seats = fields.Integer(required=True, validate=validate.Range(min=0, max=MOST_SEATS))
    reserved_until = fields.Nested(MomentSchema, allow_none=True, metadata={"description": "From then on what is left is open to all."})

    @post_load
    def quota(self, data: dict[str, Any], **_: Any) -> Quota:
        return Quota(**data)


class QuotaNowSchema(QuotaSchema):
    """A quota as it stands."""

    taken = fields.Integer(metadata={"description": "Seats of those who count in it."})
    free = fields.Integer(metadata={"description": "How many more may come, or for how many a seat is kept; 0 where too many are there."})
    released = fields.Boolean(metadata={"description": "Whether its seats were kept for some, and are open to all now."})


class QuotaSeatsSchema(Schema):
    seats = fields.Integer(required=True, validate=validate.Range(min=0, max=MOST_SEATS))


class AnswerSchema(ReasonSchema):
    met = fields.Boolean(metadata={"description": "Whether it is so."})
    known = fields.Boolean(metadata={"description": "False where nobody can tell; which keeps nobody out."})


class EligibilitySchema(Schema):
    activity_id = fields.String(metadata={"format": "uuid"})
    may_sign_up = fields.Boolean(metadata={"description": "Whether a sign-up would be taken now, with a seat or a place in the line."})
    reasons = fields.List(fields.Nested(ReasonSchema), metadata={"description": "Everything that speaks against it."})
    rules = fields.List(
        fields.Nested(AnswerSchema),
        metadata={"description": "What the activity asks of each of the party, and what became of it; nothing if he is refused anyway."},
    )
