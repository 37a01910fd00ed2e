"""The reporting service's own small reading of other services' facts: what it counts by, and no more.

Unknown fields are ignored, so these never hold up a change elsewhere. Ids are pseudonymous; nothing here names anyone.
"""

from datetime import date, datetime
from uuid import UUID

import msgspec


class Period(msgspec.Struct):
    start: date
    end: date


class District(msgspec.Struct):
    code: str
    name: str


class Programme(msgspec.Struct):
    programme_id: UUID
    programme: str
    name: str
    period: Period
    target_children: int
    districts: list[District]


class Placement(msgspec.Struct):
    """In which district an institution lies, from `start` (None: since ever) to `end` (None: until further notice)."""

    district: str
    start: date | None = None
    end: date | None = None


class Institution(msgspec.Struct):
    """Any fact of an institution. One that does not say where it lay when lies where it lies."""

    institution_id: UUID
    institution: str
    name: str
    district: str
    programme: str
    placements: list[Placement] = []
    programmes: list[str] = []

    @property
    def used_by(self) -> list[str]:
        """The programmes that use it: of before there were several, the one."""
        return self.programmes or [self.programme]

    @property
    def history(self) -> list[Placement]:
        return self.placements or [Placement(self.district)]


class Reason(msgspec.Struct):
    slug: str


class Enrolment(msgspec.Struct):
    """Any fact of an enrolment; one of before there were stages is of a child that was enrolled, or of a rejected request."""

    enrolment_id: UUID
    status: str
    programme: str | None
    child_id: UUID | None = None
    guardian_ids: list[UUID] = []
    institution: str | None = None
    district: str | None = None
    start_date: date | None = None
    reasons: list[Reason] = []
    was_enrolled: bool = True


class Consent(msgspec.Struct):
    consent_id: UUID
    child_id: UUID
    guardian_id: UUID
    purpose: str
    status: str
    given_at: datetime
    withdrawn_at: datetime | None


class OwnConsent(msgspec.Struct):
    consent_id: UUID
    person_id: UUID
    purpose: str
    status: str
    given_at: datetime
    withdrawn_at: datetime | None


class Person(msgspec.Struct):
    person_id: UUID
    into_id: UUID | None


class Professional(msgspec.Struct):
    professional_id: UUID
    profession: str
    programme: str
    institution: str | None = None
    district: str | None = None


class Session(msgspec.Struct):
    session_id: UUID
    starts_at: datetime


class Activity(msgspec.Struct):
    activity_id: UUID
    status: str
    programme: str
    kind: str
    district: str | None
    sessions: list[Session]
    institution: str | None = None


class Participant(msgspec.Struct):
    person_id: UUID
    role: str


class Signup(msgspec.Struct):
    signup_id: UUID
    activity_id: UUID
    programme: str
    kind: str
    contact_id: UUID
    party: list[Participant]
    status: str
    signed_up_at: datetime


class Attendance(msgspec.Struct):
    attendance_id: UUID
    session_id: UUID
    activity_id: UUID
    person_id: UUID
    state: str
    kind: str
    programme: str
    held_on: date


class Mail(msgspec.Struct):
    mail_id: UUID
    person_id: UUID
    activity_id: UUID | None = None
