"""A consent that is handed in by itself, later than the enrolment, and what speaks against taking it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime

from services.registration.domain.clocks import day_of, has_come
from services.registration.domain.consent import Consent, Subject
from services.registration.domain.guardianship import Guardianship
from services.registration.domain.objection import Objection, Rule
from services.registration.domain.programme import Programme, TextKey


@dataclass(frozen=True, slots=True)
class Giving:
    """What somebody agreed to. The subject is a child, or the giver himself; `given_at` is aware."""

    programme: str
    purpose: str
    subject: Subject
    subject_id: str
    giver_id: str
    text_version: str
    language: str
    channel: str
    given_at: datetime


@dataclass(frozen=True, slots=True)
class ConsentWithdrawal:
    """Take this consent back."""

    consent_id: str


@dataclass(frozen=True, slots=True)
class Around:
    """What the rules look at: programmes by code, the family of each child that is known, and the adults who are."""

    programmes: Mapping[str, Programme] = field(default_factory=dict)
    families: Mapping[str, Sequence[Guardianship]] = field(default_factory=dict)
    adults: AbstractSet[tuple[Subject, str]] = frozenset()


def objections(giving: Giving, around: Around, now: datetime) -> Iterator[Objection]:
    """Everything that speaks against taking this consent."""
    yield from _words(giving, around.programmes.get(giving.programme))
    yield from _child(giving, around, now) if giving.subject is Subject.CHILD else _adult(giving, around)
    if not has_come(giving.given_at, now):
        yield Objection(Rule.CONSENT_IN_THE_FUTURE, "/given_at")


def may_come_yet(objections: Collection[Objection]) -> bool:
    """Whether nothing speaks against it but what a change of the family may mend that is on its way."""
    return all(objection.rule in {Rule.CONSENT_GIVER_UNKNOWN, Rule.GUARDIAN_WITHOUT_CUSTODY} for objection in objections)


def taken(consent_id: str, giving: Giving) -> Consent:
    """The consent, after nothing spoke against it."""
    about_child, professional = giving.subject is Subject.CHILD, giving.subject is Subject.PROFESSIONAL
    return Consent(
        consent_id=consent_id,
        child_id=giving.subject_id if about_child else None,
        guardian_id=None if professional else giving.giver_id,
        professional_id=giving.giver_id if professional else None,
        programme=giving.programme,
        purpose=giving.purpose,
        text_version=giving.text_version,
        language=giving.language,
        channel=giving.channel,
        given_at=giving.given_at,
    )


def _words(giving: Giving, programme: Programme | None) -> Iterator[Objection]:
    if programme is None:
        yield Objection(Rule.UNKNOWN_PROGRAMME, "/programme")
    elif programme.consent_purpose(giving.purpose) is None:
        yield Objection(Rule.UNKNOWN_CONSENT_PURPOSE, "/purpose")
    elif TextKey(giving.purpose, giving.text_version, giving.language) not in programme.consent_texts:
        yield Objection(Rule.UNKNOWN_CONSENT_TEXT, "/text_version")


def _child(giving: Giving, around: Around, now: datetime) -> Iterator[Objection]:
    """He who gives it has custody, now or when he gave it: so it does not matter which of the two is heard of first."""
    family = around.families.get(giving.subject_id)
    if family is None:
        yield Objection(Rule.CONSENT_SUBJECT_UNKNOWN, "/subject_id")
        return
    giver = next((guardianship for guardianship in family if guardianship.guardian_id == giving.giver_id), None)
    if giver is None:
        yield Objection(Rule.CONSENT_GIVER_UNKNOWN, "/giver_id")
    elif not any(terms and terms.custody for terms in map(giver.on, (day_of(giving.given_at), day_of(now)))):
        yield Objection(Rule.GUARDIAN_WITHOUT_CUSTODY, "/giver_id")


def _adult(giving: Giving, around: Around) -> Iterator[Objection]:
    if (giving.subject, giving.subject_id) not in around.adults:
        yield Objection(Rule.CONSENT_SUBJECT_UNKNOWN, "/subject_id")
    if giving.subject_id != giving.giver_id:
        yield Objection(Rule.CONSENT_FOR_ANOTHER_ADULT, "/giver_id")
