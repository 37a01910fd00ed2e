"""What goes in and out at the HTTP door. Ids are UUIDs, moments carry their offset, codes are small ASCII words with hyphens."""

from datetime import UTC, datetime
from typing import Any

from marshmallow import Schema, fields, post_load, validate

from services.chassis.http.strict import ONE_LINE
from services.chassis.ids import new_id
from services.events.domain.activity import Activity, ActivityStatus
from services.events.domain.attendance import AttendanceState
from services.events.domain.session import Session
from services.events.domain.signup import Member, PartyRole, SignupStatus

MOST_SEATS = 10_000
MOST_SESSIONS = 100
LARGEST_PARTY = 20
LARGEST_ROLL = 1_000

_CODE = [validate.Length(min=1, max=64), validate.Regexp(r"^[a-z0-9]+(-[a-z0-9]+)*(?!\n)$")]
_ONE_LINE = [validate.Length(min=1, max=200), ONE_LINE]
_OUR_TIME = validate.Range(
    min=datetime(2000, 1, 1, tzinfo=UTC),
    max=datetime(2199, 12, 31, 23, 59, 59, tzinfo=UTC),
    error="Must lie in one of the years {min:%Y} to {max:%Y}.",
)
_SEATS = validate.Range(min=1, max=MOST_SEATS)

OPENING = {
    "activity_id": "018d0c3d-e740-7c40-8f2e-3d9a51c7e109",
    "programme": "sammen-om-boern",
    "kind": "workshop",
    "title": {"da": "Leg og sprog i hverdagen", "en": "Play and language every day"},
    "district": "hedegaarden",
    "institution": "birkegaarden",
    "capacity": 20,
    "sessions": [{"starts_at": "2027-04-10T16:30:00+02:00", "ends_at": "2027-04-10T18:30:00+02:00", "place": "Birkegården, fællesrummet"}],
}
SIGNING_UP = {
    "party": [
        {"person_id": "018d0c3d-e740-7c40-8f2e-3d9a51c7e103", "role": "guardian"},
        {"person_id": "018d0c3d-e740-7c40-8f2e-3d9a51c7e102", "role": "child"},
    ],
}
MARKS = {"attendance": [{"person_id": "018d0c3d-e740-7c40-8f2e-3d9a51c7e102", "state": "present"}]}


def _code(description: str, **options: Any) -> fields.String:
    return fields.String(validate=_CODE, metadata={"description": description}, **options)


def _one_of(values: Any, description: str, **options: Any) -> fields.String:
    return fields.String(validate=validate.OneOf([value.value for value in values]), metadata={"description": description}, **options)


class TitleSchema(Schema):
    da = fields.String(required=True, validate=_ONE_LINE)
    en = fields.String(required=True, validate=_ONE_LINE)


class OpeningSessionSchema(Schema):
    starts_at = fields.AwareDateTime(required=True, validate=_OUR_TIME)
    ends_at = fields.AwareDateTime(required=True, validate=_OUR_TIME)
    place = fields.String(required=True, validate=_ONE_LINE)

    @post_load
    def session(self, data: dict[str, Any], **_: Any) -> Session:
        return Session(new_id(), data["starts_at"].astimezone(UTC), data["ends_at"].astimezone(UTC), data["place"])


class OpeningSchema(Schema):
    """An activity to open. With an id of the sender's, opening it again is the same activity."""

    activity_id = fields.UUID(metadata={"description": "The sender's own id for it; without it, every call opens a new one."})
    programme = _code("The programme.", required=True)
    kind = _code("The kind of activity, such as workshop or learning-lab.", required=True)
    title = fields.Nested(TitleSchema, required=True)
    district = _code("One of the programme's districts.", required=True)
    institution = _code("The institution whose activity it is; none for the whole district.", allow_none=True, load_default=None)
    capacity = fields.Integer(required=True, validate=_SEATS, metadata={"description": "Seats; each person takes one."})
    sessions = fields.List(fields.Nested(OpeningSessionSchema), required=True, validate=validate.Length(min=1, max=MOST_SESSIONS))

    @post_load
    def activity(self, data: dict[str, Any], **_: Any) -> Activity:
        activity_id = str(data.pop("activity_id", None) or new_id())
        return Activity(activity_id=activity_id, institution_id=None, **data)


class ActivityQuery(Schema):
    programme = _code("Only of this programme.")
    district = _code("Only in this district.")
    institution = _code("Only of this institution.")
    kind = _code("Only of this kind.")
    status = _one_of(ActivityStatus, "Only with this status.")


class CapacitySchema(Schema):
    capacity = fields.Integer(required=True, validate=_SEATS)


class SessionSchema(Schema):
    session_id = fields.String(metadata={"format": "uuid"})
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    place = fields.String()


class ActivitySchema(Schema):
    activity_id = fields.String(metadata={"format": "uuid"})
    status = _one_of(ActivityStatus, "Open, or called off by the organiser.")
    programme = fields.String()
    kind = fields.String()
    title = fields.Nested(TitleSchema)
    district = fields.String()
    institution_id = fields.String(allow_none=True, metadata={"format": "uuid"})
    institution = fields.String(allow_none=True)
    capacity = fields.Integer()
    taken = fields.Integer(metadata={"description": "Seats of the parties that have a seat."})
    free = fields.Integer(metadata={"description": "Seats that nobody has. While parties wait, they are for the first in line."})
    waiting = fields.Integer(metadata={"description": "Parties on the waiting list."})
    sessions = fields.List(fields.Nested(SessionSchema))


class MemberSchema(Schema):
    person_id = fields.UUID(required=True)
    role = _one_of(PartyRole, "As what the person comes.", required=True)

    @post_load
    def member(self, data: dict[str, Any], **_: Any) -> Member:
        return Member(str(data["person_id"]), PartyRole(data["role"]))


class SigningUpSchema(Schema):
    """A party that comes together: all of it gets seats, or none of it."""

    party = fields.List(fields.Nested(MemberSchema), required=True, validate=validate.Length(min=1, max=LARGEST_PARTY))
    contact_id = fields.UUID(
        allow_none=True,
        load_default=None,
        metadata={"description": "The guardian or professional who is told; without it, the caller, or else the party's first adult."},
    )


class SignupQuery(Schema):
    status = _one_of(SignupStatus, "Only with this status.")


class PartySchema(Schema):
    person_id = fields.String(metadata={"format": "uuid"})
    role = fields.String()


class SignupSchema(Schema):
    signup_id = fields.String(metadata={"format": "uuid"})
    activity_id = fields.String(metadata={"format": "uuid"})
    programme = fields.String()
    kind = fields.String()
    district = fields.String()
    contact_id = fields.String(
        allow_none=True, metadata={"format": "uuid", "description": "Who is told; null for another guardian than that one."}
    )
    party = fields.List(fields.Nested(PartySchema))
    seats = fields.Integer(metadata={"description": "One for each of the party that is shown."})
    status = _one_of(SignupStatus, "Seated, waiting in the line, or cancelled.")
    position = fields.Integer(allow_none=True, metadata={"description": "The present place on the waiting list, from 1."})
    reason = fields.String(allow_none=True, metadata={"description": "Why it was cancelled, such as by-family or called-off."})
    signed_up_at = fields.AwareDateTime()


class MarkSchema(Schema):
    person_id = fields.UUID(required=True)
    state = _one_of(AttendanceState, "What is known of the person's coming.", required=True)

    @post_load
    def mark(self, data: dict[str, Any], **_: Any) -> tuple[str, AttendanceState]:
        return str(data["person_id"]), AttendanceState(data["state"])


class MarksSchema(Schema):
    attendance = fields.List(fields.Nested(MarkSchema), required=True, validate=validate.Length(min=1, max=LARGEST_ROLL))


class TextSchema(Schema):
    da = fields.String()
    en = fields.String()


class ReasonSchema(Schema):
    slug = fields.String()
    field = fields.String()
    text = fields.Nested(TextSchema)


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
    state = _one_of(AttendanceState, "What was recorded.")
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
