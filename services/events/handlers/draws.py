"""Holding the draws whose moment has come: chance orders the line, and seats are given in that order."""

from typing import TYPE_CHECKING

from services.chassis.service import Context
from services.events import seating, telling
from services.events.domain import draw as drawing
from services.events.domain.activity import Activity
from services.events.domain.decision import What
from services.events.domain.draw import Draw, Ticket
from services.events.domain.refusal import Slug

if TYPE_CHECKING:
    from services.events.storage import Work


def hold_due(context: Context) -> None:
    """Hold the draws that are due, and seat who is next; the timer `draws`."""
    with context.work() as work:
        activities = {one.activity_id: one for one in work.activities.lock({draw.activity_id for draw in work.draws.due(work.now)})}
        due = [draw for draw in work.draws.due(work.now) if draw.activity_id in activities]
        for draw in due:
            _hold(draw, activities[draw.activity_id], work)
        seating.settle(activities.values(), work, {})


def find_draw(activity_id: str, work: "Work") -> Draw:
    """The activity's draw; raises `NotFound` where it has none."""
    return work.draws.get(activity_id) or work.resources.missing(Slug.DRAW_NOT_FOUND)


def _hold(draw: Draw, activity: Activity, work: "Work") -> None:
    waiting = work.signups.lines({draw.activity_id: None}).get(draw.activity_id, ())
    taking_part = {signup.signup_id: signup for signup in waiting if signup.signed_up_at < draw.closes_at}
    drawn = drawing.hold(draw.seed, [Ticket(signup.signup_id, signup.lots) for signup in taking_part.values()])
    for ticket in drawn:
        taking_part[ticket.signup_id].rank = ticket.place
        telling.record(taking_part[ticket.signup_id], What.DRAWN, work, place=ticket.place, parties=len(drawn), lots=ticket.lots)
    work.signups.save(list(taking_part.values()))
    work.draws.keep(draw, drawn, work.now)
    activity.drawn_at = work.now
