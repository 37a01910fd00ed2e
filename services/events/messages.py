"""Registration's facts, as far as this service reads them."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from services.events.domain.activity import Placement
from services.events.domain.cover import CoverRule
from services.events.domain.survey import SurveyQuestion
from services.events.domain.template import Template

TAKE_PART = "take-part"
"""The purpose of the consent without which a child does not come."""


class Coded(msgspec.Struct):
    """A district, a track or a profession."""

    code: str
    name: str | None = None


class ProgrammeLoaded(msgspec.Struct):
    programme: str
    districts: Sequence[Coded]
    tracks: Sequence[Coded] = ()
    professions: Sequence[Coded] = ()
    survey: Sequence[SurveyQuestion] = ()
    staff_cover: Sequence[CoverRule] = ()
    activity_templates: Sequence[Template] = ()


class InstitutionChanged(msgspec.Struct):
    """Any fact of an institution. One that does not say where it lay when lies where it lies; without `programmes`, one uses it."""

    institution_id: UUID
    institution: str
    programme: str
    district: str | None
    placements: Sequence[Placement] = ()
    programmes: Sequence[str] = ()
    name: str | None = None


class ProfessionalRegistered(msgspec.Struct):
    professional_id: UUID
    programme: str
    profession: str | None = None
    institution: str | None = None
    district: str | None = None


class EnrolmentChanged(msgspec.Struct):
    """Any fact of an enrolment; a rejected one names no child, and perhaps no programme. `birth_month` is YYYY-MM."""

    enrolment_id: UUID
    child_id: UUID | None
    programme: str | None
    status: str
    guardian_ids: Sequence[UUID]
    track: str | None = None
    institution: str | None = None
    district: str | None = None
    birth_month: str | None = None

    @property
    def ended(self) -> bool:
        return self.status in {"withdrawn", "completed"}


class Period(msgspec.Struct):
    """Whether a guardian may be told of a child, from a day (null: since ever) until before another (null: until further notice)."""

    valid_from: date | None
    valid_until: date | None
    contact_allowed: bool


class ChildsGuardian(msgspec.Struct):
    """A guardian of a child, and when he may be told of it."""

    guardian_id: UUID
    periods: Sequence[Period]


class FamilyChanged(msgspec.Struct):
    """All guardians whom a child has, had or is to have."""

    child_id: UUID
    guardians: Sequence[ChildsGuardian]


class AnyConsent(msgspec.Struct, kw_only=True):
    """What every fact of a consent says, whatever its purpose."""

    consent_id: UUID
    purpose: str
    status: str
    given_at: datetime
    withdrawn_at: datetime | None

    @property
    def withdrawn(self) -> bool:
        return self.status == "withdrawn"


class ConsentChanged(AnyConsent, kw_only=True):
    """Any fact of a consent for a child."""

    child_id: UUID
    guardian_id: UUID


class OwnConsentChanged(AnyConsent, kw_only=True):
    """Any fact of a consent that an adult gave for himself."""

    person_id: UUID


class MailChanged(msgspec.Struct):
    """What became of a letter; an earlier version did not say about which sign-up it was."""

    kind: str
    reason: str | None
    signup_id: UUID | None = None


class PersonChanged(msgspec.Struct):
    """For whom an id stands: for itself where there is no `into_id`."""

    person_id: UUID
    into_id: UUID | None

    @property
    def into(self) -> str | None:
        return str(self.into_id) if self.into_id else None
