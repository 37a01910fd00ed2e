"""What registration can be asked to do with consents after the enrolment: give one, take one back, say what they come to.

A consent is kept under the ids that it was given by and for, and judged and read as the people's who stand for them: so, when
a merge is undone, everybody has his own again, also of what was said meanwhile.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from services.chassis.envelope import Received
from services.chassis.errors import Invalid, NotFound, Reason
from services.chassis.ids import new_id
from services.chassis.storage import Cause
from services.registration import telling
from services.registration.domain import giving as givings
from services.registration.domain.consent import Consent, Holder, Standing, Subject, standing
from services.registration.domain.giving import Around, ConsentWithdrawal, Giving
from services.registration.domain.guardianship import Guardianship
from services.registration.domain.objection import Objection, Rule
from services.registration.domain.programme import ConsentPurpose, Programme
from services.registration.handlers.saying import said_at
from services.registration.texts import explain, reason

if TYPE_CHECKING:
    from services.registration.storage import Work

GIVING_CONTRACT = "consent.giving-requested/v1"
WITHDRAWAL_CONTRACT = "consent.withdrawal-requested/v1"


# A consent is given.


def answer_givings(asked: Sequence[Received[Giving]], work: "Work") -> None:
    """Keep each consent, put it off while its giver may become a guardian, or refuse it with every reason; answer each."""
    against = _objections([message.data for message in asked], work)
    decided = [case for case in zip(asked, against, strict=True) if not _waits(*case, work)]
    answers = [explain(objections) if objections else givings.taken(new_id(), message.data) for message, objections in decided]
    work.consents.add([answer for answer in answers if isinstance(answer, Consent)])
    _answer(answers, [message for message, _ in decided], work)


def give_consent(giving: Giving, work: "Work", cause: Cause) -> Consent:
    """Keep a consent that somebody gives, or records for its giver. Raises `Invalid` with every reason against it."""
    [against] = _objections([giving], work)
    if against:
        raise Invalid(reasons=explain(against))
    taken = givings.taken(new_id(), giving)
    work.consents.add([taken])
    telling.tell_consent(taken, work, cause)
    return taken


def refuse_request(message: Received[Any], reasons: Sequence[Reason], work: "Work") -> None:
    """Refuse a request about a consent that breaks its contract."""
    _answer([reasons], [message], work)


# A consent is taken back.


def answer_withdrawals(asked: Sequence[Received[ConsentWithdrawal]], work: "Work") -> None:
    """Withdraw each consent, or refuse with the reason; of two requests for the same, the one that was said first withdraws it."""
    known = work.consents.lock(message.data.consent_id for message in asked)
    answers = [_withdrawn(message.data, known, said_at(message, work)) for message in asked]
    work.consents.save_withdrawn([answer for answer in answers if isinstance(answer, Consent)])
    _answer(answers, asked, work)


def withdraw_consent(consent_id: str, work: "Work", cause: Cause) -> Consent:
    """From now on nothing rests on it; who acts on consents learns it from the fact. Doing it again changes nothing."""
    consent = work.consents.lock([consent_id]).get(consent_id)
    if consent is None:
        raise NotFound(reasons=[reason(Rule.UNKNOWN_CONSENT)])
    if consent.withdraw(work.now):
        work.consents.save_withdrawn([consent])
        telling.tell_consent(consent, work, cause)
    return consent


# What the consents about a child come to.


@dataclass(frozen=True, slots=True)
class Agreement:
    """What has been said about one purpose for one child, and what it comes to."""

    programme: str
    purpose: ConsentPurpose
    standing: Standing
    consents: Sequence[Consent]


def agreements(child_id: str, programmes: Iterable[Programme], work: "Work") -> list[Agreement]:
    """One for each purpose of these programmes, also where nobody has said anything yet."""
    holders = _holders([child_id], work).get(child_id, [])
    said = defaultdict(list)
    for consent in work.consents.of_child(child_id):
        said[consent.programme, consent.purpose].append(consent)
    return [_agreement(programme.code, purpose, holders, said) for programme in programmes for purpose in programme.consent_purposes]


# The steps that they share.


def _agreement(
    programme: str, purpose: ConsentPurpose, holders: Sequence[Holder], said: Mapping[tuple[str, str], Sequence[Consent]]
) -> Agreement:
    consents = said.get((programme, purpose.code), ())
    return Agreement(programme, purpose, standing(purpose.given_by, holders, consents), consents)


def _objections(asked: Sequence[Giving], work: "Work") -> list[list[Objection]]:
    """Everything that speaks against each of these."""
    kept = _by_kept_ids(asked, work)
    around = _learn(kept, work)
    return [list(givings.objections(giving, around, work.now)) for giving in kept]


def _by_kept_ids(asked: Sequence[Giving], work: "Work") -> list[Giving]:
    """Where somebody was merged into another, that one's id."""
    kept = work.aliases.surviving(id_ for giving in asked for id_ in (giving.subject_id, giving.giver_id))
    return [replace(giving, subject_id=kept[giving.subject_id], giver_id=kept[giving.giver_id]) for giving in asked]


def _learn(asked: Sequence[Giving], work: "Work") -> Around:
    """Everything that the rules look at for these."""
    return Around(
        programmes=work.programmes.of_codes(giving.programme for giving in asked),
        families=work.families.of_children(giving.subject_id for giving in asked if giving.subject is Subject.CHILD),
        adults=work.consents.adults(giving.subject_id for giving in asked if giving.subject is not Subject.CHILD),
    )


def _holders(child_ids: Iterable[str], work: "Work") -> dict[str, list[Holder]]:
    """The guardians of each of these children, as they are today."""
    return {child_id: [_holder(one, work.today) for one in family] for child_id, family in work.families.of_children(child_ids).items()}


def _holder(guardianship: Guardianship, day: date) -> Holder:
    terms = guardianship.on(day)
    return Holder(guardianship.guardian_id, custody=bool(terms and terms.custody), residence=bool(terms and terms.residence))


def _waits(message: Received[Giving], against: Sequence[Objection], work: "Work") -> bool:
    return bool(against) and givings.may_come_yet(against) and work.put_off(message)


def _withdrawn(asked: ConsentWithdrawal, known: Mapping[str, Consent], at: datetime) -> Consent | list[Reason]:
    consent = known.get(asked.consent_id)
    if consent is None:
        return explain([Objection(Rule.UNKNOWN_CONSENT, "/consent_id")])
    return consent if consent.withdraw(at) else explain([Objection(Rule.CONSENT_ALREADY_WITHDRAWN, "/consent_id")])


def _answer(answers: Sequence[Consent | Sequence[Reason]], asked: Sequence[Received[Any]], work: "Work") -> None:
    work.answers.add(asked)
    for message, answer in zip(asked, answers, strict=True):
        if isinstance(answer, Consent):
            telling.tell_consent(answer, work, message, reply=message)
        else:
            telling.reject(message, answer, work)
