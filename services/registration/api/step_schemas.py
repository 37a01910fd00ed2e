"""What goes through the door to steps, in and out."""

from typing import Final

from marshmallow import Schema, fields, post_load, validate

from services.registration.domain.journey import State
from services.registration.domain.life import Status, Step
from services.registration.schemas import CODE, INSTITUTION

MOVE: Final = {"step": "move", "effective_date": "2024-05-01", "reason": "kindergarten", "institution": "151002"}
PAUSE: Final = {"step": "pause", "effective_date": "2024-05-01", "reason": "parental-leave"}
_STATUS: Final = validate.OneOf([status.value for status in Status])
_STEP: Final = validate.OneOf([step.value for step in Step])


class StepSchema(Schema):
    step = fields.String(required=True, validate=_STEP)
    effective_date = fields.Date(required=True)
    reason = fields.String(validate=CODE)
    institution = fields.String(allow_none=True, validate=INSTITUTION)

    @post_load
    def _as_step(self, data: dict[str, object], **_options: object) -> dict[str, object]:
        return data | {"step": Step(str(data["step"]))}


class TakenSchema(Schema):
    """A step that was taken. `institution` is where the child or professional is from then on; null: at home.

    `coming`: its day has not come.
    """

    number = fields.Integer(required=True)
    step = fields.String(required=True, validate=_STEP)
    status = fields.String(required=True, validate=_STATUS)
    effective_date = fields.Date(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    institution = fields.String(required=True, allow_none=True)
    recorded_at = fields.AwareDateTime(required=True)
    coming = fields.Boolean(required=True)


class HistorySchema(Schema):
    items = fields.List(fields.Nested(TakenSchema), required=True)


class MilestoneSchema(Schema):
    """A step of the way: done or coming `on` a day, or expected until `due`; stalled where that day has passed."""

    step = fields.String(required=True, validate=_STEP)
    state = fields.String(required=True, validate=validate.OneOf([state.value for state in State]))
    on = fields.Date(required=True, allow_none=True)
    due = fields.Date(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    institution = fields.String(required=True, allow_none=True)


class JourneySchema(Schema):
    enrolment_id = fields.UUID(required=True)
    programme = fields.String(required=True)
    status = fields.String(required=True, validate=_STATUS)
    stalled = fields.Boolean(required=True)
    steps = fields.List(fields.Nested(MilestoneSchema), required=True)


class JourneysSchema(Schema):
    items = fields.List(fields.Nested(JourneySchema), required=True)
