"""What goes in and out where attendance is recorded and read."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from services.events.domain.attendance import AttendanceState, CorrectionReason, Observation, Result
from services.events.handlers.attendance import Mark, Seen
from services.events.schemas import OUR_TIME, ReasonSchema, one_of

LARGEST_ROLL = 1_000

MARKS = {"attendance": [{"person_id": "018d0c3d-e740-7c40-8f2e-3d9a51c7e102", "state": "present"}]}
OBSERVATIONS = {
    "attendance": [
        {
            "person_id": "018d0c3d-e740-7c40-8f2e-3d9a51c7e102",
            "state": "present",
            "nonce": "0192d1f2-3b1c-7d4e-9a5f-6c7d8e9fa0b1",
            "seen_at": "2027-04-10T16:32:05+02:00",
        }
    ]
}

_WHY = "Why it is said after the session."


class MarkSchema(Schema):
    person_id = fields.UUID(required=True)
    state = one_of(AttendanceState, "What is known of the person's coming.", required=True)
    reason = one_of(CorrectionReason, _WHY, allow_none=True, load_default=None)

    @post_load
    def mark(self, data: dict[str, Any], **_: Any) -> Mark:
        return Mark(str(data["person_id"]), AttendanceState(data["state"]), _reason(data["reason"]))


class MarksSchema(Schema):
    attendance = fields.List(fields.Nested(MarkSchema), required=True, validate=validate.Length(min=1, max=LARGEST_ROLL))


class ObservationSchema(Schema):
    """One person as somebody saw him; sent again under the same nonce it is the same observation."""

    person_id = fields.UUID(required=True)
    state = one_of(AttendanceState, "What was seen of the person's coming.", required=True)
    nonce = fields.UUID(required=True, metadata={"description": "Made by the device for this observation, and kept with it."})
    seen_at = fields.AwareDateTime(required=True, validate=OUR_TIME, metadata={"description": "When it was seen, by the device's clock."})
    drop_in = fields.Boolean(load_default=False, metadata={"description": "The person may be without a seat."})
    reason = one_of(CorrectionReason, _WHY, allow_none=True, load_default=None)


class ObservationsSchema(Schema):
    attendance = fields.List(fields.Nested(ObservationSchema), required=True, validate=validate.Length(min=1, max=LARGEST_ROLL))


def as_seen(line: dict[str, Any], by: str) -> Seen:
    """One line as this recorder sends it."""
    state, reason = AttendanceState(line["state"]), _reason(line["reason"])
    return Seen(Observation(str(line["person_id"]), state, line["seen_at"], by, str(line["nonce"]), reason), line["drop_in"])


def _reason(code: str | None) -> CorrectionReason | None:
    return CorrectionReason(code) if code else None


class OutcomeSchema(Schema):
    person_id = fields.String(metadata={"format": "uuid"})
    result = one_of(Result, "It counts now; is kept behind a later one; was known already; or is refused.")
    attendance_id = fields.String(allow_none=True, metadata={"format": "uuid"})
    errors = fields.List(fields.Nested(ReasonSchema))


class OutcomesSchema(Schema):
    session_id = fields.String(metadata={"format": "uuid"})
    results = fields.List(
        fields.Nested(OutcomeSchema), metadata={"description": "One for each line, in the order in which they were sent."}
    )


class EntrySchema(Schema):
    state = one_of(AttendanceState, "What was seen.")
    seen_at = fields.AwareDateTime(metadata={"description": "When it was seen."})
    recorded_at = fields.AwareDateTime(metadata={"description": "When it came here."})
    recorded_by = fields.String(metadata={"description": "Who saw it: the subject of his token."})
    reason = one_of(CorrectionReason, _WHY, allow_none=True)


class AttendeeSchema(Schema):
    person_id = fields.String(metadata={"format": "uuid"})
    role = fields.String()
    signup_id = fields.String(allow_none=True, metadata={"format": "uuid", "description": "Null for who dropped in."})
    dropped_in = fields.Boolean(metadata={"description": "Whether the person came without a seat."})
    state = fields.String(allow_none=True, metadata={"description": "What counts now; null if nothing is recorded."})
    history = fields.List(fields.Nested(EntrySchema), metadata={"description": "Everything that was seen, the earliest first."})


class RollSchema(Schema):
    session_id = fields.String(metadata={"format": "uuid"})
    activity_id = fields.String(metadata={"format": "uuid"})
    held_on = fields.Date(metadata={"description": "The day of the session in Denmark."})
    capacity = fields.Integer(metadata={"description": "Seats. Who drops in takes none, and is counted all the same."})
    came = fields.Integer(metadata={"description": "How many are recorded as present or late, with a seat or without."})
    dropped_in = fields.Integer(metadata={"description": "How many of them had no seat."})
    over = fields.Integer(metadata={"description": "How many more came than there are seats."})
    attendance = fields.List(fields.Nested(AttendeeSchema))
