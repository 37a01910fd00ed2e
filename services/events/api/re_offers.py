"""Another activity in the place of one that is called off or moved, offered to all in one step."""

from typing import Any

from services.chassis.http.request import Answer, Request
from services.events.access import ORGANISERS, must_organise
from services.events.api import re_offer_schemas as schemas
from services.events.api.activities import organised
from services.events.api.door import api
from services.events.domain.re_offer import Asked, Instead, ReOffer
from services.events.handlers import re_offering
from services.events.resources import Resources
from services.events.storage import Work
from services.events.storage.re_offers import Made


@api.post(
    "/v1/activities/{id:uuid}/re-offers",
    summary="Offer all who are signed up something else",
    roles=ORGANISERS,
    body=schemas.ReOfferingSchema(),
    examples={"body": schemas.RE_OFFERING},
    returns={200: schemas.ReOfferedSchema()},
    errors=(404, 409),
    idempotent=True,
)
def re_offer(request: Request, work: Work) -> dict[str, Any]:
    """Every party once, in the order in which they had signed up: what is offered keeps their priority, and every rule there.

    With `dry_run` nothing is done, and the answer is what it would be. Offers have their time to answer. Who was called off and finds
    no room waits in the line there; who still has what he had keeps it until he accepts.
    """
    organised(request, work)
    asked = Asked(request.path["id"], request.body["instead"], request.body["call_off"])
    for activity in work.activities.these(asked.instead):
        must_organise(request.caller, activity, work.resources)
    dry_run = request.body["dry_run"]
    done = (re_offering.preview if dry_run else re_offering.re_offer)(asked, work, request.cause)
    request.concerns(*asked.instead)
    return {
        "dry_run": dry_run,
        "activity_id": asked.activity_id,
        "rooms": [_room(instead) for instead in done.instead],
        "parties": [_party(party, work.resources, dry_run=dry_run) for party in done.parties],
        "left": done.left,
    }


@api.get(
    "/v1/activities/{id:uuid}/re-offers",
    summary="What became of offering something else",
    roles=ORGANISERS,
    paged=(int,),
    returns={200: schemas.ReOfferMadeSchema()},
    errors=(404,),
)
def re_offers(request: Request, work: Work) -> Answer:
    """Party by party, in the order in which they had signed up."""
    organised(request, work)
    after = request.page.after[0] if request.page.after else 0
    found = work.re_offers.page(request.path["id"], after, request.page.fetch)
    numbers = {one.signup_id: one.number for one in found}
    return request.page.answer([_made(one) for one in found], lambda item: (numbers[item["signup_id"]],))


def _room(of: Instead) -> dict[str, Any]:
    activity = of.activity
    return {
        "activity_id": activity.activity_id,
        "free_before": of.free_before,
        "free": activity.free,
        "waiting": activity.waiting,
    }


def _party(of: ReOffer, resources: Resources, *, dry_run: bool) -> dict[str, Any]:
    reasons = [resources.reason(refusal).as_dict() | {"activity_id": activity_id} for activity_id, refusal in of.refusals]
    return {
        "signup_id": of.old.signup_id,
        "seats": of.old.seats,
        "state": of.state.value,
        "instead_id": of.new.activity_id if of.new else None,
        "new_signup_id": of.new.signup_id if of.new and not dry_run else None,
        "position": of.new.position if of.new else None,
        "reasons": reasons,
    }


def _made(of: Made) -> dict[str, Any]:
    names = ("signup_id", "new_signup_id", "instead_id", "status", "reason")
    return {name: getattr(of, name) for name in names}
