"""What registration can be asked to do with professionals: register them, correct what is known of them. Steps are in `steps.py`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from services.chassis.errors import Invalid
from services.chassis.ids import new_id
from services.chassis.storage import Cause
from services.registration import telling
from services.registration.domain import professional as professionals
from services.registration.domain.objection import Objection
from services.registration.domain.professional import Professional, ProfessionalDetails
from services.registration.domain.request import Known
from services.registration.texts import explain

if TYPE_CHECKING:
    from services.registration.storage import Work


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
    known = work.known((details.programme for details, _ in asked), (details.institution for details, _ in asked))
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
        telling.tell_professional(professional, work, cause)
        telling.send_card(professional.professional_id, professional, work, cause)


def _registered(details: ProfessionalDetails, known: Known, before: Professional | None, on: date) -> RegisteredProfessional:
    if against := tuple(professionals.objections(details, known)):
        return RegisteredProfessional(against)
    professional_id, at = before.professional_id if before else new_id(), known.institutions[details.institution]
    return RegisteredProfessional((), professionals.registered(professional_id, details, at, before, on), before)
