"""A programme (indsats) and the places where it happens, as its folder describes them.

Everything that differs between municipalities is data here: tracks, districts, institutions, professions, kinds,
languages, consent texts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

Text = Mapping[str, str]
"""The same words in several languages, by language code: `{"da": …, "en": …}`."""


@dataclass(frozen=True, slots=True)
class Named:
    """A code that data and messages use, and its name for people."""

    code: str
    name: Text


@dataclass(frozen=True, slots=True)
class ConsentPurpose(Named):
    """What families are asked to agree to; whether nobody is enrolled without it."""

    required: bool = False


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
class Institution:
    """A daycare house, nursery or the childminders (dagtilbud).

    `number` is its six characters in the Dagtilbudsregister, which does not know every kind. `name` is Danish.
    """

    institution_id: str
    code: str
    name: str
    kind: str
    district: str
    programme: str
    number: str | None = None

    @property
    def handles(self) -> frozenset[str]:
        """What a request may call it by."""
        return frozenset(filter(None, (self.code, self.number)))


@dataclass(frozen=True, slots=True)
class Programme:
    """What people enrol in. `oldest_age` is the last whole year of age at which a child may start."""

    programme_id: str
    code: str
    municipality: str
    name: Text
    period: Period
    target_children: int
    oldest_age: int
    tracks: Sequence[Named]
    districts: Sequence[Named]
    institution_kinds: Sequence[Named]
    activity_kinds: Sequence[Named]
    professions: Sequence[Named]
    languages: Sequence[Named]
    consent_purposes: Sequence[ConsentPurpose]
    consent_texts: Sequence[TextKey] = ()
    contact: Contact | None = None

    def has_track(self, code: str) -> bool:
        """Whether it has a track of that code."""
        return any(track.code == code for track in self.tracks)

    def has_district(self, code: str) -> bool:
        """Whether it runs in that district."""
        return any(district.code == code for district in self.districts)

    def has_profession(self, code: str) -> bool:
        """Whether it knows that profession."""
        return any(profession.code == code for profession in self.professions)

    def consent_purpose(self, code: str) -> ConsentPurpose | None:
        """What it asks consent to under that code."""
        return next((purpose for purpose in self.consent_purposes if purpose.code == code), None)

    @property
    def needs_consent(self) -> bool:
        """Whether it takes nobody in without a consent."""
        return any(purpose.required for purpose in self.consent_purposes)

    def codes(self) -> Iterator[tuple[str, str]]:
        """Every (list, code) that other data may point at, and that must therefore stay."""
        for field in ("tracks", "districts", "professions", "consent_purposes"):
            yield from ((field, named.code) for named in getattr(self, field))


def age_on(day: date, birth_date: date) -> int:
    """Whole years of age on a day; somebody born on 29 February has his birthday on 1 March in other years."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))
