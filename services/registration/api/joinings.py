"""The HTTP door by which a child that is there already gets another guardian."""

from collections.abc import Mapping
from typing import Any

from services.chassis.errors import Invalid, NotFound
from services.chassis.http.caller import Role
from services.chassis.http.request import Request
from services.registration import access, messages
from services.registration.api import family_schemas, joining_schemas
from services.registration.api.door import api
from services.registration.api.families import the_child
from services.registration.domain.joining import JoiningRequest
from services.registration.domain.objection import Rule
from services.registration.domain.origin import DoneBy
from services.registration.domain.protection import PersonKind
from services.registration.handlers import joining
from services.registration.handlers.joining import Asked
from services.registration.storage import Work
from services.registration.texts import reason


@api.post(
    "/v1/children/{id:uuid}/guardians",
    summary="Give a child another guardian",
    roles=(Role.COORDINATOR, Role.HEALTH_VISITOR, Role.SYSTEM),
    body=joining_schemas.JoiningSchema(),
    returns={200: family_schemas.BetweenSchema()},
    errors=(404,),
    idempotent=True,
    examples={"body": joining_schemas.JOINING},
)
def join(request: Request, work: Work) -> Mapping[str, Any]:
    """A foster parent after custody changed, a second parent: with relation, custody, contacts and languages, from a day on.

    Somebody who is known by his CPR number, or to the child by name and contacts, is found again and never made twice. It holds until
    `valid_until`, or until it is changed (`PUT /v1/children/{id}/guardians/{guardian_id}`). A health visitor says in `on_behalf_of` for
    which of the child's guardians it is done, how and when; others may. A system speaks of the children whom it enrolled.
    """
    body = dict(request.body)
    behalf = body.pop("on_behalf_of", None)
    if behalf is None and not request.caller.has(Role.COORDINATOR, Role.SYSTEM):
        raise Invalid(reasons=[reason(Rule.BEHALF_MISSING, "/on_behalf_of")])
    asked = JoiningRequest(_child_id(request, work), **body)
    found = joining.join(Asked(asked, _done_by(request), work.now, request.cause, behalf), work)
    request.concerns(found.guardian_id)
    return messages.of_guardianship_with_relation(found)


def _child_id(request: Request, work: Work) -> str:
    """The kept one's; `NotFound` also where the caller may not speak of it."""
    if request.caller.has(Role.COORDINATOR, Role.HEALTH_VISITOR):
        return the_child(request, work).child_id
    [child_id] = work.aliases.surviving([request.path["id"]]).values()
    if not work.protections.reached([(PersonKind.CHILD, child_id, access.source_of(request.caller))]):
        raise NotFound(reasons=[reason(Rule.UNKNOWN_CHILD)])
    return child_id


def _done_by(request: Request) -> DoneBy:
    return access.done_by(request.caller) or DoneBy(access.source_of(request.caller), Role.SYSTEM)
