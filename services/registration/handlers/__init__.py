"""What registration can be asked to do, in the order of the story. Each function runs inside one unit of work.

Requests of other systems are answered in batches: whatever a batch's size, it takes the same few statements, and the
rules (`domain/request.py`) see all of it at once. What a handler stores, tells and answers leaves in one transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from services.chassis.contracts import problems
from services.chassis.envelope import Received
from services.chassis.errors import Conflict, Invalid, NotFound, Reason
from services.chassis.ids import new_id
from services.chassis.keys import seal
from services.chassis.service import PERSONAL
from services.chassis.storage import Cause
from services.registration import messages, programme_folder
from services.registration.domain import consent as consents
from services.registration.domain import enrolment as enrolments
from services.registration.domain import professional as professionals
from services.registration.domain.child import Child
from services.registration.domain.consent import Consent
from services.registration.domain.cpr_number import CprNumber
from services.registration.domain.enrolment import Enrolment
from services.registration.domain.guardian import Guardian
from services.registration.domain.objection import Objection, Rule
from services.registration.domain.origin import DoneBy
from services.registration.domain.professional import Professional, ProfessionalDetails
from services.registration.domain.request import ConsentDetails, EnrolmentRequest, Known, WithdrawalRequest, decide
from services.registration.handlers import origins
from services.registration.handlers.origins import NOBODY_SAID
from services.registration.loading import Comparison
from services.registration.texts import explain, reason

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
    cases = _decide(asked, known, work)
    admitted = [case for case in cases if isinstance(case, _Admitted)]
    _take_in_guardians(admitted, work)
    answers = [case.answer(known) for case in cases]
    work.enrolments.add(answers)
    for case, answer in zip(cases, answers, strict=True):
        _tell_enrolment(answer, work, case.message)
    _take_in_consents(admitted, work)
    told = zip(cases, answers, strict=True)
    origins.keep([(case.message, answer.enrolment_id, case.guardians) for case, answer in told if isinstance(case, _Admitted)], work, by)


def refuse_request(message: Received[Any], reasons: Sequence[Reason], work: "Work") -> None:
    """Reject a request that breaks its contract, whatever it asked for."""
    answer = _refusal(message, reasons)
    work.enrolments.add([answer])
    _tell_enrolment(answer, work, message)


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
    answers = work.enrolments.answers(source, (message.id for message in submitted))
    return [None if verdict == "conflict" else answers[m.id] for m, verdict in zip(submitted, admitted, strict=True)]


# An enrolment ends.


def answer_withdrawal_requests(asked: Sequence[Received[WithdrawalRequest]], work: "Work") -> None:
    """End each enrolment, or reject with the reason; of two requests for the same, the first ends it."""
    known = work.enrolments.lock(message.data.enrolment_id for message in asked)
    answers = [_withdraw_or_reject(message, known) for message in asked]
    work.enrolments.save_withdrawn([answer for answer in answers if answer.child_id])
    work.enrolments.add([answer for answer in answers if not answer.child_id])
    for message, answer in zip(asked, answers, strict=True):
        _tell_enrolment(answer, work, message)


def withdraw_enrolment(request: WithdrawalRequest, work: "Work", cause: Cause) -> Enrolment:
    """End an enrolment for somebody who may see it. Raises `NotFound`, or `Conflict` where it has ended or never began."""
    enrolment = work.enrolments.lock([request.enrolment_id]).get(request.enrolment_id)
    if enrolment is None:
        raise NotFound(reasons=[reason(Rule.UNKNOWN_ENROLMENT)])
    if objections := enrolment.objections_to_withdrawal():
        raise Conflict(reasons=explain(objections))
    enrolment.withdraw(request_id=cause.id, reason=request.reason, on=request.effective_date)
    work.enrolments.save_withdrawn([enrolment])
    _tell_enrolment(enrolment, work, cause)
    return enrolment


def withdraw_consent(consent: Consent, work: "Work", cause: Cause) -> Consent:
    """From now on nothing rests on it; who acts on consents learns it from the fact. Doing it again changes nothing."""
    if consent.withdraw(work.now):
        work.consents.save_withdrawn(consent)
        _tell_consent(consent, work, cause)
    return consent


# Professionals take part.


def register_professional(details: ProfessionalDetails, work: "Work", cause: Cause) -> tuple[Professional, bool]:
    """Register a professional, or correct what is known of him; whether he is new. Raises `Invalid` with every reason."""
    known = known_of([details.programme], [details.institution], work)
    if objections := list(professionals.objections(details, known)):
        raise Invalid(reasons=explain(objections))
    before = work.professionals.by_email(details.programme, details.email)
    institution = known.institutions[details.institution]
    professional = professionals.registered(before.professional_id if before else new_id(), details, institution, work.today)
    if professional != before:
        work.professionals.save(professional)
        _tell_professional(professional, work, cause)
        _send_card(professional.professional_id, professional, work, cause)
    return professional, before is None


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
        _send_card_again(professional.professional_id, professional, work)
    for guardian in work.guardians.stream():
        _send_card_again(guardian.guardian_id, guardian, work)


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

    def answer(self, known: Known) -> Enrolment:
        return enrolments.accepted(
            new_id(),
            source=self.message.source,
            request_id=self.message.id,
            request=self.request,
            child=self.child,
            guardian_ids=list(dict.fromkeys(guardian.guardian_id for guardian in self.guardians)),
            institution=known.institutions[self.request.institution],
        )


@dataclass(slots=True)
class _Refused:
    """A request against which something speaks."""

    message: Received[EnrolmentRequest]
    objections: Sequence[Objection]

    def answer(self, known: Known) -> Enrolment:
        return enrolments.so_far(_refusal(self.message, explain(self.objections)), self.message.data, known)


def _learn(requests: Sequence[EnrolmentRequest], work: "Work") -> Known:
    """Everything that the rules look at for these requests."""
    known = known_of((r.programme for r in requests), (r.institution for r in requests), work)
    return replace(known, enrolled=work.enrolments.active(number for r in requests if (number := r.cpr_number)))


def known_of(programmes: Iterable[str], institutions: Iterable[str], work: "Work") -> Known:
    return Known(work.programmes.of_codes(programmes), work.programmes.institutions_of(institutions))


def _decide(asked: Asked, known: Known, work: "Work") -> list[_Admitted | _Refused]:
    """What speaks against each request; and the children of those against which nothing speaks, locked.

    Another transaction may have enrolled one of them before we had the lock: then the rules are asked again.
    """
    requests = [message.data for message in asked]
    decided = decide(requests, known)
    described = {number: r.child for r, against in zip(requests, decided, strict=True) if not against and (number := r.cpr_number)}
    children = work.children.take_in(described)
    if meanwhile := work.enrolments.active(children) - known.enrolled:
        decided = decide(requests, replace(known, enrolled=known.enrolled | meanwhile))
    return [_case(message, against, children) for message, against in zip(asked, decided, strict=True)]


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
    work.guardians.save(around)
    causes = {guardian: case.message for case in admitted for guardian in case.guardians}
    for guardian in (*around.new, *around.changed):
        _send_card(guardian.guardian_id, guardian, work, causes[guardian])


def _take_in_consents(admitted: Sequence[_Admitted], work: "Work") -> None:
    given = [(case.message, _consent(case, details)) for case in admitted if (details := case.request.consent) and details.given]
    work.consents.add([consent for _, consent in given])
    for message, consent in given:
        _tell_consent(consent, work, message)


def _consent(case: _Admitted, details: ConsentDetails) -> Consent:
    guardian = case.guardians[details.guardian]
    programme = case.request.programme
    return consents.given(new_id(), details, child_id=case.child.child_id, guardian_id=guardian.guardian_id, programme=programme)


def _refusal(message: Received[Any], reasons: Iterable[Reason]) -> Enrolment:
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


def _withdraw_or_reject(message: Received[WithdrawalRequest], known: dict[str, Enrolment]) -> Enrolment:
    enrolment = known.get(message.data.enrolment_id)
    objections = enrolment.objections_to_withdrawal() if enrolment else (Objection(Rule.UNKNOWN_ENROLMENT, "/enrolment_id"),)
    if enrolment is None or objections:
        return _refusal(message, explain(objections))
    enrolment.withdraw(request_id=message.id, reason=message.data.reason, on=message.data.effective_date)
    return enrolment


def _tell_enrolment(enrolment: Enrolment, work: "Work", cause: Cause) -> None:
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


def _tell_professional(professional: Professional, work: "Work", cause: Cause) -> None:
    data = messages.of_professional(professional)
    work.emit(
        messages.PROFESSIONAL_REGISTERED, subject=professional.professional_id, data=data, programme=professional.programme, cause=cause
    )


def _send_card(person_id: str, person: Guardian | Professional, work: "Work", cause: Cause) -> None:
    card = _card(person_id, person, work)
    work.emit(messages.CONTACT_SEALED, subject=person_id, data=card, exchange=PERSONAL, classification="confidential", cause=cause)


def _send_card_again(person_id: str, person: Guardian | Professional, work: "Work") -> None:
    card = _card(person_id, person, work)
    work.snapshot(messages.CONTACT_SEALED, subject=person_id, data=card, exchange=PERSONAL, classification="confidential")


def _card(person_id: str, person: Guardian | Professional, work: "Work") -> dict[str, str]:
    """How to reach somebody, readable by notifications alone."""
    content = msgspec.json.encode({"name": person.name, "email": person.email, "phone": person.phone, "language": person.language})
    key_id, sealed = seal(work.resources.notifications_public_key, content, person_id.encode())
    kind = "guardian" if isinstance(person, Guardian) else "professional"
    return {"person_id": person_id, "kind": kind, "key_id": key_id, "sealed": sealed}
