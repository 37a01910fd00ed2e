"""The HTTP door to forgetting people: whose time is up, who would go, erasing somebody, the receipts, and legal holds.

It is open to coordinators of the whole municipality alone. No path and no answer of an erasure names whom it is about, so
that the audit of the erasure itself does not.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.chassis.errors import Forbidden, NotFound
from services.chassis.http.caller import Role
from services.chassis.http.request import Answer, Request
from services.registration import erasure_messages
from services.registration.api import erasure_schemas
from services.registration.api.door import api
from services.registration.domain.erasure import Erasure, HoldReason, LegalHold, Plan
from services.registration.domain.protection import PersonKind
from services.registration.domain.retention import Due
from services.registration.handlers import erasing, retention
from services.registration.storage import Work
from services.registration.texts import reason

_DECIDERS = (Role.COORDINATOR,)


@api.get(
    "/v1/retention",
    summary="Who would be erased on a night",
    roles=_DECIDERS,
    query=erasure_schemas.NightQuery(),
    paged=(UUID,),
    returns={200: erasure_schemas.DueSchema()},
    errors=(403,),
)
def due(request: Request, work: Work) -> Answer:
    """A dry run: everybody whose time is up by that night, by which rule of which programme, and whether anything stands against it."""
    _must_decide(request)
    night = request.query.get("on", work.today)
    after = str(request.page.after[0]) if request.page.after else None
    found = retention.due_on(night, work, limit=request.page.fetch, after=after)
    return request.page.answer([_due(one) for one in found], lambda item: (item["person_id"],))


@api.get(
    "/v1/people/{id:uuid}/erasure-plan",
    summary="What would be erased with somebody",
    roles=_DECIDERS,
    personal=True,
    returns={200: erasure_schemas.PlanSchema()},
    errors=(403, 404),
)
def plan(request: Request, work: Work) -> Mapping[str, Any]:
    """A dry run of an erasure, with the digest by which it is confirmed, and everything that stands against it."""
    _must_decide(request)
    return _plan(erasing.plan(request.path["id"], work))


@api.post(
    "/v1/erasures",
    summary="Erase somebody",
    roles=_DECIDERS,
    body=erasure_schemas.ErasingSchema(),
    returns={201: erasure_schemas.ReceiptSchema()},
    errors=(403, 404, 409),
    idempotent=True,
    examples={"body": erasure_schemas.ERASURE},
)
def erase(request: Request, work: Work) -> Answer:
    """For good, in every service, as the plan says whose digest is quoted; a plan that has changed since is refused."""
    _must_decide(request)
    erased = erasing.erase(str(request.body["person_id"]), request.body["digest"], work, request.cause)
    request.concerns(erased.erasure_id)
    return Answer(erasure_messages.of_receipt(erased), 201)


@api.get(
    "/v1/erasures",
    summary="Erasures",
    roles=_DECIDERS,
    query=erasure_schemas.ReceiptQuery(),
    paged=(UUID,),
    returns={200: erasure_schemas.ReceiptSchema()},
    errors=(403,),
)
def erasures(request: Request, work: Work) -> Answer:
    """The receipts, the latest first. One that stays open says which service has not answered."""
    _must_decide(request)
    after = str(request.page.after[0]) if request.page.after else None
    found = work.erasures.page(only_open=request.query["only_open"], after=after, limit=request.page.fetch)
    return request.page.answer([erasure_messages.of_receipt(one) for one in found], lambda item: (item["erasure_id"],))


@api.get(
    "/v1/erasures/{id:uuid}",
    summary="The receipt of an erasure",
    roles=_DECIDERS,
    returns={200: erasure_schemas.ReceiptSchema()},
    errors=(403, 404),
)
def receipt(request: Request, work: Work) -> Mapping[str, Any]:
    """What each service erased, by kind, and which are awaited."""
    _must_decide(request)
    found: Erasure | None = work.erasures.get(request.path["id"])
    if found is None:
        raise NotFound(reasons=[reason("unknown-erasure")])
    return erasure_messages.of_receipt(found)


@api.post(
    "/v1/holds",
    summary="Forbid that somebody is erased",
    roles=_DECIDERS,
    body=erasure_schemas.HoldingSchema(),
    returns={201: erasure_schemas.HoldSchema()},
    errors=(403, 404),
    idempotent=True,
    examples={"body": erasure_schemas.HOLD},
)
def hold(request: Request, work: Work) -> Answer:
    """A legal hold: neither at his own request nor by a rule, until it is lifted or its day has come."""
    _must_decide(request)
    asked = LegalHold("", str(request.body["person_id"]), HoldReason(request.body["reason"]), work.now, request.body["until"])
    placed = erasing.place_hold(asked, work)
    request.concerns(placed.hold_id, placed.person_id)
    return Answer(_hold(placed), 201)


@api.get(
    "/v1/holds",
    summary="Legal holds",
    roles=_DECIDERS,
    paged=(UUID,),
    returns={200: erasure_schemas.HoldSchema()},
    errors=(403,),
)
def holds(request: Request, work: Work) -> Answer:
    """Those that nobody has lifted, in the order in which they were placed."""
    _must_decide(request)
    after = str(request.page.after[0]) if request.page.after else None
    found = work.erasures.holds(after=after, limit=request.page.fetch)
    return request.page.answer([_hold(one) for one in found], lambda item: (item["hold_id"],))


@api.post(
    "/v1/holds/{id:uuid}/lifting",
    summary="Lift a legal hold",
    roles=_DECIDERS,
    returns={200: erasure_schemas.HoldSchema()},
    errors=(403, 404),
    idempotent=True,
)
def lift(request: Request, work: Work) -> Mapping[str, Any]:
    """Doing it again changes nothing."""
    _must_decide(request)
    lifted = erasing.lift_hold(request.path["id"], work)
    request.concerns(lifted.person_id)
    return _hold(lifted)


def _must_decide(request: Request) -> None:
    """Raises `Forbidden` for a coordinator of some institutions alone: what he erased, others would miss."""
    if request.caller.institutions(Role.COORDINATOR) is not None:
        raise Forbidden(reasons=[reason("not-everywhere")])


def _due(one: Due) -> dict[str, Any]:
    names = ("kind", "person_id", "programme", "rule", "due_on", "goes", "on_hold", "held")
    return {name: getattr(one, name) for name in names} | {"people": _people(one.people)}


def _plan(of: Plan) -> dict[str, Any]:
    obstacles = [
        {"slug": found.slug, "person_id": person_id, "text": {"da": found.da, "en": found.en}}
        for obstacle, person_id in of.obstacles
        for found in [reason(obstacle)]
    ]
    counts = [{"kind": kind, "count": count} for kind, count in of.counts.items()]
    return {"digest": of.digest, "people": _people(of.people), "counts": counts, "obstacles": obstacles}


def _people(people: Sequence[tuple[PersonKind, str]]) -> list[dict[str, Any]]:
    return [{"kind": kind, "person_id": person_id} for kind, person_id in people]


def _hold(of: LegalHold) -> dict[str, Any]:
    return {name: getattr(of, name) for name in LegalHold.__slots__}
