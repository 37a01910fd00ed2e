"""What parties need besides their seats: what can be asked, what one needs, and the demand of sessions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from services.chassis.http.request import Answer, Request
from services.events.access import EVERYONE, ORGANISERS, PARTICIPANTS, STAFF, must_organise
from services.events.api import need_schemas as schemas
from services.events.api.door import api
from services.events.api.seen import seen
from services.events.domain.need import NeedKind
from services.events.domain.refusal import Slug
from services.events.domain.signup import Signup
from services.events.handlers import needing
from services.events.handlers.finding import find_activity, find_activity_of_session
from services.events.storage import Work
from services.events.storage.needs import SessionDemand


@api.get("/v1/needs", summary="What can be needed", roles=EVERYONE, returns={200: schemas.NeedKindsSchema()})
def need_kinds(_request: Request, work: Work) -> dict[str, Any]:
    """What activities can ask, with its options, in words."""
    return {"needs": [_kind(kind) for kind in work.resources.needs.values()]}


@api.get(
    "/v1/signups/{id:uuid}/needs",
    summary="What a party needs",
    roles=(*ORGANISERS, *PARTICIPANTS),
    returns={200: schemas.PartyNeedsNowSchema()},
    errors=(404,),
    personal=True,
)
def party_needs(request: Request, work: Work) -> dict[str, Any]:
    """For organisers and for the party's contact, who said it."""
    return _needs_of(_whole(request, work)[0], work)


@api.put(
    "/v1/signups/{id:uuid}/needs",
    summary="Say what a party needs",
    roles=(*ORGANISERS, *PARTICIPANTS),
    body=schemas.PartyNeedsSchema(),
    examples={"body": schemas.NEEDING},
    returns={200: schemas.PartyNeedsNowSchema()},
    errors=(404, 409),
    idempotent=True,
)
def say_needs(request: Request, work: Work) -> dict[str, Any]:
    """Exactly this, until the activity's deadline; by organisers also after it."""
    found, organises = _whole(request, work)
    return _needs_of(needing.change_needs(found.signup_id, request.body["needs"], work, organises=organises), work)


@api.get(
    "/v1/sessions/{id:uuid}/demand",
    summary="What is needed at a session",
    roles=ORGANISERS,
    returns={200: schemas.SessionDemandSchema()},
    errors=(404,),
    personal=True,
)
def session_demand(request: Request, work: Work) -> SessionDemand:
    """How much of what, and not whose it is."""
    must_organise(request.caller, find_activity_of_session(request.path["id"], work), work.resources)
    return work.needs.demand_of(request.path["id"]) or work.resources.missing(Slug.SESSION_NOT_FOUND)


@api.get(
    "/v1/demand",
    summary="What is needed at sessions to come",
    roles=STAFF,
    query=schemas.DemandQuery(),
    paged=(datetime, UUID),
    returns={200: schemas.SessionDemandSchema()},
    personal=True,
)
def demand(request: Request, work: Work) -> Answer:
    """Of all activities that the caller organises and that ask anything, the next session first: what to book interpreters by."""
    where = {"programme": None, "until": None, "since": work.now, **request.query}
    after = (request.page.after[0], str(request.page.after[1])) if request.page.after else None
    found = work.needs.page(where, request.caller.institutions(*STAFF), after, request.page.fetch)
    return request.page.answer(found, lambda one: (one.starts_at, one.session_id))


def _whole(request: Request, work: Work) -> tuple[Signup, bool]:
    """The sign-up, for whom speaks for it, and whether he organises it; for others it is not found."""
    found, sight = seen(request, work)
    if not sight.speaks_for(found):
        work.resources.missing(Slug.SIGNUP_NOT_FOUND)
    request.concerns(found.signup_id, *sorted(found.people))
    return found, sight.own is None


def _needs_of(signup: Signup, work: Work) -> dict[str, Any]:
    activity = find_activity(signup.activity_id, work)
    asked = {"asked": activity.needs.kinds, "until": activity.needs.closes_at(activity.starts_at)}
    return {"signup_id": signup.signup_id, "needs": work.needs.of(signup.signup_id)} | asked


def _kind(of: NeedKind) -> dict[str, Any]:
    options = [{"code": code, "title": title} for code, title in of.options.items()]
    return {"code": of.code, "title": of.title, "most": of.most, "on_list": of.on_list, "options": options}
