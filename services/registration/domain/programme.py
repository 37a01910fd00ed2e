"""A programme (indsats) and the places where it happens, as its folder describes them.

Everything that differs between municipalities is data here: tracks, districts, institutions, professions, kinds,
languages, consent texts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from services.registration.domain.activity_template import ActivityTemplate
from services.registration.domain.cover import CoverRule
from services.registration.domain.named import Named, Text
from services.registration.domain.question import Question
from services.registration.domain.retention import RetentionRule
from services.registration.domain.survey import SurveyQuestion
from services.registration.domain.validity import ALWAYS, Validity, valid_on


@dataclass(frozen=True, slots=True)
class Track(Named):
    """A way through the programme (spor). `closed` is the last day on which somebody may start on it."""

    closed: date | None = None

    def is_open_on(self, day: date) -> bool:
        """Whether somebody may start that day."""
        return self.closed is None or day <= self.closed


@dataclass(frozen=True, slots=True)
class District(Named):
    """A part of the municipality (distrikt); a Daginstitution of the Dagtilbudsregister where it has a `stil_number`."""

    stil_number: str | None = None
    closed: date | None = None


@dataclass(frozen=True, slots=True)
class InstitutionKind(Named):
    """What an institution is. `register_type` is its type in the Dagtilbudsregister: none for what is not in there (childminders)."""

    register_type: str | None = None


class Giver(StrEnum):
    """Who must agree before a consent holds: one who has custody, the parent whom the child lives with, or all who have custody."""

    ONE_HOLDER = "one_holder"
    RESIDENCE_PARENT = "residence_parent"
    ALL_HOLDERS = "all_holders"


@dataclass(frozen=True, slots=True)
class ConsentPurpose(Named):
    """What families are asked to agree to; whether nobody is enrolled without it; and who must give it."""

    required: bool = False
    given_by: Giver = Giver.ONE_HOLDER


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day to the last, both included."""

    start: date
    end: date

    def __contains__(self, day: date) -> bool:
        return self.start <= day <= self.end


@dataclass(frozen=True, slots=True)
class Contact:
    """The office where families ask and cancel."""

    email: str
    phone: str | None = None


class TextKey(NamedTuple):
    """Which consent text was shown."""

    purpose: str
    version: str
    language: str


@dataclass(frozen=True, slots=True)
class ConsentText:
    """The exact words of one version of a consent, in one language. They never change once loaded."""

    purpose: str
    version: str
    language: str
    text: str

    @property
    def key(self) -> TextKey:
        """Purpose, version and language."""
        return TextKey(self.purpose, self.version, self.language)


@dataclass(frozen=True, slots=True)
class Cohort(Named):
    """Those who go through a track together (hold, årgang), and when."""

    track: str
    period: Period


@dataclass(frozen=True, slots=True)
class Placement:
    """In which district a unit lies, and when."""

    district: str
    valid: Validity


@dataclass(frozen=True, slots=True)
class Institution:
    """A daycare house, nursery or the childminders (dagtilbud). It is the municipality's, and one programme or several refer to it.

    `stil_number` is its six characters in the Dagtilbudsregister, which does not know every kind; `p_number` its ten digits as
    a place of production, which it may share. `name` is Danish. It exists from the day it opens to the day it closes; on each
    day between them it lies in one district. `successor` is the code of the unit that it was merged into. `programmes` refer to it, the
    one that named it first before the others.
    """

    institution_id: str
    code: str
    name: str
    kind: str
    programmes: tuple[str, ...]
    placements: tuple[Placement, ...]
    stil_number: str | None = None
    p_number: str | None = None
    existence: Validity = ALWAYS
    successor: str | None = None

    @property
    def programme(self) -> str:
        """The programme that named it first."""
        return self.programmes[0]

    def agrees_with(self, other: "Institution") -> bool:
        """Whether the same is said of both, whichever programmes refer to them."""
        return replace(self, programmes=()) == replace(other, programmes=())

    def joining(self, known: "Institution | None") -> "Institution":
        """The same, with the programmes that referred to it before."""
        before = known.programmes if known else ()
        return replace(self, programmes=tuple(dict.fromkeys((*before, *self.programmes))))

    @property
    def handles(self) -> frozenset[str]:
        """What a request may call it by."""
        return frozenset(filter(None, (self.code, self.stil_number)))

    def district_on(self, day: date) -> str | None:
        """The district in which it lies that day; None while it does not exist."""
        placement = valid_on(day, self.placements)
        return placement.district if placement else None

    def district_near(self, day: date) -> str:
        """The same; for one that has closed the last, and for one that has not opened yet the first."""
        near = self.existence.nearest(day)
        return next(placement.district for placement in self.placements if near in placement.valid)

    @property
    def needs_heir_on(self) -> date | None:
        """The day after its last, on which the unit that it was merged into must be there; None where there is none."""
        return self.existence.end + timedelta(days=1) if self.successor and self.existence.end else None


@dataclass(frozen=True, slots=True)
class Programme:
    """What people enrol in. `oldest_age` is the last whole year of age at which a child may start.

    `municipal_systems` are the sources of the systems that act on what staff, files and sign-ups registered, too.
    """

    programme_id: str
    code: str
    municipality: str
    name: Text
    period: Period
    target_children: int
    oldest_age: int
    tracks: Sequence[Track]
    districts: Sequence[District]
    institution_kinds: Sequence[InstitutionKind]
    activity_kinds: Sequence[Named]
    professions: Sequence[Named]
    languages: Sequence[Named]
    consent_purposes: Sequence[ConsentPurpose]
    consent_texts: Sequence[TextKey] = ()
    contact: Contact | None = None
    cohorts: tuple[Cohort, ...] = ()
    professional_roles: tuple[Named, ...] = ()
    questions: tuple[Question, ...] = ()
    retention: tuple[RetentionRule, ...] = ()
    survey: tuple[SurveyQuestion, ...] = ()
    municipal_systems: tuple[str, ...] = ()
    staff_cover: tuple[CoverRule, ...] = ()
    activity_templates: tuple[ActivityTemplate, ...] = ()

    def track(self, code: str) -> Track | None:
        """Its track of that code."""
        return next((track for track in self.tracks if track.code == code), None)

    def has_track(self, code: str) -> bool:
        """Whether it has a track of that code."""
        return self.track(code) is not None

    def has_profession(self, code: str) -> bool:
        """Whether it knows that profession."""
        return any(profession.code == code for profession in self.professions)

    def consent_purpose(self, code: str) -> ConsentPurpose | None:
        """What it asks consent to under that code."""
        return next((purpose for purpose in self.consent_purposes if purpose.code == code), None)

    def question(self, code: str) -> Question | None:
        """What it asks under that code."""
        return next((question for question in self.questions if question.code == code), None)

    @property
    def needs_consent(self) -> bool:
        """Whether it takes nobody in without a consent."""
        return bool(self.required_consents)

    @property
    def required_consents(self) -> frozenset[str]:
        """The purposes without consent to which nobody is enrolled."""
        return frozenset(purpose.code for purpose in self.consent_purposes if purpose.required)

    def codes(self) -> Iterator[tuple[str, str]]:
        """Every (list, code) that other data may point at, and that must therefore stay."""
        for field in ("tracks", "cohorts", "districts", "professions", "professional_roles", "consent_purposes", "questions"):
            yield from ((field, named.code) for named in getattr(self, field))
        for question in self.questions:
            yield from (("questions", f"{question.code}/{option.code}") for option in question.options)


def age_on(day: date, birth_date: date) -> int:
    """Whole years of age on a day; somebody born on 29 February has his birthday on 1 March in other years."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))
