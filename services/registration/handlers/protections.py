"""What registration can be asked to do for somebody who must not be found: hide him from a day on, and everything that tells of him.

What others know of him is told again without his name and place; when the protection lapses, as it is. The clock sees to
the days (`follow`), so that nobody has to think of them. A system is heard about the people of whom it may speak (`storage/sources.py`).
Whether there is anybody else it does not learn.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from services.chassis.envelope import Received
from services.chassis.errors import Invalid, NotFound
from services.chassis.service import Context
from services.registration import telling
from services.registration.domain import protection
from services.registration.domain.objection import Rule
from services.registration.domain.protection import PERSON_REGISTER, PersonKind, ProtectionRequest, Word
from services.registration.handlers.saying import said_at
from services.registration.texts import explain

if TYPE_CHECKING:
    from services.registration.storage import Work

PROTECTION_CONTRACT = "protection.requested/v1"


def answer_protections(asked: Sequence[Received[ProtectionRequest]], work: "Work") -> None:
    """Protect each person, or say everything that speaks against it."""
    words = [Word(message.data, message.source, said_at(message, work)) for message in asked]
    reached = work.protections.reached(word.about for word in words)
    granted = []
    for message, word in zip(asked, words, strict=True):
        if objections := list(protection.objections(word, reached)):
            telling.reject(message, explain(objections), work)
        else:
            telling.grant(message, work)
            granted.append(word)
    work.protections.keep(granted)
    work.answers.add(asked)
    tell_again(work)


def refuse(message: Received[Any], reasons: Sequence[Any], work: "Work") -> None:
    """Answer a request that breaks its contract."""
    telling.reject(message, reasons, work)
    work.answers.add([message])


def protect(request: ProtectionRequest, asked_by: str, work: "Work") -> Word:
    """The same over HTTP, by a system or the municipality; what was kept. Raises `NotFound`, or `Invalid` with every reason."""
    word = Word(request, asked_by, work.now)
    if objections := list(protection.objections(word, work.protections.reached([word.about]))):
        unknown = any(objection.rule is Rule.UNKNOWN_PERSON for objection in objections)
        raise (NotFound if unknown else Invalid)(reasons=explain(objections))
    work.protections.keep([word])
    tell_again(work)
    return word


def protect_as_registered(request: ProtectionRequest, work: "Work") -> None:
    """What the person register says of somebody who is known; no system takes it back."""
    work.protections.keep([Word(request, PERSON_REGISTER, work.now)])
    tell_again(work)


def follow(context: Context) -> None:
    """Tell again of whom protection began or lapsed with the day; the timer `protections`."""
    with context.work() as work:
        tell_again(work)


def tell_again(work: "Work") -> None:
    """Tell again what others know otherwise than they may. Nothing says why: that somebody is protected is nobody else's business."""
    found = work.enrolments.told_otherwise()
    work.enrolments.change(found)
    for enrolment in found:
        telling.tell_enrolment(enrolment, work, None)
    people = work.protections.untold()
    guardians = work.guardians.of(work.aliases.around(person_id for kind, person_id in people if kind is PersonKind.GUARDIAN))
    professionals = work.professionals.of(person_id for kind, person_id in people if kind is PersonKind.PROFESSIONAL)
    for guardian in guardians.values():
        telling.send_card(guardian.guardian_id, guardian, work, None)
    for professional in professionals:
        telling.tell_professional(professional, work, None)
        telling.send_card(professional.professional_id, professional, work, None)
