"""What goes in and out where attendance is recorded and read."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from services.events.domain.attendance import AttendanceState
from services.events.schemas import ReasonSchema, one_of

LARGEST_ROLL = 1_000

MARKS = {"attendance": [{"person_id": "018d0c3d-e740-7c40-8f2e-3d9a51c7e102", "state": "present"}]}


class MarkSchema(Schema):
    person_id = fields.UUID(required=True)
    state = one_of(AttendanceState, "What is known of the person's coming.", required=True)

    @post_load
    def mark(self, data: dict[str, Any], **_: Any) -> tuple[str, AttendanceState]:
        return str(data["person_id"]), AttendanceState(data["state"])


class MarksSchema(Schema):
    attendance = fields.List(fields.Nested(MarkSchema), required=True, validate=validate.Length(min=1, max=LARGEST_ROLL))


class OutcomeSchema(Schema):
    person_id = fields.String(metadata={"format": "uuid"})
    result = fields.String(validate=validate.OneOf(["recorded", "unchanged", "refused"]))
    attendance_id = fields.String(allow_none=True, metadata={"format": "uuid"})
    errors = fields.List(fields.Nested(ReasonSchema))


class OutcomesSchema(Schema):
    session_id = fields.String(metadata={"format": "uuid"})
    results = fields.List(
        fields.Nested(OutcomeSchema), metadata={"description": "One for each mark, in the order in which they were sent."}
    )


class EntrySchema(Schema):
    state = one_of(AttendanceState, "What was recorded.")
    recorded_at = fields.AwareDateTime()
    recorded_by = fields.String(metadata={"description": "Who recorded it: the subject of his token."})


class AttendeeSchema(Schema):
    person_id = fields.String(metadata={"format": "uuid"})
    role = fields.String()
    signup_id = fields.String(metadata={"format": "uuid"})
    state = fields.String(allow_none=True, metadata={"description": "What is recorded now; null if nothing is."})
    history = fields.List(fields.Nested(EntrySchema), metadata={"description": "Everything that was recorded, the oldest first."})


class RollSchema(Schema):
    session_id = fields.String(metadata={"format": "uuid"})
    activity_id = fields.String(metadata={"format": "uuid"})
    held_on = fields.Date(metadata={"description": "The day of the session in Denmark."})
    attendance = fields.List(fields.Nested(AttendeeSchema))
