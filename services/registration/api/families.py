"""The HTTP door to families: a child with its guardians, who lives together, and what somebody corrects.

Nothing of one guardian is shown to another, unless he shares his contacts; and nothing of a child to a guardian who may
not be told of it (`contact_allowed`) today.
"""

from collections.abc import Mapping
from typing import Any

from services.chassis.errors import NotFound
from services.chassis.http.caller import Role
from services.chassis.http.request import Request
from services.registration import access, messages
from services.registration.api import consents, family_schemas
from services.registration.api.door import api
from services.registration.domain.child import Child
from services.registration.domain.family import CorrectionRequest, GuardianshipRequest
from services.registration.domain.guardian import Guardian
from services.registration.domain.guardianship import Guardianship
from services.registration.domain.household import Household
from services.registration.domain.objection import Rule
from services.registration.domain.reach import Reach
from services.registration.handlers import families
from services.registration.storage import Work
from services.registration.texts import alias, reason

_CONTACTS = ("email", "phone", "address")


@api.get(
    "/v1/children/{id:uuid}",
    summary="A child and its guardians",
    roles=(*access.STAFF, Role.GUARDIAN),
    personal=True,
    returns={200: family_schemas.ChildSchema()},
    errors=(404,),
)
def child(request: Request, work: Work) -> Mapping[str, Any]:
    """Staff see the children who are enrolled in their institutions; a guardian sees his own, and of guardians himself and who shares."""
    reach = work.as_kept(access.reach_of(request.caller))
    found = the_child(request, work)
    family = work.families.of_children([found.child_id]).get(found.child_id, [])
    known = work.guardians.of(guardianship.guardian_id for guardianship in family)
    seen = [one for one in family if _is_seen(known[one.guardian_id], reach)]
    agreed = [consent for consent in work.consents.of_child(found.child_id) if _is_his(consent.guardian_id, reach)]
    return _identity(found, hidden=found.hidden and not access.needs_names(request)) | {
        "guardians": [_guardian(one, known[one.guardian_id], request, work) for one in seen],
        "consents": [consents.shown(consent) for consent in agreed],
    }


@api.get(
    "/v1/children/{id:uuid}/households",
    summary="With whom a child lives",
    roles=(*access.STAFF, Role.GUARDIAN),
    personal=True,
    returns={200: family_schemas.HouseholdsSchema()},
    errors=(404,),
)
def households(request: Request, work: Work) -> Mapping[str, Any]:
    """Today, by ids: two where it lives with guardians at two addresses. A guardian sees the one that he lives in."""
    reach = work.as_kept(access.reach_of(request.caller))
    found = families.households_of(the_child(request, work).child_id, work)
    return {"items": [_household(one) for one in found if not reach.family_only or reach.guardian_id in one.guardian_ids]}


@api.put(
    "/v1/children/{id:uuid}/guardians/{guardian_id:uuid}",
    summary="Change what holds between a child and a guardian",
    roles=(Role.COORDINATOR, Role.LEADER),
    body=family_schemas.GuardianshipSchema(),
    returns={200: family_schemas.BetweenSchema()},
    errors=(404,),
    idempotent=True,
    examples={"body": family_schemas.GUARDIANSHIP},
)
def change_guardianship(request: Request, work: Work) -> Mapping[str, Any]:
    """All of it holds from `valid_from` until the next change; a day ahead takes effect by itself.

    A guardian for whom `contact_allowed` is false is told and shown nothing about the child.
    """
    asked = GuardianshipRequest(the_child(request, work).child_id, request.path["guardian_id"], **request.body)
    return messages.of_guardianship_with_relation(families.change_guardianship(asked, work, request.cause))


@api.get(
    "/v1/guardians/{id:uuid}",
    summary="A guardian",
    roles=(*access.STAFF, Role.GUARDIAN),
    personal=True,
    returns={200: family_schemas.GuardianSchema()},
    errors=(404,),
)
def guardian(request: Request, work: Work) -> Mapping[str, Any]:
    """Staff see the guardians of the children in their institutions; a guardian sees himself."""
    [found] = work.guardians.of([_guardian_id(request, work)]).values()
    children = {one.child_id: one.on(work.today) for one in work.families.of_guardians([found.guardian_id])}
    return _contacts(found, request) | {"children": [_terms(terms) | {"child_id": child_id} for child_id, terms in children.items()]}


@api.patch(
    "/v1/guardians/{id:uuid}",
    summary="Correct how a guardian is reached",
    roles=(*access.STAFF, Role.GUARDIAN),
    body=family_schemas.CorrectionSchema(),
    returns={200: family_schemas.CorrectedSchema()},
    errors=(404,),
    idempotent=True,
    examples={"body": family_schemas.CORRECTION},
)
def correct_guardian(request: Request, work: Work) -> Mapping[str, Any]:
    """What is left out stays as it is; null takes away. A guardian corrects his own; what was corrected, no enrolment request undoes."""
    asked = CorrectionRequest(_guardian_id(request, work), request.body)
    corrected = families.correct_guardian(asked, work, request.cause)
    return {"guardian_id": corrected.guardian_id, "reachable_by": corrected.reachable_by}


def the_child(request: Request, work: Work) -> Child:
    """The one that the path names; `NotFound` also where the caller may not know that there is one."""
    [child_id] = work.aliases.surviving([request.path["id"]]).values()
    found = work.children.get(child_id)
    if found is None or not work.children.within(found.child_id, access.reach_of(request.caller)):
        raise NotFound(reasons=[reason(Rule.UNKNOWN_CHILD)])
    return found


def _guardian_id(request: Request, work: Work) -> str:
    """The kept one's, where he was merged; the same answer for one who is out of reach as for one whom nobody knows."""
    [guardian_id] = work.aliases.surviving([request.path["id"]]).values()
    if not work.guardians.within(guardian_id, work.as_kept(access.reach_of(request.caller))) or not work.guardians.of([guardian_id]):
        raise NotFound(reasons=[reason(Rule.UNKNOWN_GUARDIAN)])
    return guardian_id


def _is_his(guardian_id: str | None, reach: Reach) -> bool:
    return not reach.family_only or guardian_id == reach.guardian_id


def _identity(of: Child, *, hidden: bool) -> dict[str, Any]:
    """Who the child is; of one who is hidden an alias, and nothing that tells the day of its birth."""
    if hidden:
        return {"child_id": of.child_id, "cpr_number": None, "birth_date": None, "given_name": alias(of.child_id), "family_name": ""}
    names = ("child_id", "birth_date", "given_name", "family_name")
    return {name: getattr(of, name) for name in names} | {"cpr_number": of.cpr_number.masked if of.cpr_number else None}


def _is_seen(guardian: Guardian, reach: Reach) -> bool:
    """For staff everybody; for a guardian himself, and of others those who share their contacts and are not protected."""
    return _is_his(guardian.guardian_id, reach) or (guardian.shares_contacts and not guardian.hidden)


def _guardian(guardianship: Guardianship, guardian: Guardian, request: Request, work: Work) -> Mapping[str, Any]:
    return _contacts(guardian, request) | _terms(guardianship.on(work.today))


def _contacts(of: Guardian, request: Request) -> dict[str, Any]:
    """How he is reached; of one who is hidden an alias and no contacts, unless the caller needs them, and his address for few."""
    names = ("guardian_id", "given_name", "family_name", "language", "spoken_language", "channels", "shares_contacts", *_CONTACTS)
    shown = {name: getattr(of, name) for name in names}
    if of.hidden and not access.needs_names(request):
        return shown | dict.fromkeys(_CONTACTS) | {"given_name": alias(of.guardian_id), "family_name": ""}
    return shown | ({"address": None} if of.hidden and not access.needs_addresses(request) else {})


def _terms(terms: Any) -> dict[str, Any]:
    names = ("relation", "custody", "contact_allowed", "residence")
    return {name: getattr(terms, name, None) for name in names}


def _household(household: Household) -> Mapping[str, Any]:
    return {"guardian_ids": household.guardian_ids, "child_ids": household.child_ids}
