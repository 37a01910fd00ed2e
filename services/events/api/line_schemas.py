"""What goes in and out where the rule of a line is said, and where it is explained why somebody stands where he does."""

from datetime import UTC
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from services.events.domain.decision import What
from services.events.domain.draw import DrawRule, Weight
from services.events.domain.line import BestFit, Group, LineRule, Order
from services.events.domain.offer import OfferRule
from services.events.domain.signup import SignupStatus
from services.events.schemas import LINE, OUR_TIME, TextSchema, code, one_of

MOST_GROUPS = 10

LINE_RULE = {
    "groups": [{"code": "new-families", "title": {"da": "Nye familier", "en": "New families"}, "never_reached": True}],
    "best_fit": {"most_passes": 3, "most_days": 14},
    "offers": {"answer_hours": 13, "queue_again": True},
}


class GroupTitleSchema(Schema):
    da = fields.String(required=True, validate=LINE)
    en = fields.String(required=True, validate=LINE)


class GroupSchema(Schema):
    """A group of priority. A party belongs to it where everything holds that is asked."""

    code = code("The group's name in the record.", required=True)
    title = fields.Nested(GroupTitleSchema, required=True)
    never_reached = fields.Boolean(
        load_default=False,
        metadata={"description": "Only parties whom the programme has never reached: nobody of them, nor a child of theirs."},
    )
    people_from = fields.Integer(
        load_default=1, validate=validate.Range(min=1, max=20), metadata={"description": "Only parties of at least so many."}
    )

    @post_load
    def group(self, data: dict[str, Any], **_: Any) -> Group:
        return Group(**data)


class BestFitSchema(Schema):
    """The next who fits may go before those who do not, within these bounds; then the seats are held."""

    most_passes = fields.Integer(
        required=True, validate=validate.Range(min=1, max=100), metadata={"description": "How often a party may be passed over."}
    )
    most_days = fields.Integer(
        required=True, validate=validate.Range(min=1, max=366), metadata={"description": "For how many days it may be passed over."}
    )

    @post_load
    def best_fit(self, data: dict[str, Any], **_: Any) -> BestFit:
        return BestFit(**data)


class OfferRuleSchema(Schema):
    """Freed seats are offered rather than given, where there is time for an answer before the first session."""

    answer_hours = fields.Integer(
        required=True,
        validate=validate.Range(min=1, max=130),
        metadata={"description": "Hours to answer, counted from 8 to 21 in Denmark on days that are not closing days."},
    )
    queue_again = fields.Boolean(
        load_default=False, metadata={"description": "Who does not answer goes to the end of the line once; else he leaves it."}
    )

    @post_load
    def offers(self, data: dict[str, Any], **_: Any) -> OfferRule:
        return OfferRule(**data)


class WeightSchema(Schema):
    """How many lots a party has for whom everything holds that is asked."""

    lots = fields.Integer(required=True, validate=validate.Range(min=1, max=100))
    never_reached = fields.Boolean(load_default=False)
    people_from = fields.Integer(load_default=1, validate=validate.Range(min=1, max=20))

    @post_load
    def weight(self, data: dict[str, Any], **_: Any) -> Weight:
        return Weight(**data)


class DrawRuleSchema(Schema):
    """Chance decides in which order seats are given to those who signed up before a moment; who comes later stands behind them."""

    closes_at = fields.AwareDateTime(required=True, validate=OUR_TIME)
    weights = fields.List(
        fields.Nested(WeightSchema),
        load_default=list,
        validate=validate.Length(max=MOST_GROUPS),
        metadata={"description": "The first that has the party says how many lots it has; else it has one."},
    )

    @post_load
    def draw(self, data: dict[str, Any], **_: Any) -> DrawRule:
        return DrawRule(data["closes_at"].astimezone(UTC), data["weights"])


class LineRuleSchema(Schema):
    """How the waiting list is kept; it does not change once the activity is open. Nothing said: by arrival, in strict order."""

    groups = fields.List(
        fields.Nested(GroupSchema),
        load_default=list,
        validate=validate.Length(max=MOST_GROUPS),
        metadata={"description": "Groups of priority, the first first; a party waits in the first that has it, or behind them all."},
    )
    best_fit = fields.Nested(BestFitSchema, allow_none=True, load_default=None)
    offers = fields.Nested(OfferRuleSchema, allow_none=True, load_default=None)
    draw = fields.Nested(DrawRuleSchema, allow_none=True, load_default=None)

    @validates_schema
    def one_order(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("groups") and data.get("draw"):
            raise ValidationError("Either groups or a draw.", "draw")

    @validates_schema
    def no_group_twice(self, data: dict[str, Any], **_: Any) -> None:
        groups: list[Group] = data.get("groups", [])
        if len({group.code for group in groups}) < len(groups):
            raise ValidationError("Every group needs a code of its own.", "groups")

    @post_load
    def rule(self, data: dict[str, Any], **_: Any) -> LineRule:
        return LineRule(**data)


class ShownLineSchema(LineRuleSchema):
    order = one_of(Order, "By what the order goes: arrival, groups and arrival within them, or a draw.")


class ReasonWhySchema(Schema):
    why = fields.String(metadata={"description": "The reason's name."})
    text = fields.Nested(TextSchema)


class DecidedSchema(Schema):
    at = fields.AwareDateTime()
    what = one_of(What, "What was decided.")
    values = fields.Dict(metadata={"description": "The numbers and codes that it went by."})
    text = fields.Nested(TextSchema)


class SignupExplanationSchema(Schema):
    signup_id = fields.String(metadata={"format": "uuid"})
    activity_id = fields.String(metadata={"format": "uuid"})
    status = one_of(SignupStatus, "How it stands now.")
    position = fields.Integer(allow_none=True, metadata={"description": "The present place on the waiting list, from 1."})
    now = fields.List(fields.Nested(ReasonWhySchema), metadata={"description": "Why it stands so."})
    decisions = fields.List(fields.Nested(DecidedSchema), metadata={"description": "Everything that was decided, the first first."})


class ActivityExplanationSchema(Schema):
    activity_id = fields.String(metadata={"format": "uuid"})
    capacity = fields.Integer()
    taken = fields.Integer()
    free = fields.Integer()
    waiting = fields.Integer(metadata={"description": "Parties on the waiting list."})
    line = fields.Nested(ShownLineSchema)
    rules = fields.List(fields.Nested(ReasonWhySchema), metadata={"description": "The rule of the line, in words."})
    now = fields.List(
        fields.Nested(ReasonWhySchema), metadata={"description": "Why the free seats, if any, are nobody's, and when one may sign up."}
    )
