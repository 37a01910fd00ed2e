"""The draw for an activity's seats: what was promised before, and what everybody can work out again afterwards."""

from typing import Any

from services.chassis.http.request import Answer, Request
from services.events.access import EVERYONE, must_know
from services.events.api import draw_schemas as schemas
from services.events.api.door import api
from services.events.domain.draw import Draw
from services.events.handlers.draws import find_draw
from services.events.handlers.finding import find_activity
from services.events.storage import Work


@api.get(
    "/v1/activities/{id:uuid}/draw",
    summary="The draw for an activity's seats",
    roles=EVERYONE,
    returns={200: schemas.DrawSchema()},
    errors=(404,),
)
def draw(request: Request, work: Work) -> dict[str, Any]:
    """Until it is held the seed is null, and its SHA-256 alone is told: so nobody can choose another one afterwards."""
    found = _found(request, work)
    return {
        "activity_id": found.activity_id,
        "closes_at": found.closes_at,
        "commitment": found.commitment,
        "drawn_at": found.drawn_at,
        "seed": found.seed if found.drawn_at else None,
    }


@api.get(
    "/v1/activities/{id:uuid}/draw/tickets",
    summary="Who was drawn in which place",
    roles=EVERYONE,
    paged=(int,),
    returns={200: schemas.TicketSchema()},
    errors=(404,),
)
def tickets(request: Request, work: Work) -> Answer:
    """In the order drawn; none before the draw is held. A sign-up's id tells only those whose it is who that is."""
    found = _found(request, work)
    after = request.page.after[0] if request.page.after else 0
    drawn = work.draws.tickets(found.activity_id, after, request.page.fetch)
    rows = [{"place": one.place, "signup_id": one.signup_id, "lots": one.lots} for one in drawn]
    return request.page.answer(rows, lambda item: (item["place"],))


def _found(request: Request, work: Work) -> Draw:
    activity = find_activity(request.path["id"], work)
    must_know(request.caller, activity, work.resources)
    return find_draw(activity.activity_id, work)
