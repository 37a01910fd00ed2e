"""What registration can be asked to do, in the order of the story. Each function runs inside one unit of work.

Requests of other systems are answered in batches: whatever a batch's size, it takes the same few statements, and the
rules (`domain/request.py`) see all of it at once. What a handler stores, tells and answers leaves in one transaction.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from services.chassis.contracts import problems
from services.chassis.envelope import Received
from services.chassis.errors import Invalid, NotFound, Reason
from services.chassis.ids import new_id
from services.chassis.storage import Cause
from services.registration import erasure_messages, messages, programme_folder, telling
from services.registration.domain import consent as consents
from services.registration.domain import enrolment as enrolments
from services.registration.domain import professional as professionals
from services.registration.domain.child import Child
from services.registration.domain.consent import Consent
from services.registration.domain.cpr_number import CprNumber
from services.registration.domain.enrolment import Enrolment
from services.registration.domain.guardian import Guardian
from services.registration.domain.life import Taken
from services.registration.domain.objection import Objection, Rule
from services.registration.domain.origin import DoneBy
from services.registration.domain.professional import Professional, ProfessionalDetails
from services.registration.domain.programme import Institution
from services.registration.domain.request import ConsentDetails, EnrolmentRequest, Known, decide
from services.registration.handlers import origins
from services.registration.handlers.answers import take_in_answers
from services.registration.handlers.origins import NOBODY_SAID
from services.registration.loading import Comparison
from services.registration.texts import explain, reason
from services.registration.vocabulary import VOCABULARY

if TYPE_CHECKING:
    from services.registration.storage import Work

Asked = Sequence[Received[EnrolmentRequest]]

CONSUMER = "registration.requests"
"""Under which requests are admitted once, whichever door they come through."""

ENROLMENT_CONTRACT = "enrolment.requested/v1"


# A programme is loaded from its folder.


def compare_programme(folder: Path, work: "Work") -> Comparison:
    """What loading a programme's folder would change. Raises `Invalid` with every mistake in the folder at once."""
    read = programme_folder.read(folder)
    return Comparison(read, work.programmes.loaded(read))


def load_programme(folder: Path, work: "Work") -> Comparison:
    """Load a programme's folder, or what has changed in it. Raises `Invalid` with every mistake or clash in it at once."""
    compared = compare_programme(folder, work)
    programme_folder.refuse_clashes(compared.folder, compared.loaded)
    compared.apply(work)
    return compared


def export_programme(code: str, work: "Work") -> Mapping[str, bytes]:
    """The folder from which a programme was loaded, each file by its path. Raises `NotFound` where none is kept."""
    if files := work.programmes.files(code):
        return files
    known = work.programmes.of_codes([code])
    raise NotFound(reasons=[reason("files-not-kept" if known else Rule.UNKNOWN_PROGRAMME)])


# Another system asks for enrolments.


def answer_enrolment_requests(asked: Asked, work: "Work", by: Mapping[str, DoneBy] = NOBODY_SAID) -> None:
    """Decide each request, in order; enrol, or reject with every reason; answer each. `by` says by message who sent it."""
    known = _learn([message.data for message in asked], work)
    cases, living = _decide(asked, known, work)
    admitted = [case for case in cases if isinstance(case, _Admitted)]
    _take_in_guardians(admitted, work)
    book = _Book(living, work.protections.children([case.child.child_id for case in admitted]))
    answers = []
    for case in cases:
        answers.append(case.answer(known, book))
        tell_enrolment(answers[-1], work, case.message)
    book.keep(work)
    _take_in_consents(admitted, work)
    take_in_answers([(case.message, case.child.child_id, case.guardians) for case in admitted], known.programmes, work, by)
    told = zip(cases, answers, strict=True)
    origins.keep([(case.message, answer.enrolment_id, case.guardians) for case, answer in told if isinstance(case, _Admitted)], work, by)


def refuse_request(message: Received[Any], reasons: Sequence[Reason], work: "Work") -> None:
    """Reject a request that breaks its contract, whatever it asked for."""
    answer = refusal(message, reasons)
    work.enrolments.add([answer])
    tell_enrolment(answer, work, message)


def take_enrolment_requests(
    submitted: Sequence[Received[Any]], work: "Work", by: Mapping[str, DoneBy] = NOBODY_SAID
) -> list[Enrolment | None]:
    """The HTTP twin of the queue: admit each once, check the contract, answer. All are one sender's.

    The same id with the same content gets the same answer again; with other content it gets None, and nothing is done.
    """
    if not submitted:
        return []
    source, asked = submitted[0].source, [(m.id, msgspec.json.encode([m.type, m.data])) for m in submitted]
    admitted = work.admit(CONSUMER, source, asked)
    new = [message for message, verdict in zip(submitted, admitted, strict=True) if verdict == "new"]
    answer_enrolment_requests(_fit(new, work), work, by)
    ids = [message.id for message in submitted]
    answers = work.enrolments.answers(source, work.history.of_requests(source, ids), ids)
    return [None if verdict == "conflict" else answers[m.id] for m, verdict in zip(submitted, admitted, strict=True)]


def update_guardians(told: Asked, work: "Work") -> None:
    """What these requests say of the guardians of children who are known already; nobody is enrolled by it."""
    children = work.children.take_in({number: message.data.child for message in told if (number := message.data.cpr_number)})
    _take_in_guardians([_Admitted(message, children[CprNumber.parse(message.data.child.cpr_number)]) for message in told], work)


# A consent ends.


def withdraw_consent(consent: Consent, work: "Work", cause: Cause) -> Consent:
    """From now on nothing rests on it; who acts on consents learns it from the fact. Doing it again changes nothing."""
    if consent.withdraw(work.now):
        work.consents.save_withdrawn(consent)
        _tell_consent(consent, work, cause)
    return consent


# Professionals take part.


@dataclass(frozen=True)
class RegisteredProfessional:
    """What registering somebody came to: what speaks against it, or the professional, and as he was before."""

    objections: Sequence[Objection] = ()
    professional: Professional | None = None
    before: Professional | None = None

    @property
    def news(self) -> Professional | None:
        """The professional, where he is new or something of him is."""
        return None if self.professional == self.before else self.professional


def register_professional(details: ProfessionalDetails, work: "Work", cause: Cause, source: str) -> tuple[Professional, bool]:
    """Register a professional, or correct what is known of him; whether he is new. Raises `Invalid` with every reason."""
    [found] = register_professionals([(details, cause)], work, source)
    if found.professional is None:
        raise Invalid(reasons=explain(found.objections))
    return found.professional, found.before is None


def register_professionals(asked: Sequence[tuple[ProfessionalDetails, Cause]], work: "Work", source: str) -> list[RegisteredProfessional]:
    """The same for several, each on its own. No two of one programme may have the same e-mail address."""
    known = known_of((details.programme for details, _ in asked), (details.institution for details, _ in asked), work)
    before = work.professionals.by_emails((details.programme, details.email) for details, _ in asked)
    found = [_registered(details, known, before.get(details.key), work.today) for details, _ in asked]
    pairs = zip(found, (cause for _, cause in asked), strict=True)
    news = [(one, professional, cause) for one, cause in pairs if (professional := one.news)]
    firsts = [professional.register(source=source, request_id=cause.id) for one, professional, cause in news if one.before is None]
    change_professionals([(professional, cause) for _, professional, cause in news], work)
    kept = {professional.professional_id for _, professional, _ in news}
    work.history.add([first for first in firsts if first.subject_id in kept])
    return found


def change_professionals(told: Sequence[tuple[Professional, Cause]], work: "Work") -> None:
    """These professionals are what they are here; everybody learns it, and notifications how to reach them."""
    work.professionals.save([professional for professional, _ in told])
    for professional, cause in told:
        tell_professional(professional, work, cause)
        telling.send_card(professional.professional_id, professional, work, cause)


# Everything is told again.


def refresh(work: "Work") -> None:
    """Tell the present state of every aggregate again, for a reader who was not there; contact cards too."""
    for programme in work.programmes.all():
        work.snapshot(
            messages.PROGRAMME_LOADED, subject=programme.programme_id, data=messages.of_programme(programme), programme=programme.code
        )
    for institution in work.programmes.institutions():
        data = messages.of_institution(institution, work.today)
        work.snapshot(messages.INSTITUTION_REGISTERED, subject=institution.institution_id, data=data, programme=institution.programme)
    for enrolment in work.enrolments.stream():
        data = messages.of_enrolment(enrolment)
        work.snapshot(messages.enrolment_type(enrolment), subject=enrolment.enrolment_id, data=data, programme=enrolment.programme)
    for consent in work.consents.stream():
        data = messages.of_consent(consent)
        work.snapshot(messages.consent_type(consent), subject=consent.consent_id, data=data, programme=consent.programme)
    for professional in work.professionals.stream():
        data = messages.of_professional(professional)
        work.snapshot(messages.PROFESSIONAL_REGISTERED, subject=professional.professional_id, data=data, programme=professional.programme)
        telling.send_card_again(professional.professional_id, professional, work)
    for guardian in work.guardians.stream():
        telling.send_card_again(guardian.guardian_id, guardian, work)
    for family in work.families.stream():
        telling.show_family(family, work)
    for erasure in work.erasures.stream():
        erasure_messages.show(erasure, work)


# The steps that they share.


@dataclass(slots=True)
class _Admitted:
    """A request against which nothing speaks, on its way through a batch."""

    message: Received[EnrolmentRequest]
    child: Child
    guardians: Sequence[Guardian] = ()

    @property
    def request(self) -> EnrolmentRequest:
        return self.message.data

    @property
    def guardian_ids(self) -> list[str]:
        return list(dict.fromkeys(guardian.guardian_id for guardian in self.guardians))

    def answer(self, known: Known, book: "_Book") -> Enrolment:
        """The enrolment that is begun, or the one that the child has already and that goes on."""
        return book.go_on(self, known) or book.begin(self, known)


@dataclass(slots=True)
class _Refused:
    """A request against which something speaks."""

    message: Received[EnrolmentRequest]
    objections: Sequence[Objection]

    def answer(self, known: Known, book: "_Book") -> Enrolment:
        answer = enrolments.so_far(refusal(self.message, explain(self.objections)), self.message.data, known)
        book.new.append(answer)
        return answer


class _Book:
    """The enrolments that a batch of requests is about, and what it makes of them, in order."""

    def __init__(self, living: Mapping[tuple[CprNumber, str], Enrolment], protected: Collection[str]) -> None:
        self._protected = protected
        self._living = {(str(enrolment.child_id), str(enrolment.programme)): enrolment for enrolment in living.values()}
        self._known = frozenset(enrolment.enrolment_id for enrolment in living.values())
        self._changed: dict[str, Enrolment] = {}
        self._taken: list[Taken] = []
        self.new: list[Enrolment] = []

    def begin(self, case: _Admitted, known: Known) -> Enrolment:
        enrolment = enrolments.begun(
            new_id(),
            source=case.message.source,
            request_id=case.message.id,
            request=case.request,
            child=case.child,
            guardian_ids=case.guardian_ids,
            institution=_place(case.request, known),
            hidden=case.child.child_id in self._protected,
        )
        self.new.append(enrolment)
        self._living[case.child.child_id, case.request.programme] = enrolment
        self._taken.append(enrolments.taken(enrolment, enrolment.start_date, enrolment.source))
        return enrolment

    def go_on(self, case: _Admitted, known: Known) -> Enrolment | None:
        enrolment = self._living.get((case.child.child_id, case.request.programme))
        if enrolment is None:
            return None
        source, request_id, at = case.message.source, case.message.id, _place(case.request, known)
        self._taken.append(enrolment.enrol_from(case.request, case.guardian_ids, at, source=source, id=request_id))
        enrolment.hidden = enrolment.hidden or case.child.child_id in self._protected
        self._changed |= {enrolment.enrolment_id: enrolment} if enrolment.enrolment_id in self._known else {}
        return enrolment

    def keep(self, work: "Work") -> None:
        work.enrolments.add(self.new)
        work.enrolments.change(list(self._changed.values()))
        work.history.add(self._taken)


def _place(request: EnrolmentRequest, known: Known) -> Institution | None:
    return known.institutions[request.institution] if request.institution else None


def _learn(requests: Sequence[EnrolmentRequest], work: "Work") -> Known:
    """Everything that the rules look at for these requests."""
    known = known_of((r.programme for r in requests), (r.institution for r in requests if r.institution), work)
    return replace(known, standing=work.enrolments.standing(number for r in requests if (number := r.cpr_number)))


def known_of(programmes: Iterable[str], institutions: Iterable[str], work: "Work") -> Known:
    return Known(work.programmes.of_codes(programmes), work.programmes.institutions_of(institutions), words=VOCABULARY, today=work.today)


def _decide(asked: Asked, known: Known, work: "Work") -> tuple[list["_Admitted | _Refused"], Mapping[tuple[CprNumber, str], Enrolment]]:
    """What speaks against each request; and of those against which nothing speaks the children and their enrolments, locked.

    Another transaction may have enrolled one of them before we had the lock: then the rules are asked again.
    """
    requests = [message.data for message in asked]
    decided = decide(requests, known)
    described = {number: r.child for r, against in zip(requests, decided, strict=True) if not against and (number := r.cpr_number)}
    children = work.children.take_in(described)
    living = work.enrolments.living(children)
    if meanwhile := {key: enrolment.status for key, enrolment in living.items() if known.standing.get(key) is not enrolment.status}:
        decided = decide(requests, replace(known, standing={**known.standing, **meanwhile}))
    return [_case(message, against, children) for message, against in zip(asked, decided, strict=True)], living


def _case(message: Received[EnrolmentRequest], against: Sequence[Objection], children: Mapping[CprNumber, Child]) -> _Admitted | _Refused:
    return _Refused(message, against) if against else _Admitted(message, children[CprNumber.parse(message.data.child.cpr_number)])


def _take_in_guardians(admitted: Sequence[_Admitted], work: "Work") -> None:
    """Recognise or add the guardians of each; new and changed ones are stored, and their cards sent."""
    if not admitted:
        return
    described = [details for case in admitted for details in case.request.guardians]
    around = work.guardians.around((case.child for case in admitted), described)
    for case in admitted:
        case.guardians = [around.take_in(case.child.child_id, details, new_id) for details in case.request.guardians]
    work.guardians.add(around.new)
    work.guardians.change(around.changed)
    causes = {guardian: case.message for case in admitted for guardian in case.guardians}
    for guardian in (*around.new, *around.changed):
        telling.send_card(guardian.guardian_id, guardian, work, causes[guardian])
    telling.tell_families(work.families.link(around.links), work, {case.child.child_id: case.message for case in admitted})


def _take_in_consents(admitted: Sequence[_Admitted], work: "Work") -> None:
    given = [(case.message, _consent(case, details)) for case in admitted if (details := case.request.consent) and details.given]
    work.consents.add([consent for _, consent in given])
    for message, consent in given:
        _tell_consent(consent, work, message)


def _consent(case: _Admitted, details: ConsentDetails) -> Consent:
    guardian = case.guardians[details.guardian]
    programme = case.request.programme
    return consents.given(new_id(), details, child_id=case.child.child_id, guardian_id=guardian.guardian_id, programme=programme)


def _registered(details: ProfessionalDetails, known: Known, before: Professional | None, on: date) -> RegisteredProfessional:
    if against := tuple(professionals.objections(details, known)):
        return RegisteredProfessional(against)
    professional_id, at = before.professional_id if before else new_id(), known.institutions[details.institution]
    return RegisteredProfessional((), professionals.registered(professional_id, details, at, before, on), before)


def refusal(message: Received[Any], reasons: Iterable[Reason]) -> Enrolment:
    return enrolments.rejected(new_id(), source=message.source, request_id=message.id, reasons=[found.as_dict() for found in reasons])


def _fit(submitted: Sequence[Received[Any]], work: "Work") -> list[Received[EnrolmentRequest]]:
    """Those that keep the contract, read; the others are refused."""
    fit = []
    for message in submitted:
        if broken := problems(ENROLMENT_CONTRACT, message.data):
            refuse_request(message, broken, work)
        else:
            fit.append(msgspec.structs.replace(message, data=msgspec.convert(message.data, EnrolmentRequest, strict=False)))
    return fit


def tell_enrolment(enrolment: Enrolment, work: "Work", cause: Cause | None) -> None:
    """Tell everybody, and the sender of a request at the address that he set."""
    work.emit(
        messages.enrolment_type(enrolment),
        subject=enrolment.enrolment_id,
        data=messages.of_enrolment(enrolment),
        programme=enrolment.programme,
        cause=cause,
        reply=cause if isinstance(cause, Received) else None,
    )


def _tell_consent(consent: Consent, work: "Work", cause: Cause) -> None:
    data = messages.of_consent(consent)
    work.emit(messages.consent_type(consent), subject=consent.consent_id, data=data, programme=consent.programme, cause=cause)


def tell_professional(professional: Professional, work: "Work", cause: Cause | None) -> None:
    data = messages.of_professional(professional)
    work.emit(
        messages.PROFESSIONAL_REGISTERED, subject=professional.professional_id, data=data, programme=professional.programme, cause=cause
    )
