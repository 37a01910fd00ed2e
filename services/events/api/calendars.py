"""Calendar feeds: whoever may make one gets an address with a secret token in it, for the calendar program of his choice."""

from typing import Any

from services.chassis.http.caller import Role
from services.chassis.http.request import Answer, Request
from services.events.access import PARTICIPANTS, forbidden, own_ids
from services.events.api import calendar_schemas as schemas
from services.events.api.door import api
from services.events.domain.calendar import Feed, FeedKind
from services.events.domain.refusal import Slug
from services.events.handlers import calendars as handlers
from services.events.storage import Work

SUBSCRIBERS = (Role.COORDINATOR, Role.LEADER, Role.HEALTH_VISITOR, *PARTICIPANTS)
CACHED = "private, max-age=300"

_OPEN_TO = {
    FeedKind.FAMILY: (Role.GUARDIAN,),
    FeedKind.PROFESSIONAL: (Role.PROFESSIONAL, Role.HEALTH_VISITOR, Role.LEADER),
    FeedKind.INSTITUTION: (Role.COORDINATOR, Role.LEADER),
}


@api.post(
    "/v1/calendars",
    summary="Make a calendar feed",
    roles=SUBSCRIBERS,
    body=schemas.MakingSchema(),
    examples={"body": schemas.MAKING},
    returns={201: schemas.MadeSchema()},
    errors=(403, 409),
)
def make_calendar(request: Request, work: Work) -> Answer:
    """The path with its token is told once and kept nowhere: who loses it makes another feed. Whoever has it reads the feed.

    A family's feed is its guardian's own and shows what he may know; an institution's shows what is held there, and who comes to nothing.
    Who is booked to lead a session finds it in his own.
    """
    kind, institution = FeedKind(request.body["kind"]), request.body["institution"]
    _must_be_his(kind, institution, request, work)
    feed, token = handlers.make_feed(kind, institution, request.body["language"], request.caller.subject, work)
    request.concerns(feed.calendar_id)
    return Answer(_feed(feed) | {"path": f"{request.root}/v1/calendars/{token}.ics"}, 201)


@api.get("/v1/calendars", summary="One's own calendar feeds", roles=SUBSCRIBERS, returns={200: schemas.FeedsSchema()})
def calendars(request: Request, work: Work) -> dict[str, Any]:
    """Without their tokens, which nobody can tell again."""
    return {"calendars": [_feed(feed) for feed in work.calendars.of_maker(_makers(request, work))]}


@api.delete("/v1/calendars/{id:uuid}", summary="Revoke a calendar feed", roles=SUBSCRIBERS, returns={204: None}, errors=(404,))
def revoke_calendar(request: Request, work: Work) -> None:
    """Its token opens nothing any more."""
    handlers.revoke_feed(request.path["id"], _makers(request, work), work)


@api.get(
    "/v1/calendars/{token}.ics",
    summary="A calendar feed",
    public=True,
    returns={200: "text/calendar", 304: None},
    errors=(404,),
)
def calendar(request: Request, work: Work) -> Answer:
    """As iCalendar (RFC 5545), to whoever has the token: a calendar program sends nothing else. It holds nobody's name or id.

    A session's UID stays, its SEQUENCE rises with every change, and what was cancelled or called off stays in it as CANCELLED. With
    `If-None-Match` an unchanged feed is 304.
    """
    from services.events.documents.calendar_file import calendar_file, etag  # noqa: PLC0415 - six megabytes, held where feeds are read

    feed, found = handlers.read_feed(request.path["token"], work)
    return Answer(calendar_file(feed, found, work.now), headers={"ETag": etag(feed, found), "Cache-Control": CACHED})


def _must_be_his(kind: FeedKind, institution: str | None, request: Request, work: Work) -> None:
    """Raises `Forbidden` where he asks for another's calendar."""
    roles = _OPEN_TO[kind]
    if kind is FeedKind.INSTITUTION:
        is_his = request.caller.has(*roles) and request.caller.reaches(institution or "", *roles)
    else:
        is_his = request.caller.has(*roles) and bool(own_ids(request.caller, work.aliases))
    if not is_his:
        raise forbidden(Slug.NOT_YOUR_CALENDAR, work.resources)


def _makers(request: Request, work: Work) -> set[str]:
    return {request.caller.subject, *own_ids(request.caller, work.aliases)}


def _feed(of: Feed) -> dict[str, Any]:
    return {
        "calendar_id": of.calendar_id,
        "kind": of.kind.value,
        "institution": of.institution,
        "language": of.language,
        "made_at": of.made_at,
    }
