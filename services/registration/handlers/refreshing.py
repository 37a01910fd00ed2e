"""Tells everything again, for a reader who was not there: `deltag refresh`."""

from typing import TYPE_CHECKING

from services.registration import erasure_messages, messages, telling
from services.registration.handlers import merging

if TYPE_CHECKING:
    from services.registration.storage import Work


def refresh(work: "Work") -> None:
    """Tell the present state of every aggregate again; contact cards too."""
    _programmes(work)
    _enrolments(work)
    _people(work)
    merging.refresh(work)
    for erasure in work.erasures.stream():
        erasure_messages.show(erasure, work)


def _programmes(work: "Work") -> None:
    for programme in work.programmes.all():
        work.snapshot(
            messages.PROGRAMME_LOADED, subject=programme.programme_id, data=messages.of_programme(programme), programme=programme.code
        )
    for institution in work.programmes.institutions():
        data = messages.of_institution(institution, work.today)
        work.snapshot(messages.INSTITUTION_REGISTERED, subject=institution.institution_id, data=data, programme=institution.programme)


def _enrolments(work: "Work") -> None:
    for enrolment in work.enrolments.stream():
        data = messages.of_enrolment(enrolment)
        work.snapshot(messages.enrolment_type(enrolment), subject=enrolment.enrolment_id, data=data, programme=enrolment.programme)
    for consent in work.consents.stream():
        data = messages.of_consent(consent)
        work.snapshot(messages.consent_type(consent), subject=consent.consent_id, data=data, programme=consent.programme)


def _people(work: "Work") -> None:
    for professional in work.professionals.stream():
        data = messages.of_professional(professional)
        work.snapshot(messages.PROFESSIONAL_REGISTERED, subject=professional.professional_id, data=data, programme=professional.programme)
        telling.send_card_again(professional.professional_id, professional, work)
    for guardian in work.guardians.stream():
        telling.send_card_again(guardian.guardian_id, guardian, work)
    for family in work.families.stream():
        telling.show_family(family, work)
