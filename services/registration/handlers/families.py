"""What registration can be asked to do about a family: correct how a guardian is reached, and change what holds between him and a child.

A batch of any size takes the same few statements. Requests may come in any order and any number of times: what they end in
is the same (`domain/guardianship.py`, `domain/guardian.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from services.chassis.envelope import Received
from services.chassis.errors import Invalid, NotFound
from services.chassis.storage import Cause
from services.registration import telling
from services.registration.domain.family import CorrectionRequest, GuardianshipRequest, objections_to_correction
from services.registration.domain.guardian import Guardian
from services.registration.domain.guardianship import Guardianship
from services.registration.domain.household import Household, households
from services.registration.domain.objection import Objection, Rule
from services.registration.handlers import protections
from services.registration.handlers.family_book import FamilyBook
from services.registration.handlers.saying import said_at
from services.registration.texts import explain, reason
from services.registration.vocabulary import VOCABULARY

if TYPE_CHECKING:
    from services.registration.storage import Work

CORRECTION_CONTRACT = "family.correction-requested/v1"
GUARDIANSHIP_CONTRACT = "family.guardianship-requested/v1"


# How a guardian is reached.


def answer_corrections(asked: Sequence[Received[CorrectionRequest]], work: "Work") -> None:
    """Correct each guardian, or say everything that speaks against it."""
    requests = _corrections_by_kept_ids([message.data for message in asked], work)
    known = work.guardians.lock(request.guardian_id for request in requests)
    changed: dict[str, Cause] = {}
    for message, request in zip(asked, requests, strict=True):
        if objections := list(objections_to_correction(request, known.keys(), VOCABULARY)):
            telling.reject(message, explain(objections), work)
        elif _correct(known[request.guardian_id], request, said_at(message, work), work, message):
            changed[request.guardian_id] = message
    _keep_guardians(changed, known, work)
    work.answers.add(asked)


def correct_guardian(request: CorrectionRequest, work: "Work", cause: Cause) -> Guardian:
    """The same for somebody who may see the guardian. Raises `NotFound`, or `Invalid` with every reason."""
    [request] = _corrections_by_kept_ids([request], work)
    known = work.guardians.lock([request.guardian_id])
    _raise_for(list(objections_to_correction(request, known.keys(), VOCABULARY)))
    guardian = known[request.guardian_id]
    if _correct(guardian, request, work.now, work, cause):
        _keep_guardians({guardian.guardian_id: cause}, known, work)
    return guardian


# What holds between a guardian and a child.


def answer_guardianships(asked: Sequence[Received[GuardianshipRequest]], work: "Work") -> None:
    """Change each guardianship from its day on, or say everything that speaks against it."""
    requests = _guardianships_by_kept_ids([message.data for message in asked], work)
    families = _lock_families(requests, work)
    for message, request in zip(asked, requests, strict=True):
        if objections := list(families.objections_to(request)):
            telling.reject(message, explain(objections), work)
        else:
            families.change(request, said_at(message, work))
            telling.answer_with_family(families.of(request.child_id), work, message)
    work.families.save(families.changed)
    work.answers.add(asked)
    protections.tell_again(work)


def change_guardianship(request: GuardianshipRequest, work: "Work", cause: Cause) -> Guardianship:
    """The same for somebody who may see the child. Raises `NotFound`, or `Invalid` with every reason."""
    [request] = _guardianships_by_kept_ids([request], work)
    families = _lock_families([request], work)
    _raise_for(list(families.objections_to(request)))
    if families.change(request, work.now):
        telling.answer_with_family(families.of(request.child_id), work, cause)
        work.families.save(families.changed)
        protections.tell_again(work)
    return families.between(request)


def refuse(message: Received[Any], reasons: Sequence[Any], work: "Work") -> None:
    """Answer a request that breaks its contract."""
    telling.reject(message, reasons, work)
    work.answers.add([message])


# Who lives together.


def households_of(child_id: str, work: "Work") -> list[Household]:
    """Those that the child is a member of today."""
    around = _beside(child_id, work)
    guardians = work.guardians.of(guardianship.guardian_id for guardianship in around)
    addresses = {guardian_id: guardian.address for guardian_id, guardian in guardians.items()}
    return [household for household in households(around, addresses, work.today) if child_id in household.child_ids]


# The steps that they share.


def _lock_families(requests: Sequence[GuardianshipRequest], work: "Work") -> FamilyBook:
    children = work.children.lock(request.child_id for request in requests)
    guardians = work.guardians.of(request.guardian_id for request in requests)
    return FamilyBook(children, guardians, work.families.records_of(children))


def _corrections_by_kept_ids(requests: Sequence[CorrectionRequest], work: "Work") -> list[CorrectionRequest]:
    """Where somebody was merged into another, that one's id."""
    kept = work.aliases.surviving(request.guardian_id for request in requests)
    return [replace(request, guardian_id=kept[request.guardian_id]) for request in requests]


def _guardianships_by_kept_ids(requests: Sequence[GuardianshipRequest], work: "Work") -> list[GuardianshipRequest]:
    """The same."""
    kept = work.aliases.surviving(id_ for request in requests for id_ in request.pair)
    return [replace(request, child_id=kept[request.child_id], guardian_id=kept[request.guardian_id]) for request in requests]


def _beside(child_id: str, work: "Work") -> list[Guardianship]:
    """Those of the child, and those of all children with whom it shares a guardian: another guardian of theirs may live there too."""
    own = work.families.of_children([child_id]).get(child_id, [])
    theirs = work.families.of_guardians(one.guardian_id for one in own)
    around = work.families.of_children(one.child_id for one in theirs)
    return [one for family in around.values() for one in family]


def _correct(guardian: Guardian, request: CorrectionRequest, said_at: datetime, work: "Work", cause: Cause) -> bool:
    """Whether there is anything to keep; the answer goes out either way."""
    before = dict(guardian.corrected)
    corrected = guardian.correct(request.values, said_at)
    telling.answer_with_guardian(guardian, corrected, work, cause)
    return guardian.corrected != before


def _keep_guardians(changed: Mapping[str, Cause], known: Mapping[str, Guardian], work: "Work") -> None:
    work.guardians.change([known[guardian_id] for guardian_id in changed])
    for guardian_id, cause in changed.items():
        telling.send_card(guardian_id, known[guardian_id], work, cause)


def _raise_for(objections: Sequence[Objection]) -> None:
    unknown = {Rule.UNKNOWN_CHILD, Rule.UNKNOWN_GUARDIAN}
    if missing := [objection for objection in objections if objection.rule in unknown]:
        raise NotFound(reasons=[reason(objection.rule) for objection in missing])
    if objections:
        raise Invalid(reasons=explain(objections))
