"""What travels: the data of each fact that registration publishes, as `contracts/` lays them down.

Every fact carries its aggregate's whole coarse state. No person's name, number or address: those leave only as sealed contact cards.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from services.chassis.envelope import Received
from services.chassis.errors import Reason
from services.registration.domain.activity_template import ActivityTemplate
from services.registration.domain.consent import Consent
from services.registration.domain.enrolment import Enrolment
from services.registration.domain.guardian import Guardian
from services.registration.domain.guardianship import Guardianship, Spell
from services.registration.domain.life import Coming, Status, Taken
from services.registration.domain.merge import Merge
from services.registration.domain.named import Named
from services.registration.domain.professional import Professional
from services.registration.domain.programme import ConsentPurpose, Institution, Programme
from services.registration.domain.question import Question
from services.registration.domain.sign_up import Link
from services.registration.domain.survey import SurveyQuestion

PROGRAMME_LOADED = "registration.programme.loaded.v1"
INSTITUTION_REGISTERED = "registration.institution.registered.v1"
INSTITUTION_MOVED = "registration.institution.moved.v1"
INSTITUTION_CLOSED = "registration.institution.closed.v1"
INSTITUTION_MERGED = "registration.institution.merged.v1"
PROFESSIONAL_REGISTERED = "registration.professional.registered.v1"
CONTACT_SEALED = "registration.contact.sealed.v1"
FAMILY_CHANGED = "registration.family.changed.v1"
GUARDIAN_CORRECTED = "registration.guardian.corrected.v1"
_OWN_FACT = {Status.ACCEPTED: "accepted", Status.WITHDRAWN: "withdrawn", Status.REJECTED: "rejected"}

_NOWHERE = dict.fromkeys(("institution_id", "institution", "district", "birth_month"))
_UNKNOWN_PLACE = {"institution_id": "00000000-0000-0000-0000-000000000000", "institution": "unknown", "district": "unknown"}
"""The contract of a professional's facts wants a place: this one is none."""

REQUEST_GRANTED = "registration.request.granted.v1"
REQUEST_REJECTED = "registration.request.rejected.v1"
SIGN_UP_LINK_SEALED = "registration.sign-up-link.sealed.v1"


def of_programme(programme: Programme) -> dict[str, Any]:
    return _contact(programme) | {
        "programme_id": programme.programme_id,
        "programme": programme.code,
        "name": programme.name["da"],
        "period": asdict(programme.period),
        "target_children": programme.target_children,
        "tracks": [_named(track) | {"closed": track.closed} for track in programme.tracks],
        "cohorts": [_named(cohort) | {"track": cohort.track, "period": asdict(cohort.period)} for cohort in programme.cohorts],
        "districts": [_named(one) | {"stil_number": one.stil_number, "closed": one.closed} for one in programme.districts],
        "institution_kinds": [_named(kind) | {"register_type": kind.register_type} for kind in programme.institution_kinds],
        "activity_kinds": [_named(kind) for kind in programme.activity_kinds],
        "professions": [_named(profession) for profession in programme.professions],
        "professional_roles": [_named(role) for role in programme.professional_roles],
        "languages": [language.code for language in programme.languages],
        "consent_purposes": [_purpose(purpose, programme) for purpose in programme.consent_purposes],
        "questions": [_question(question) for question in programme.questions],
        "survey": [_question(question) for question in programme.survey],
        "staff_cover": [asdict(rule) for rule in programme.staff_cover],
        "activity_templates": [_template(template) for template in programme.activity_templates],
    }


def _contact(programme: Programme) -> dict[str, Any]:
    """The office of a programme that has one; the phone only where there is one."""
    if programme.contact is None:
        return {}
    return {"contact": {name: value for name, value in asdict(programme.contact).items() if value}}


def _named(named: Named) -> dict[str, Any]:
    return {"code": named.code, "name": named.name["da"]}


def _purpose(purpose: ConsentPurpose, programme: Programme) -> dict[str, Any]:
    """With the texts in which it is asked for; their words are no part of a fact."""
    texts = [{"version": text.version, "language": text.language} for text in programme.consent_texts if text.purpose == purpose.code]
    return _named(purpose) | {"required": purpose.required, "given_by": purpose.given_by, "texts": texts}


def _template(template: ActivityTemplate) -> dict[str, Any]:
    """What it opens activities with is a text to whoever does not open any."""
    told = {"code": template.code, "text": template.name, "kind": template.kind, "session_minutes": template.session_minutes}
    return told | {"defaults": msgspec.json.encode(template.defaults).decode()}


def _question(question: Question | SurveyQuestion) -> dict[str, Any]:
    """Its texts in all languages: people are asked in their own."""
    return asdict(question) | {"options": [{"code": option.code, "text": option.name} for option in question.options]}


def institution_type(institution: Institution, before: Institution | None) -> str:
    """The fact that tells what happened to an institution: the gravest, where it was several things at once."""
    if before is None:
        return INSTITUTION_REGISTERED
    if institution.successor and institution.successor != before.successor:
        return INSTITUTION_MERGED
    if institution.existence.end and institution.existence.end != before.existence.end:
        return INSTITUTION_CLOSED
    return INSTITUTION_MOVED if institution.placements != before.placements else INSTITUTION_REGISTERED


def of_institution(institution: Institution, on: date) -> dict[str, Any]:
    """Its whole history, and the district in which it lies that day (or did last, or will first)."""
    return {
        "institution_id": institution.institution_id,
        "institution": institution.code,
        "number": institution.stil_number,
        "stil_number": institution.stil_number,
        "p_number": institution.p_number,
        "name": institution.name,
        "kind": institution.kind,
        "district": institution.district_near(on),
        "programme": institution.programme,
        "programmes": list(institution.programmes),
        "existence": asdict(institution.existence),
        "placements": [{"district": placement.district, **asdict(placement.valid)} for placement in institution.placements],
        "successor": institution.successor,
    }


def enrolment_type(enrolment: Enrolment) -> str:
    """The fact that tells where an enrolment stands; an enrolled child that has not begun is told as accepted, also when it moves."""
    told = _OWN_FACT.get(enrolment.status, "changed")
    return f"registration.enrolment.{told}.v1"


def of_enrolment(enrolment: Enrolment) -> dict[str, Any]:
    """Without the place and the month of birth where the child is protected: together they could tell who and where it is."""
    return _enrolment(enrolment) | (_NOWHERE if enrolment.hidden else {})


def _enrolment(enrolment: Enrolment) -> dict[str, Any]:
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
        "reason": enrolment.reason if enrolment.status is not Status.ACCEPTED else None,
        "reasons": list(enrolment.reasons),
        "step": enrolment.step,
        "since": enrolment.since,
        "was_enrolled": enrolment.was_enrolled,
        "coming": [_coming(one, hidden=enrolment.hidden) for one in enrolment.coming],
    }


def _coming(step: Coming, *, hidden: bool) -> dict[str, Any]:
    place = dict.fromkeys(("institution_id", "institution")) if hidden else {}
    return asdict(step) | place


def consent_type(consent: Consent) -> str:
    """The fact that tells whether a consent holds: `own-` where an adult gave it for himself."""
    own = "" if consent.child_id else "own-"
    return f"registration.consent.{own}{consent.status}.v1"


def of_consent(consent: Consent) -> dict[str, Any]:
    """A child's consent names the child and the guardian; an adult's own names the adult, and as what he gave it."""
    return {
        "consent_id": consent.consent_id,
        **_about(consent),
        "purpose": consent.purpose,
        "status": consent.status,
        "text_version": consent.text_version,
        "language": consent.language,
        "channel": consent.channel,
        "given_at": utc(consent.given_at),
        "withdrawn_at": utc(consent.withdrawn_at) if consent.withdrawn_at else None,
    }


def _about(consent: Consent) -> dict[str, Any]:
    if consent.child_id:
        return {"child_id": consent.child_id, "guardian_id": consent.guardian_id}
    return {"person_id": consent.giver_id, "role": consent.subject}


def utc(moment: datetime) -> datetime:
    """As facts and answers write it."""
    return moment.astimezone(UTC)


def of_professional(professional: Professional) -> dict[str, Any]:
    """One who is protected works in no institution that others know."""
    return _professional(professional) | (_UNKNOWN_PLACE if professional.hidden else {})


def _professional(professional: Professional) -> dict[str, Any]:
    return {
        "professional_id": professional.professional_id,
        "profession": professional.profession,
        "institution_id": professional.institution_id,
        "institution": professional.institution,
        "district": professional.district,
        "programme": professional.programme,
        "status": professional.status,
        "share_percent": professional.share_percent,
        "start_date": professional.start_date,
        "end_date": professional.end_date,
    }


def of_family(family: Sequence[Guardianship], request_id: str | None = None) -> dict[str, Any]:
    """A child's guardianships, whole. How somebody is related to the child is nobody else's business."""
    return {
        "child_id": family[0].child_id,
        "request_id": request_id,
        "guardians": [of_guardianship(one) for one in family],
    }


def of_guardianship(guardianship: Guardianship) -> dict[str, Any]:
    """What holds between a child and a guardian, and when."""
    return {"guardian_id": guardianship.guardian_id, "periods": [_period(spell) for spell in guardianship.spells]}


def of_guardianship_with_relation(guardianship: Guardianship) -> dict[str, Any]:
    """The same for those who see the family: with how the two are related."""
    periods = [_period(spell) | {"relation": spell.terms.relation} for spell in guardianship.spells]
    return {"guardian_id": guardianship.guardian_id, "periods": periods}


def _period(spell: Spell) -> dict[str, Any]:
    terms = spell.terms
    flags = {"custody": terms.custody, "contact_allowed": terms.contact_allowed, "residence": terms.residence}
    return {"valid_from": spell.valid_from, "valid_until": spell.valid_until} | flags


def of_guardian(guardian: Guardian, corrected: Sequence[str], request_id: str) -> dict[str, Any]:
    """That he can be reached, by what, and what was corrected: never how."""
    return {
        "guardian_id": guardian.guardian_id,
        "request_id": request_id,
        "reachable_by": list(guardian.reachable_by),
        "corrected": list(corrected),
    }


def of_grant(answer_id: str, message: Received[Any]) -> dict[str, Any]:
    return {"answer_id": answer_id, "request_id": message.id, "request": message.type}


def of_rejection(answer_id: str, message: Received[Any], reasons: Iterable[Reason]) -> dict[str, Any]:
    return {
        "answer_id": answer_id,
        "request_id": message.id,
        "request": message.type,
        "reasons": [reason.as_dict() for reason in reasons],
    }


def of_taken(taken: Taken, today: date, *, hidden: bool) -> dict[str, Any]:
    """A step, for who looks back, and whether it is coming still; without the place of who is protected."""
    names = ("number", "step", "status", "effective_date", "reason", "recorded_at")
    coming = taken.effective_date is not None and taken.effective_date > today
    return {name: getattr(taken, name) for name in names} | {"institution": None if hidden else taken.institution, "coming": coming}


def of_sign_up_link(link: Link, key_id: str, sealed: str) -> dict[str, Any]:
    return {
        "link_id": link.link_id,
        "channel": link.channel,
        "language": link.language,
        "expires_at": utc(link.expires_at),
        "key_id": key_id,
        "sealed": sealed,
    }


def person_type(merge: Merge) -> str:
    """The fact that tells for whom an id stands."""
    return f"registration.person.{'merged' if merge.in_force else 'unmerged'}.v1"


def of_merge(merge: Merge) -> dict[str, Any]:
    """Of the one that was merged: the id that is kept in his place, or none where he stands for himself again."""
    return {
        "person_id": merge.merged_id,
        "kind": merge.kind,
        "status": "merged" if merge.in_force else "unmerged",
        "into_id": merge.into_id if merge.in_force else None,
        "merge_id": merge.merge_id,
    }
