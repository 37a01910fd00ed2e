"""Rooms, equipment and facilitators: registered, found, booked by sessions, and when they are free."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.chassis.errors import Forbidden
from services.chassis.http.caller import Caller
from services.chassis.http.request import Answer, Request
from services.events.access import ORGANISERS, must_organise
from services.events.api import booking_schemas as schemas
from services.events.api.door import api
from services.events.domain.booking import Bookable, Booking, Clash
from services.events.domain.refusal import Refusal, Slug
from services.events.handlers import booking
from services.events.handlers.finding import find_activity_of_session
from services.events.resources import Resources
from services.events.storage import Work


@api.post(
    "/v1/bookables",
    summary="Register a room, a piece of equipment or a facilitator",
    roles=ORGANISERS,
    body=schemas.RegisteringSchema(),
    examples={"body": schemas.ROOM},
    returns={201: schemas.BookableSchema(), 200: schemas.BookableSchema()},
    errors=(409,),
    idempotent=True,
)
def register(request: Request, work: Work) -> Answer:
    """201 when it is new, 200 when the same was registered before. What is hard is never booked for two sessions at once."""
    asked, hard = request.body
    asked = replace(asked, hard=work.resources.overlaps.is_hard(asked.kind) if hard is None else hard)
    if not request.caller.reaches(asked.institution or "", *ORGANISERS):
        raise _forbidden(work.resources)
    registered, is_new = booking.register(asked, work)
    request.concerns(registered.bookable_id)
    return Answer(_bookable(registered), 201 if is_new else 200)


@api.get(
    "/v1/bookables",
    summary="Rooms, equipment and facilitators",
    roles=ORGANISERS,
    query=schemas.BookableQuery(),
    paged=(UUID,),
    returns={200: schemas.BookableSchema()},
)
def bookables(request: Request, work: Work) -> Answer:
    """In the order of their ids."""
    after = str(request.page.after[0]) if request.page.after else None
    found = work.bookings.page(request.query, after, request.page.fetch)
    return request.page.answer([_bookable(one) for one in found], lambda item: (item["bookable_id"],))


@api.get(
    "/v1/bookables/{id:uuid}/bookings",
    summary="When it is booked",
    roles=ORGANISERS,
    query=schemas.BusyQuery(),
    paged=(datetime, UUID),
    returns={200: schemas.BookingSchema()},
    errors=(404,),
)
def busy(request: Request, work: Work) -> Answer:
    """In order of time; between these times it is free."""
    booking.find_bookable(request.path["id"], work)
    after = (request.page.after[0], str(request.page.after[1])) if request.page.after else None
    since, until = request.query.get("since"), request.query.get("until")
    found = work.bookings.busy(request.path["id"], since, until, after, request.page.fetch)
    return request.page.answer([_booking(one) for one in found], lambda item: (item["starts_at"], item["session_id"]))


@api.put(
    "/v1/sessions/{id:uuid}/bookings",
    summary="Book what a session needs",
    roles=ORGANISERS,
    body=schemas.NeedsSchema(),
    examples={"body": {"bookables": [schemas.ROOM["bookable_id"]]}},
    returns={200: schemas.BookedSchema()},
    errors=(403, 404, 409),
    idempotent=True,
)
def book(request: Request, work: Work) -> dict[str, Any]:
    """Exactly these: what the session had booked besides is free again. What is taken at that time is refused, or told as a clash."""
    must_organise(request.caller, find_activity_of_session(request.path["id"], work), work.resources)
    asked = [str(bookable_id) for bookable_id in request.body["bookables"]]
    _must_reach(request.caller, asked, work)
    booked, clashes = booking.book(request.path["id"], asked, work)
    return {"bookings": [_booking(one) for one in booked], "clashes": [clash(one) for one in clashes]}


@api.get(
    "/v1/sessions/{id:uuid}/bookings",
    summary="What a session has booked",
    roles=ORGANISERS,
    returns={200: schemas.BookedSchema()},
    errors=(404,),
)
def booked(request: Request, work: Work) -> dict[str, Any]:
    """With what clashes now."""
    must_organise(request.caller, find_activity_of_session(request.path["id"], work), work.resources)
    session_id = request.path["id"]
    of_session, clashes = work.bookings.of_session(session_id), work.bookings.clashes([session_id])
    return {"bookings": [_booking(one) for one in of_session], "clashes": [clash(one) for one in clashes]}


def clash(of: Clash) -> dict[str, Any]:
    return {
        "bookable_id": of.bookable_id,
        "kind": of.kind.value,
        "session_id": of.session_id,
        "other_session_id": of.other_session_id,
    }


def _must_reach(caller: Caller, asked: list[str], work: Work) -> None:
    """What is the municipality's anybody may book who organises; what is an institution's, who runs that."""
    theirs = (one.institution for one in work.bookings.these(asked).values() if one.institution)
    if not all(caller.reaches(institution, *ORGANISERS) for institution in theirs):
        raise _forbidden(work.resources)


def _forbidden(resources: Resources) -> Forbidden:
    return Forbidden(reasons=[resources.reason(Refusal(Slug.NOT_YOUR_INSTITUTION, ""))])


def _bookable(of: Bookable) -> dict[str, Any]:
    return {
        "bookable_id": of.bookable_id,
        "kind": of.kind.value,
        "programme": of.programme,
        "institution": of.institution,
        "name": of.name,
        "professional_id": of.professional_id,
        "hard": of.hard,
    }


def _booking(of: Booking) -> dict[str, Any]:
    return {
        "bookable_id": of.bookable_id,
        "session_id": of.session_id,
        "activity_id": of.activity_id,
        "starts_at": of.starts_at,
        "ends_at": of.ends_at,
    }
