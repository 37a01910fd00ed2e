"""What travels: the data of each fact that registration publishes, as `contracts/` lays them down.

Every fact carries its aggregate's whole coarse state. No person's name, number or address: those leave only as sealed contact cards.
"""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from services.registration.domain.consent import Consent
from services.registration.domain.enrolment import Enrolment
from services.registration.domain.professional import Professional
from services.registration.domain.programme import Institution, Named, Programme

PROGRAMME_LOADED = "registration.programme.loaded.v1"
INSTITUTION_REGISTERED = "registration.institution.registered.v1"
PROFESSIONAL_REGISTERED = "registration.professional.registered.v1"
CONTACT_SEALED = "registration.contact.sealed.v1"


def of_programme(programme: Programme) -> dict[str, Any]:
    return _contact(programme) | {
        "programme_id": programme.programme_id,
        "programme": programme.code,
        "name": programme.name["da"],
        "period": {"start": programme.period.start, "end": programme.period.end},
        "target_children": programme.target_children,
        "tracks": [_named(track) for track in programme.tracks],
        "districts": [_named(district) for district in programme.districts],
        "languages": [language.code for language in programme.languages],
    }


def _contact(programme: Programme) -> dict[str, Any]:
    """The office of a programme that has one; the phone only where there is one."""
    if programme.contact is None:
        return {}
    return {"contact": {name: value for name, value in asdict(programme.contact).items() if value}}


def _named(named: Named) -> dict[str, str]:
    return {"code": named.code, "name": named.name["da"]}


def of_institution(institution: Institution) -> dict[str, Any]:
    return {
        "institution_id": institution.institution_id,
        "institution": institution.code,
        "number": institution.number,
        "name": institution.name,
        "kind": institution.kind,
        "district": institution.district,
        "programme": institution.programme,
    }


def enrolment_type(enrolment: Enrolment) -> str:
    """The fact that tells where an enrolment stands."""
    return f"registration.enrolment.{enrolment.status}.v1"


def of_enrolment(enrolment: Enrolment) -> dict[str, Any]:
    return {
        "enrolment_id": enrolment.enrolment_id,
        "request_id": enrolment.request_id,
        "status": enrolment.status,
        "child_id": enrolment.child_id,
        "guardian_ids": list(enrolment.guardian_ids),
        "programme": enrolment.programme,
        "track": enrolment.track,
        "institution_id": enrolment.institution_id,
        "institution": enrolment.institution,
        "district": enrolment.district,
        "birth_month": enrolment.birth_month,
        "start_date": enrolment.start_date,
        "end_date": enrolment.end_date,
        "reason": enrolment.reason,
        "reasons": list(enrolment.reasons),
    }


def consent_type(consent: Consent) -> str:
    """The fact that tells whether a consent holds."""
    return f"registration.consent.{consent.status}.v1"


def of_consent(consent: Consent) -> dict[str, Any]:
    return {
        "consent_id": consent.consent_id,
        "child_id": consent.child_id,
        "guardian_id": consent.guardian_id,
        "purpose": consent.purpose,
        "status": consent.status,
        "text_version": consent.text_version,
        "language": consent.language,
        "channel": consent.channel,
        "given_at": _utc(consent.given_at),
        "withdrawn_at": _utc(consent.withdrawn_at) if consent.withdrawn_at else None,
    }


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def of_professional(professional: Professional) -> dict[str, Any]:
    return {
        "professional_id": professional.professional_id,
        "profession": professional.profession,
        "institution_id": professional.institution_id,
        "institution": professional.institution,
        "district": professional.district,
        "programme": professional.programme,
    }
