"""Sign-ups: a party signs up, sees where it stands, cancels."""

from collections.abc import Sequence
from typing import Any

from services.chassis.http.request import Answer as Reply
from services.chassis.http.request import Request
from services.events import covering, telling
from services.events.access import (
    ORGANISERS,
    PARTICIPANTS,
    acts_for_others,
    must_know,
    must_organise,
    organises,
    own_ids,
    speaks_for,
    system,
)
from services.events.api import signup_schemas as schemas
from services.events.api.activities import organised
from services.events.api.door import api
from services.events.api.seen import seen, told
from services.events.api.term_schemas import EligibilitySchema
from services.events.domain.refusal import Refusal
from services.events.domain.rule import Answer
from services.events.domain.signup import Member
from services.events.handlers import needing, overlapping, transfers
from services.events.handlers import signups as handlers
from services.events.handlers.finding import find_activity
from services.events.handlers.naming import named
from services.events.storage import Work


@api.post(
    "/v1/activities/{id:uuid}/signups",
    summary="Sign a party up",
    roles=(*ORGANISERS, *PARTICIPANTS),
    body=schemas.SigningUpSchema(),
    examples={"body": schemas.SIGNING_UP},
    returns={201: schemas.SignedUpSchema(), 200: schemas.SignedUpSchema()},
    errors=(404, 409),
    idempotent=True,
)
def sign_up(request: Request, work: Work) -> Reply:
    """201 with a seat or a place in the line; 200 when the same party is signed up already. Read the warnings.

    A system sees and changes later what it signed up itself, and nothing that others did.

    A 409 whose reasons end in `-not-known` may pass: registration's facts have perhaps not arrived yet. Try again in some seconds.
    """
    activity_id, party, contact_id = asked_by(request, work)
    hold = (str(request.body["hold_id"]), request.caller.subject) if request.body["hold_id"] else None
    overlapping.hold_party(party, work)
    signup, is_new = handlers.sign_up(activity_id, party, contact_id, work, request.cause, hold=hold, made_by=system(request.caller))
    warnings = [*overlapping.judge(signup, work, is_new=is_new), *covering.warnings(signup, work)]
    if is_new:
        activity = find_activity(activity_id, work)
        needing.say_needs(signup, activity, request.body["needs"], work, organises=organises(request.caller, activity))
    request.concerns(signup.signup_id, *sorted(signup.people))
    told = {"warnings": [work.resources.reason(warning).as_dict() for warning in warnings]} if warnings else {}
    return Reply(telling.signup(signup) | told, 201 if is_new else 200)


@api.post(
    "/v1/activities/{id:uuid}/eligibility",
    summary="May this party sign up, and why or why not",
    roles=(*ORGANISERS, *PARTICIPANTS),
    body=schemas.ComingSchema(),
    examples={"body": schemas.SIGNING_UP},
    returns={200: EligibilitySchema()},
    errors=(404,),
)
def eligibility(request: Request, work: Work) -> dict[str, Any]:
    """The answer to a sign-up without signing up, rule by rule, also for those who may come. It says no more than a sign-up would."""
    activity_id, party, contact_id = asked_by(request, work)
    asking = handlers.may_sign_up(activity_id, party, contact_id, work)
    request.concerns(*sorted(member.person_id for member in party))
    places = [at for at, _ in asking.admission.answers]
    said = named((answer for _, answer in asking.admission.answers), asking.activity, work)
    answers = [_answer(at, answer, work) for at, answer in zip(places, said, strict=True)]
    reasons = [work.resources.reason(refusal).as_dict() for refusal in named(asking.refusals, asking.activity, work)]
    return {"activity_id": activity_id, "may_sign_up": not reasons, "reasons": reasons, "rules": answers}


@api.get(
    "/v1/activities/{id:uuid}/signups",
    summary="Who is signed up",
    roles=ORGANISERS,
    query=schemas.SignupQuery(),
    paged=(int,),
    returns={200: schemas.SignupSchema()},
    errors=(404,),
    personal=True,
)
def signups(request: Request, work: Work) -> Reply:
    """In the order in which they signed up, cancelled ones included."""
    organised(request, work)
    after = request.page.after[0] if request.page.after else 0
    found = work.signups.page(request.path["id"], request.query.get("status"), after, request.page.fetch)
    numbers = {signup.signup_id: signup.number for signup in found}
    return request.page.answer([telling.signup(signup) for signup in found], lambda item: (numbers[item["signup_id"]],))


@api.get(
    "/v1/signups/{id:uuid}",
    summary="A sign-up",
    roles=(*ORGANISERS, *PARTICIPANTS),
    returns={200: schemas.SignupSchema()},
    errors=(404,),
)
def signup(request: Request, work: Work) -> dict[str, Any]:
    """With its present place on the waiting list, if it waits.

    A guardian who is not its contact sees himself and the children in the party, and who is its contact is null. It is hidden from
    a guardian who may not be told of a child in it.
    """
    found, sight = seen(request, work)
    return sight.of(found)


@api.post(
    "/v1/signups/{id:uuid}/cancellation",
    summary="Cancel a sign-up",
    roles=(*ORGANISERS, *PARTICIPANTS),
    returns={200: schemas.SignupSchema()},
    errors=(404, 409),
    idempotent=True,
)
def cancel(request: Request, work: Work) -> dict[str, Any]:
    """The whole party's; what it held goes to the first in the line."""
    found, sight = seen(request, work)
    return sight.of(handlers.cancel(found.signup_id, work, request.cause))


@api.post(
    "/v1/signups/{id:uuid}/transfer",
    summary="Transfer a sign-up to another date",
    roles=(*ORGANISERS, *PARTICIPANTS),
    body=schemas.TransferSchema(),
    examples={"body": {"activity_id": "018d0c3d-e740-7c40-8f2e-3d9a51c7e109"}},
    returns={201: schemas.SignedUpSchema(), 200: schemas.SignedUpSchema()},
    errors=(404, 409),
    idempotent=True,
)
def transfer(request: Request, work: Work) -> Reply:
    """The whole party's, to another activity of the same kind: 201 with the sign-up there, 200 when it was made before.

    At another date of the same activity (one of the same kind, title, district and institution) it stands where it would stand had it
    signed up there when it first did; at any other it is a sign-up of now. Until it has seats there it keeps those it has. Read the
    warnings.
    """
    found, sight = seen(request, work)
    target = find_activity(str(request.body["activity_id"]), work)
    must_know(request.caller, target, work.resources)
    if organises(request.caller, find_activity(found.activity_id, work)):
        must_organise(request.caller, target, work.resources)
    new, is_new, warnings = transfers.transfer(found.signup_id, target.activity_id, work, request.cause)
    request.concerns(new.signup_id, *sorted(new.people))
    return Reply(told(sight, new, warnings, work), 201 if is_new else 200)


def asked_by(request: Request, work: Work) -> tuple[str, Sequence[Member], str | None]:
    """The activity, the party and its contact; raises `Forbidden` if the caller brings whom he may not."""
    activity = find_activity(request.path["id"], work)
    must_know(request.caller, activity, work.resources)
    party, contact_id = request.body["party"], request.body["contact_id"] and str(request.body["contact_id"])
    if not acts_for_others(request.caller, activity):
        contact_id = speaks_for(request.caller, own_ids(request.caller, work.aliases), party, contact_id, work.resources)
    return activity.activity_id, party, contact_id


def _answer(at: str, of: Answer, work: Work) -> dict[str, Any]:
    return work.resources.reason(Refusal(of.slug, at, of.values)).as_dict() | {"met": of.met, "known": of.known}
