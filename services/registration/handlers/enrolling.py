"""What registration can be asked to do with requests for enrolments, on the bus or over HTTP.

They are answered in batches: whatever a batch's size, it takes the same few statements, and the rules
(`domain/request.py`) see all of it at once. What is stored, told and answered leaves in one transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from services.chassis.contracts import problems
from services.chassis.envelope import Received
from services.chassis.errors import Reason
from services.chassis.ids import new_id
from services.registration import telling
from services.registration.domain import consent as consents
from services.registration.domain.child import Child, ChildKey
from services.registration.domain.consent import Consent
from services.registration.domain.enrolment import Enrolment
from services.registration.domain.life import LIVING, leaves_on
from services.registration.domain.objection import Objection
from services.registration.domain.origin import DoneBy
from services.registration.domain.request import ConsentDetails, EnrolmentRequest, Known, decide
from services.registration.handlers import coming, origins
from services.registration.handlers.answers import take_in_answers
from services.registration.handlers.cases import Admitted, Book, Living, Refused, refusal
from services.registration.handlers.newcomers import Keys, recognise
from services.registration.handlers.origins import NOBODY_SAID

if TYPE_CHECKING:
    from services.registration.storage import Work

Asked = Sequence[Received[EnrolmentRequest]]

CONSUMER = "registration.requests"
"""Under which requests are admitted once, whichever door they come through."""

ENROLMENT_CONTRACT = "enrolment.requested/v1"


def answer_enrolment_requests(asked: Asked, work: "Work", by: Mapping[str, DoneBy] = NOBODY_SAID) -> None:
    """Decide each request, in order; enrol, or reject with every reason; answer each. `by` says by message who sent it.

    One for a child that is enrolled already, and is to begin later, is put off: the end of that enrolment may be on its way.
    """
    keys = recognise([message.data for message in asked], work)
    known = _learn([message.data for message in asked], keys, work)
    decided, living = _decide(asked, keys, known, work)
    cases = _to_answer(decided, work)
    admitted = [case for case in cases if isinstance(case, Admitted)]
    _take_in_guardians(admitted, work)
    taken = work.history.of_all(one.enrolment_id for one in living.values()) if living else {}
    book = Book(living, taken, work.protections.children([case.child.child_id for case in admitted]), work.now)
    answers = []
    for case in cases:
        answers.append(case.answer(known, book))
        telling.tell_enrolment(answers[-1], work, case.message)
    book.keep(work)
    _take_in_consents(admitted, work)
    take_in_answers([(case.message, case.child.child_id, case.guardians) for case in admitted], known.programmes, work, by)
    told = zip(cases, answers, strict=True)
    origins.keep([(case.message, answer.enrolment_id, case.guardians) for case, answer in told if isinstance(case, Admitted)], work, by)


def refuse_request(message: Received[Any], reasons: Sequence[Reason], work: "Work") -> None:
    """Reject a request that breaks its contract, whatever it asked for."""
    answer = refusal(message, reasons)
    work.enrolments.add([answer])
    telling.tell_enrolment(answer, work, message)


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
    keys = recognise([message.data for message in told], work)
    named = [(message, key) for message, key in zip(told, keys, strict=True) if key]
    children = work.children.take_in({key: message.data.child for message, key in named})
    _take_in_guardians([Admitted(message, children[key], key) for message, key in named], work)


# The steps that they share.


def _learn(requests: Sequence[EnrolmentRequest], keys: Keys, work: "Work") -> Known:
    """Everything that the rules look at for these requests."""
    known = work.known((r.programme for r in requests), (r.institution for r in requests if r.institution))
    standing, leaving = work.enrolments.standing(filter(None, keys))
    return replace(known, standing=standing, leaving=leaving)


def _decide(asked: Asked, keys: Keys, known: Known, work: "Work") -> tuple[list[Admitted | Refused], Living]:
    """What speaks against each request; and of those against which nothing speaks the children and their enrolments, locked.

    Another transaction may have enrolled one of them before we had the lock: then the rules are asked again.
    """
    requests = [message.data for message in asked]
    decided = decide(requests, known, work.now, keys)
    described = {key: r.child for r, key, against in zip(requests, keys, decided, strict=True) if key and not against}
    children = work.children.take_in(described)
    living = work.enrolments.living(children)
    coming.take_effect(living.values(), work)
    living = {key: one for key, one in living.items() if one.status in LIVING}
    locked = _as_locked(known, living, children)
    if locked != known:
        decided = decide(requests, locked, work.now, keys)
    return [_case(message, against, key, children) for message, against, key in zip(asked, decided, keys, strict=True)], living


def _as_locked(known: Known, living: Living, children: Mapping[ChildKey, Child]) -> Known:
    """What is known, with the enrolments as they are now that they are locked."""
    by_key = {(key, code): one for (id_, code), one in living.items() for key in _names(id_, children)}
    standing = {**known.standing, **{key: one.status for key, one in by_key.items()}}
    leaving = {key: day for key, day in known.leaving.items() if key not in by_key}
    leaving |= {key: day for key, one in by_key.items() if (day := leaves_on(one.status, one.coming))}
    return replace(known, standing=standing, leaving=leaving)


def _to_answer(cases: Sequence[Admitted | Refused], work: "Work") -> list[Admitted | Refused]:
    """All but those that are put off."""
    again = [key for case in cases if isinstance(case, Refused) and case.is_enrolled_already and (key := case.child_key)]
    begun = {case.key: case.request.start_date for case in cases if isinstance(case, Admitted)}
    starts = work.enrolments.starts(again) | begun if again else {}
    return [case for case in cases if isinstance(case, Admitted) or not (case.begins_later(starts) and work.put_off(case.message))]


def _names(child_id: str, children: Mapping[ChildKey, Child]) -> list[ChildKey]:
    """Those by which these requests name the child: two, where it was stored twice."""
    return [key for key, child in children.items() if child.child_id == child_id]


def _case(
    message: Received[EnrolmentRequest], against: Sequence[Objection], key: ChildKey | None, children: Mapping[ChildKey, Child]
) -> Admitted | Refused:
    return Admitted(message, children[key], key) if key and not against else Refused(message, against, key)


def _take_in_guardians(admitted: Sequence[Admitted], work: "Work") -> None:
    """Recognise or add the guardians of each; new and changed ones are stored, and their cards sent."""
    if not admitted:
        return
    described = [details for case in admitted for details in case.request.guardians]
    around = work.guardians.around((case.child.child_id for case in admitted), described)
    for case in admitted:
        case.guardians = [around.take_in(case.child.child_id, details, new_id) for details in case.request.guardians]
    work.guardians.add(around.new)
    work.guardians.change(around.changed)
    causes = {guardian: case.message for case in admitted for guardian in case.guardians}
    for guardian in (*around.new, *around.changed):
        telling.send_card(guardian.guardian_id, guardian, work, causes[guardian])
    telling.tell_families(work.families.link(around.links), work, {case.child.child_id: case.message for case in admitted})


def _take_in_consents(admitted: Sequence[Admitted], work: "Work") -> None:
    given = [(case.message, _consent(case, details)) for case in admitted if (details := case.request.consent) and details.given]
    work.consents.add([consent for _, consent in given])
    for message, consent in given:
        telling.tell_consent(consent, work, message)


def _consent(case: Admitted, details: ConsentDetails) -> Consent:
    guardian = case.guardians[details.guardian]
    programme = case.request.programme
    return consents.given(new_id(), details, child_id=case.child.child_id, guardian_id=guardian.guardian_id, programme=programme)


def _fit(submitted: Sequence[Received[Any]], work: "Work") -> list[Received[EnrolmentRequest]]:
    """Those that keep the contract, read; the others are refused."""
    fit = []
    for message in submitted:
        if broken := problems(ENROLMENT_CONTRACT, message.data):
            refuse_request(message, broken, work)
        else:
            fit.append(msgspec.structs.replace(message, data=msgspec.convert(message.data, EnrolmentRequest, strict=False)))
    return fit
