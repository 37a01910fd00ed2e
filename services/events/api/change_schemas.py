"""What goes in and out where activities and their sessions are changed."""

from datetime import UTC
from typing import Any

from marshmallow import Schema, fields, post_load, validate

from services.events.api.activity_schemas import (
    MOST_SESSIONS,
    ActivitySchema,
    DescriptionSchema,
    OpeningSessionSchema,
    TitleSchema,
    some_sessions,
)
from services.events.api.booking_schemas import ClashSchema
from services.events.api.need_schemas import NeedsAskedSchema
from services.events.api.term_schemas import MOST_QUOTAS, QuotaSchema, RuleSchema, WindowsSchema
from services.events.domain.change import Change, Move, Shift, StepKind
from services.events.schemas import LINE, OUR_TIME, code, one_of

MOST_CHANGES = 50

MOST_DAYS = 3_660

MINUTES_OF_A_DAY = 1_440

CHANGES = {
    "dry_run": True,
    "changes": [
        {
            "activity_id": "018d0c3d-e740-7c40-8f2e-3d9a51c7e109",
            "version": 1,
            "move": [{"session_id": "018d0c3d-e740-7c40-8f2e-3d9a51c7e10a", "starts_at": "2027-04-17T16:30:00+02:00"}],
        }
    ],
}


class MoveSchema(Schema):
    """Another time or place for a session. Without `ends_at` it stays as long as it was."""

    session_id = fields.UUID(required=True)
    starts_at = fields.AwareDateTime(validate=OUR_TIME)
    ends_at = fields.AwareDateTime(validate=OUR_TIME)
    place = fields.String(validate=LINE)

    @post_load
    def move(self, data: dict[str, Any], **_: Any) -> Move:
        times = {name: data[name].astimezone(UTC) for name in ("starts_at", "ends_at") if name in data}
        return Move(str(data["session_id"]), place=data.get("place"), **times)


class ShiftSchema(Schema):
    """All sessions that have not begun, moved by the clock on the wall; those that the change names otherwise are left out."""

    days = fields.Integer(load_default=0, validate=validate.Range(min=-MOST_DAYS, max=MOST_DAYS))
    minutes = fields.Integer(load_default=0, validate=validate.Range(min=-MINUTES_OF_A_DAY, max=MINUTES_OF_A_DAY))
    since = fields.Date(load_default=None, allow_none=True, metadata={"description": "Only sessions from this day on."})

    @post_load
    def shift(self, data: dict[str, Any], **_: Any) -> Shift:
        return Shift(**data)


class ChangeSchema(Schema):
    """What is to be otherwise; what is not named stays."""

    activity_id = fields.UUID(required=True)
    version = fields.Integer(
        required=True, validate=validate.Range(min=1, max=2**31 - 1), metadata={"description": "The version that you saw."}
    )
    title = fields.Nested(TitleSchema)
    description = fields.Nested(DescriptionSchema, allow_none=True)
    way = code("How it is held.")
    district = code("One of the programme's districts.")
    institution = code("The institution whose activity it is; none for the whole district.", allow_none=True)
    completes_with = some_sessions("Who came to so many sessions has completed it; none: nobody does.", allow_none=True)
    join_until = some_sessions("One may sign up until the session of this number, from 1, begins.")
    rule = fields.Nested(RuleSchema, metadata={"description": "Whom it is for from now on."})
    windows = fields.Nested(WindowsSchema, metadata={"description": "When one may sign up from now on."})
    quotas = fields.List(
        fields.Nested(QuotaSchema),
        validate=validate.Length(max=MOST_QUOTAS),
        metadata={"description": "All that there are to be; below what is taken a limit only lets nobody more in."},
    )
    needs = fields.Nested(NeedsAskedSchema, metadata={"description": "What is asked from now on."})
    add = fields.List(fields.Nested(OpeningSessionSchema), load_default=list, validate=validate.Length(max=MOST_SESSIONS))
    move = fields.List(fields.Nested(MoveSchema), load_default=list, validate=validate.Length(max=MOST_SESSIONS))
    call_off = fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=MOST_SESSIONS))
    shift = fields.Nested(ShiftSchema, load_default=None, allow_none=True)

    @post_load
    def change(self, data: dict[str, Any], **_: Any) -> Change:
        activity_id, version = str(data.pop("activity_id")), data.pop("version")
        off = [str(session_id) for session_id in data.pop("call_off")]
        sessions = {name: data.pop(name) for name in ("add", "move", "shift")}
        return Change(activity_id, version, details=data, call_off=off, **sessions)


class ChangesSchema(Schema):
    dry_run = fields.Boolean(load_default=False, metadata={"description": "Only say what would be done, and to how many."})
    changes = fields.List(
        fields.Nested(ChangeSchema),
        required=True,
        validate=validate.Length(min=1, max=MOST_CHANGES),
        metadata={"description": "Each of another activity."},
    )


class TimeAndPlaceSchema(Schema):
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    place = fields.String()


class StepSchema(Schema):
    what = one_of(StepKind, "What happens to the session.")
    session_id = fields.String(metadata={"format": "uuid"})
    before = fields.Nested(TimeAndPlaceSchema, allow_none=True, metadata={"description": "Null where it is added."})
    after = fields.Nested(TimeAndPlaceSchema, allow_none=True, metadata={"description": "Null where it is called off."})


class AffectedSchema(Schema):
    """Those who are signed up when it is done; who they are shows the list of sign-ups."""

    signups = fields.Integer(metadata={"description": "Parties, seated and waiting."})
    seated = fields.Integer(metadata={"description": "Parties with seats."})
    waiting = fields.Integer(metadata={"description": "Parties on the waiting list."})
    people = fields.Integer(metadata={"description": "Everybody in these parties."})


class ChangeDoneSchema(Schema):
    activity = fields.Nested(ActivitySchema, metadata={"description": "As it is afterwards."})
    sessions = fields.List(fields.Nested(StepSchema), metadata={"description": "What happens to which session."})
    affected = fields.Nested(AffectedSchema)
    elsewhere = fields.List(
        fields.String(metadata={"format": "uuid"}),
        metadata={"description": "The sign-ups of whom somebody is at something else at the time of a session that is added or moved."},
    )
    outside = fields.List(
        fields.String(metadata={"format": "uuid"}),
        metadata={"description": "The sign-ups of whom somebody would not be let in by the rule as it is then. They stand all the same."},
    )
    promoted = fields.List(
        fields.String(metadata={"format": "uuid"}),
        metadata={"description": "The sign-ups that get seats, or an offer of them, by the room that other terms make."},
    )
    quotas_below_taken = fields.List(
        fields.String(),
        metadata={"description": "The codes of quotas of which more is taken than they have then: they let nobody more in."},
    )
    too_many_away = fields.List(
        fields.String(),
        metadata={
            "description": "The institutions of which more are away then than should be. Where the rule is hard only a dry run says so:"
            " the change itself is refused."
        },
    )
    clashes = fields.List(fields.Nested(ClashSchema), metadata={"description": "What is booked twice then, where that is allowed."})


class ChangedSchema(Schema):
    dry_run = fields.Boolean()
    changes = fields.List(fields.Nested(ChangeDoneSchema), metadata={"description": "In the order in which they were asked for."})
