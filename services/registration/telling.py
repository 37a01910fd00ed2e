"""How registration tells what happened to people: facts with ids and flags for everybody, sealed cards for notifications alone."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from services.chassis.envelope import Received
from services.chassis.errors import Reason
from services.chassis.ids import new_id
from services.chassis.keys import seal
from services.chassis.service import PERSONAL
from services.chassis.storage import Cause
from services.registration import messages
from services.registration.domain.consent import Consent
from services.registration.domain.enrolment import Enrolment
from services.registration.domain.guardian import Guardian
from services.registration.domain.guardianship import Guardianship
from services.registration.domain.professional import Professional
from services.registration.texts import alias

if TYPE_CHECKING:
    from services.registration.storage import Work

Person = Guardian | Professional


def tell_enrolment(enrolment: Enrolment, work: "Work", cause: Cause | None) -> None:
    """Tell everybody, and the sender of a request at the address that he set."""
    _tell_enrolment(enrolment, work, cause, _sender(cause))


def tell_enrolment_again(enrolment: Enrolment, work: "Work", cause: Cause) -> None:
    """Tell everybody, since something about the child is known better; it answers nobody."""
    _tell_enrolment(enrolment, work, cause, None)


def _tell_enrolment(enrolment: Enrolment, work: "Work", cause: Cause | None, reply: Received[Any] | None) -> None:
    data = messages.of_enrolment(enrolment)
    type_, programme = messages.enrolment_type(enrolment), enrolment.programme
    work.emit(type_, subject=enrolment.enrolment_id, data=data, programme=programme, cause=cause, reply=reply)


def tell_consent(consent: Consent, work: "Work", cause: Cause, reply: Received[Any] | None = None) -> None:
    """Tell everybody whether it holds, and the sender of a request about it too."""
    data = messages.of_consent(consent)
    type_, programme = messages.consent_type(consent), consent.programme
    work.emit(type_, subject=consent.consent_id, data=data, programme=programme, cause=cause, reply=reply)


def tell_professional(professional: Professional, work: "Work", cause: Cause | None) -> None:
    """Tell everybody where he works and takes part."""
    data, id_ = messages.of_professional(professional), professional.professional_id
    work.emit(messages.PROFESSIONAL_REGISTERED, subject=id_, data=data, programme=professional.programme, cause=cause)


def tell_families(child_ids: Iterable[str], work: "Work", causes: Mapping[str, Cause]) -> None:
    """Tell who is whose guardian now, of these children; `causes` by child."""
    for child_id, family in work.families.of_children(child_ids).items() if child_ids else ():
        data = messages.of_family(family)
        work.emit(messages.FAMILY_CHANGED, subject=child_id, data=data, cause=causes[child_id])


def answer_with_family(family: Sequence[Guardianship], work: "Work", cause: Cause) -> None:
    """Tell everybody, and the sender of the request at the address that he set."""
    data = messages.of_family(family, request_id=cause.id)
    work.emit(messages.FAMILY_CHANGED, subject=family[0].child_id, data=data, cause=cause, reply=_sender(cause))


def show_family(family: Sequence[Guardianship], work: "Work") -> None:
    """Tell it again."""
    work.snapshot(messages.FAMILY_CHANGED, subject=family[0].child_id, data=messages.of_family(family))


def answer_with_guardian(guardian: Guardian, corrected: Sequence[str], work: "Work", cause: Cause) -> None:
    """Tell everybody, and the sender of the request at the address that he set."""
    data = messages.of_guardian(guardian, corrected, request_id=cause.id)
    work.emit(messages.GUARDIAN_CORRECTED, subject=guardian.guardian_id, data=data, cause=cause, reply=_sender(cause))


def reject(message: Received[Any], reasons: Sequence[Reason], work: "Work") -> None:
    """Answer a request that cannot be met, or cannot even be read, with everything that is wrong."""
    answer_id = new_id()
    data = messages.of_rejection(answer_id, message, reasons)
    work.emit(messages.REQUEST_REJECTED, subject=answer_id, data=data, cause=message, reply=message)


def grant(message: Received[Any], work: "Work") -> None:
    """Answer a request that was met, of which nobody is told more."""
    answer_id = new_id()
    data = messages.of_grant(answer_id, message)
    work.emit(messages.REQUEST_GRANTED, subject=answer_id, data=data, cause=message, reply=message)


def send_card(person_id: str, person: Person, work: "Work", cause: Cause | None) -> None:
    """How to reach somebody, for notifications."""
    card = _card(person_id, person, work)
    work.emit(messages.CONTACT_SEALED, subject=person_id, data=card, exchange=PERSONAL, classification="confidential", cause=cause)


def send_card_again(person_id: str, person: Person, work: "Work") -> None:
    """The same as it is now."""
    card = _card(person_id, person, work)
    work.snapshot(messages.CONTACT_SEALED, subject=person_id, data=card, exchange=PERSONAL, classification="confidential")


def _card(person_id: str, person: Person, work: "Work") -> dict[str, str]:
    """His own contacts and nobody else's, readable by notifications alone; one who is protected goes by his alias."""
    name = alias(person_id) if person.hidden else person.name
    content: dict[str, Any] = {"name": name, "email": person.email, "phone": person.phone, "language": person.language}
    if isinstance(person, Guardian) and person.channels:
        content |= {"channels": person.channels}
    key_id, sealed = seal(work.resources.notifications_public_key, msgspec.json.encode(content), person_id.encode())
    kind = "guardian" if isinstance(person, Guardian) else "professional"
    return {"person_id": person_id, "kind": kind, "key_id": key_id, "sealed": sealed}


def _sender(cause: Cause | None) -> Received[Any] | None:
    return cause if isinstance(cause, Received) else None
