"""What another system asks for, and the rules that decide it.

The same rules answer both doors, the bus and HTTP. They look at what is known and say everything that speaks against
a request at once; nothing here reads a database or a clock.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from services.registration.domain import adult, origin
from services.registration.domain.address import Address
from services.registration.domain.answer import Said, fill
from services.registration.domain.child import ChildKey
from services.registration.domain.clocks import has_come
from services.registration.domain.cpr_number import CprNumber
from services.registration.domain.family import Vocabulary
from services.registration.domain.guardianship import Told
from services.registration.domain.life import FOLLOWS, Status, Step
from services.registration.domain.objection import Objection, Rule
from services.registration.domain.origin import OnBehalfOf
from services.registration.domain.programme import Institution, Programme, TextKey, age_on
from services.registration.domain.question import About


@dataclass(frozen=True, slots=True, repr=False)
class ChildDetails:
    """The child as the sender describes it. `answers` is None where nobody was asked about it."""

    birth_date: date
    given_name: str
    family_name: str
    cpr_number: str | None = None
    answers: list[Said] | None = None


@dataclass(frozen=True, slots=True, repr=False)
class GuardianDetails:
    """A guardian as the sender describes him. `language` is what he reads, as BCP 47 writes it; `answers` as a child's.

    `channels` are those by which he wants to be reached, the dearest first.
    """

    given_name: str
    family_name: str
    custody: bool
    language: str = "da"
    cpr_number: str | None = None
    email: str | None = None
    phone: str | None = None
    spoken_language: str | None = None
    channels: list[str] | None = None
    address: Address | None = None
    relation: str | None = None
    contact_allowed: bool | None = None
    residence: bool | None = None
    answers: list[Said] | None = None

    @property
    def told(self) -> Told:
        """What the sender says of him and the child."""
        return Told(self.custody, self.relation, self.contact_allowed, self.residence)


@dataclass(frozen=True, slots=True)
class ConsentDetails:
    """Whether a guardian (by his place in the list, from 0) agreed, to which text, in what language, how and when."""

    purpose: str
    given: bool
    guardian: int
    text_version: str
    language: str
    channel: str
    given_at: datetime


@dataclass(frozen=True, slots=True)
class EnrolmentRequest:
    """Enrol this child in this programme, or invite it, or say that the family is interested (`stage`).

    `institution` is a register number or one of our codes; a child without one is at home.
    """

    programme: str
    track: str
    institution: str | None
    start_date: date
    child: ChildDetails
    guardians: list[GuardianDetails]
    consent: ConsentDetails | None = None
    stage: Status = Status.ACCEPTED
    on_behalf_of: OnBehalfOf | None = None

    @property
    def step(self) -> Step:
        """The step that it asks for."""
        return next(step for step, status in FOLLOWS[None].items() if status is self.stage)

    @property
    def sheets(self) -> Iterator[tuple[str, About, Sequence[Said]]]:
        """What was answered about each who was asked about: where it stands, about whom, and what."""
        if self.child.answers is not None:
            yield "/child/answers", About.CHILD, self.child.answers
        for place, guardian in enumerate(self.guardians):
            if guardian.answers is not None:
                yield f"/guardians/{place}/answers", About.GUARDIAN, guardian.answers

    @property
    def cpr_number(self) -> CprNumber | None:
        """The child's number, where it is given and readable."""
        return CprNumber.read(self.child.cpr_number) if self.child.cpr_number else None

    @property
    def is_unnumbered(self) -> bool:
        """Whether no number is given of the child."""
        return self.child.cpr_number is None


@dataclass(frozen=True, slots=True)
class Known:
    """What the rules look at: programmes by code, institutions by each of their handles, and the words for families.

    `standing` says of each child that has an enrolment in a programme that may go on: where it stands; `leaving`, from which day on it
    has left, where that is coming. `today` tells which
    questions are asked no more.
    """

    programmes: Mapping[str, Programme] = field(default_factory=dict)
    institutions: Mapping[str, Institution] = field(default_factory=dict)
    standing: Mapping[tuple[ChildKey, str], Status] = field(default_factory=dict)
    leaving: Mapping[tuple[ChildKey, str], date] = field(default_factory=dict)
    words: Vocabulary = field(default_factory=Vocabulary)
    today: date = date.min


def decide(
    requests: Sequence[EnrolmentRequest], known: Known, now: datetime, keys: Sequence[ChildKey | None] | None = None
) -> list[tuple[Objection, ...]]:
    """What speaks against each request, taken in order: one that nothing speaks against counts for those after it.

    `keys` says which child each is about; without it only numbers do, and a child without one is nobody who is known.
    """
    standing, leaving = dict(known.standing), dict(known.leaving)
    decisions = []
    for request, key in zip(requests, keys or [request.cpr_number for request in requests], strict=True):
        objections = (*_objections(request, known, now), *_already_enrolled(request, key, standing, leaving))
        if not objections and key:
            standing[key, request.programme] = request.stage
            leaving.pop((key, request.programme), None)
        decisions.append(objections)
    return decisions


def _objections(request: EnrolmentRequest, known: Known, now: datetime) -> Iterator[Objection]:
    programme = known.programmes.get(request.programme)
    if programme is None:
        yield Objection(Rule.UNKNOWN_PROGRAMME, "/programme")
    else:
        yield from _within_programme(request, programme)
        yield from _answers(request, programme, known.today)
    yield from _place(request, known)
    yield from _child(request)
    yield from _guardians(request, known.words)
    if request.on_behalf_of:
        yield from origin.objections(request.on_behalf_of, len(request.guardians), now)
    yield from _consent(request, programme, now)


def _within_programme(request: EnrolmentRequest, programme: Programme) -> Iterator[Objection]:
    track = programme.track(request.track)
    if track is None:
        yield Objection(Rule.UNKNOWN_TRACK, "/track")
    elif not track.is_open_on(request.start_date):
        yield Objection(Rule.TRACK_CLOSED, "/track", {"last": track.closed})
    if request.start_date not in programme.period:
        yield Objection(Rule.START_OUTSIDE_PROGRAMME, "/start_date", {"start": programme.period.start, "end": programme.period.end})
    if age_on(request.start_date, request.child.birth_date) > programme.oldest_age:
        yield Objection(Rule.CHILD_TOO_OLD, "/child/birth_date", {"age": programme.oldest_age})


def _place(request: EnrolmentRequest, known: Known) -> Iterator[Objection]:
    if request.institution is None:
        return
    institution = known.institutions.get(request.institution)
    if institution is None:
        yield Objection(Rule.UNKNOWN_INSTITUTION, "/institution")
    elif request.programme in known.programmes and request.programme not in institution.programmes:
        yield Objection(Rule.INSTITUTION_NOT_IN_PROGRAMME, "/institution")
    elif request.start_date not in institution.existence:
        yield Objection(Rule.INSTITUTION_NOT_OPEN, "/institution")


def _child(request: EnrolmentRequest) -> Iterator[Objection]:
    number = request.cpr_number
    if number is None and not request.is_unnumbered:
        yield Objection(Rule.INVALID_CPR_NUMBER, "/child/cpr_number")
    elif number and not number.agrees_with(request.child.birth_date):
        yield Objection(Rule.BIRTH_DATE_MISMATCH, "/child/birth_date")
    if request.child.birth_date > request.start_date:
        yield Objection(Rule.CHILD_NOT_BORN, "/child/birth_date")


def _guardians(request: EnrolmentRequest, words: Vocabulary) -> Iterator[Objection]:
    if not request.guardians:
        yield Objection(Rule.MISSING_GUARDIAN, "/guardians")
    elif not any(guardian.custody for guardian in request.guardians):
        yield Objection(Rule.GUARDIAN_WITHOUT_CUSTODY, "/guardians")
    for place, guardian in enumerate(request.guardians):
        if guardian.cpr_number is not None:
            yield from adult.objections(guardian.cpr_number, request.start_date, f"/guardians/{place}/cpr_number", request.cpr_number)
        if guardian.relation is not None:
            yield from words.objections_to_relation(guardian.relation, f"/guardians/{place}/relation")
        yield from words.objections_to_channels(guardian.channels or (), f"/guardians/{place}/channels")


def _consent(request: EnrolmentRequest, programme: Programme | None, now: datetime) -> Iterator[Objection]:
    consent = request.consent
    if consent is None:
        if programme and programme.needs_consent and request.stage is Status.ACCEPTED:
            yield Objection(Rule.CONSENT_MISSING, "/consent")
        return
    yield from _consent_giver(consent, request.guardians)
    if not has_come(consent.given_at, now):
        yield Objection(Rule.CONSENT_IN_THE_FUTURE, "/consent/given_at")
    if programme is not None:
        yield from _consent_content(consent, programme)


def _consent_giver(consent: ConsentDetails, guardians: Sequence[GuardianDetails]) -> Iterator[Objection]:
    if not 0 <= consent.guardian < len(guardians):
        yield Objection(Rule.CONSENT_GUARDIAN_UNKNOWN, "/consent/guardian")
    elif not guardians[consent.guardian].custody:
        yield Objection(Rule.GUARDIAN_WITHOUT_CUSTODY, "/consent/guardian")


def _consent_content(consent: ConsentDetails, programme: Programme) -> Iterator[Objection]:
    purpose = programme.consent_purpose(consent.purpose)
    if purpose is None:
        yield Objection(Rule.UNKNOWN_CONSENT_PURPOSE, "/consent/purpose")
        return
    if TextKey(consent.purpose, consent.text_version, consent.language) not in programme.consent_texts:
        yield Objection(Rule.UNKNOWN_CONSENT_TEXT, "/consent/text_version")
    if purpose.required and not consent.given:
        yield Objection(Rule.CONSENT_MISSING, "/consent/given")


def _answers(request: EnrolmentRequest, programme: Programme, today: date) -> Iterator[Objection]:
    """Each sheet is judged by itself, as if nothing had been answered before: nobody is looked up for it."""
    for at, about, said in request.sheets:
        yield from fill(programme.questions, about, {}, said, on=today, at=at).objections


def _already_enrolled(
    request: EnrolmentRequest,
    key: ChildKey | None,
    standing: Mapping[tuple[ChildKey, str], Status],
    leaving: Mapping[tuple[ChildKey, str], date],
) -> Iterator[Objection]:
    """One that leaves before the start stands in nobody's way."""
    if key is None or leaving.get((key, request.programme), date.max) <= request.start_date:
        return
    if request.step not in FOLLOWS[standing.get((key, request.programme))]:
        yield Objection(Rule.ALREADY_ENROLLED, "/child" if request.is_unnumbered else "/child/cpr_number")
