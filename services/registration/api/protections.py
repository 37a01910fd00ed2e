"""The HTTP door to name and address protection."""

from collections.abc import Mapping
from typing import Any

from services.chassis.http.caller import Role
from services.chassis.http.request import Request
from services.registration import access
from services.registration.api import protection_schemas
from services.registration.api.door import api
from services.registration.domain.protection import ProtectionRequest
from services.registration.handlers import protections
from services.registration.storage import Work


@api.post(
    "/v1/protections",
    summary="Protect somebody's name and address",
    roles=(Role.COORDINATOR, Role.SYSTEM),
    body=protection_schemas.ProtectionSchema(),
    returns={200: protection_schemas.ProtectedSchema()},
    errors=(404,),
    idempotent=True,
    examples={"body": protection_schemas.PROTECTION},
)
def protect(request: Request, work: Work) -> Mapping[str, Any]:
    """A child, guardian or professional, from a day on; for a year where `valid_until` is not given (CPR law, section 28).

    Where that year is over already, it is a year from today: nobody is left without protection for want of an end date.

    A guardian's protection holds for the children of whom he has custody, or who live with him, too. With both days the same it
    is lifted. Others learn that a name or a place is not told any more, and never why.

    A system speaks of the children whom it enrolled and of their guardians; anybody else is not found. It changes what it said itself,
    and nothing that another said. A coordinator speaks of everybody, and what was said before counts no more.
    """
    asked = ProtectionRequest(**request.body | {"person_id": str(request.body["person_id"])})
    word = protections.protect(asked, access.asked_by(request.caller), work)
    request.concerns(asked.person_id)
    names = ("kind", "person_id", "valid_from")
    return {name: getattr(asked, name) for name in names} | {"valid_until": word.until}
