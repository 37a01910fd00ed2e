"""The HTTP door to consents: give one, read one with its words, take one back, and see what holds for a child."""

from collections.abc import Mapping
from typing import Any

from services.chassis.errors import NotFound
from services.chassis.http.caller import Caller, Role
from services.chassis.http.request import Answer, Request
from services.registration import access
from services.registration.api import consent_schemas as schemas
from services.registration.api.door import api
from services.registration.domain.consent import Consent, Subject
from services.registration.domain.giving import Giving
from services.registration.domain.objection import Rule
from services.registration.domain.reach import Reach
from services.registration.handlers import agreements as handlers
from services.registration.messages import utc
from services.registration.storage import Work
from services.registration.texts import reason


@api.post(
    "/v1/consents",
    summary="Give a consent",
    roles=(*access.ENROLLERS, *access.GIVERS),
    body=schemas.GivingSchema(),
    returns={201: schemas.ConsentSchema()},
    errors=(404,),
    idempotent=True,
    examples={"body": schemas.GIVING},
)
def give_consent(request: Request, work: Work) -> Answer:
    """Guardians and professionals give their own; staff and systems record what somebody within their reach has given."""
    giving = _giving(request.body)
    child_id = giving.subject_id if giving.subject is Subject.CHILD else None
    if not _concerns(request.caller, giving.giver_id, child_id, work):
        raise NotFound(reasons=[reason(Rule.CONSENT_SUBJECT_UNKNOWN, "/subject_id")])
    consent = handlers.give_consent(giving, work, request.cause)
    request.concerns(consent.consent_id)
    return Answer(shown(consent), 201)


@api.get(
    "/v1/consents/{id:uuid}",
    summary="A consent, with the words to which it was given",
    roles=(*access.ENROLLERS, *access.GIVERS),
    personal=True,
    returns={200: schemas.ConsentInWordsSchema()},
    errors=(404,),
)
def consent(request: Request, work: Work) -> Mapping[str, Any]:
    """The words never change, so these are the ones that were shown, in the language in which they were shown."""
    found = _found(request, work)
    return shown(found) | {"words": work.consents.words(found)}


@api.post(
    "/v1/consents/{id:uuid}/withdrawal",
    summary="Withdraw a consent",
    roles=(Role.COORDINATOR, *access.GIVERS),
    returns={200: schemas.ConsentSchema()},
    errors=(404,),
    idempotent=True,
)
def withdraw_consent(request: Request, work: Work) -> Mapping[str, Any]:
    """From now on nothing rests on it. Guardians and professionals withdraw their own; doing it again changes nothing."""
    return shown(handlers.withdraw_consent(_found(request, work).consent_id, work, request.cause))


@api.get(
    "/v1/children/{id:uuid}/consents",
    summary="What has been agreed to for a child",
    roles=(*access.STAFF, Role.GUARDIAN),
    personal=True,
    returns={200: schemas.AgreementsSchema()},
    errors=(404,),
)
def agreements(request: Request, work: Work) -> Mapping[str, Any]:
    """Every purpose of the programmes, with what the consents come to: asked, partly given, in force or withdrawn."""
    reach = work.as_kept(access.reach_of(request.caller))
    [child_id] = work.aliases.surviving([request.path["id"]]).values()
    if work.children.get(child_id) is None or not work.children.within(child_id, reach):
        raise NotFound(reasons=[reason("unknown-child")])
    return {"items": [_agreement(found, reach) for found in handlers.agreements(child_id, work.programmes.all(), work)]}


def shown(consent: Consent) -> dict[str, Any]:
    """A consent, as callers see it."""
    names = ("consent_id", "subject", "child_id", "guardian_id", "professional_id", "programme", "purpose", "status")
    times = {"given_at": utc(consent.given_at), "withdrawn_at": utc(consent.withdrawn_at) if consent.withdrawn_at else None}
    return {name: getattr(consent, name) for name in (*names, "text_version", "language", "channel")} | times


def _giving(body: Mapping[str, Any]) -> Giving:
    ids = {name: str(body[name]) for name in ("subject_id", "giver_id")}
    return Giving(**{**body, **ids, "subject": Subject(body["subject"])})


def _agreement(agreement: handlers.Agreement, reach: Reach) -> Mapping[str, Any]:
    own = [shown(c) for c in agreement.consents if not reach.family_only or c.giver_id == reach.guardian_id]
    purpose = {"purpose": agreement.purpose.code, "given_by": agreement.purpose.given_by}
    return {"programme": agreement.programme, **purpose, "standing": agreement.standing, "consents": own}


def _found(request: Request, work: Work) -> Consent:
    found = work.consents.get(request.path["id"])
    if found is None or not _concerns(request.caller, found.giver_id, found.child_id, work):
        raise NotFound(reasons=[reason(Rule.UNKNOWN_CONSENT)])
    return found


def _concerns(caller: Caller, giver_id: str, child_id: str | None, work: Work) -> bool:
    """Whether the consent is his own to give or read, or that of somebody whom he reaches as staff or system."""
    if caller.has(*access.GIVERS) and caller.subject in work.aliases.around([giver_id]):
        return True
    reach = access.reach_of(caller)
    return reach.everywhere or (child_id is not None and _reaches(caller, child_id, work))


def _reaches(caller: Caller, child_id: str, work: Work) -> bool:
    """Staff reach the children of their institutions, a system those whom it enrolled; a guardian gives nothing for another."""
    reach = access.reach_of(caller)
    if caller.has(*access.STAFF):
        return work.children.within(child_id, Reach(institutions=reach.institutions))
    where = {"child_id": child_id}
    return caller.has(Role.SYSTEM) and bool(work.enrolments.page(Reach(sources=reach.sources), limit=1, after=None, where=where))
