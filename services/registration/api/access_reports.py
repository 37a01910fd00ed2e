"""The HTTP door to what registration holds of somebody: for himself, and for whoever answers him."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from services.chassis.errors import Invalid, NotFound
from services.chassis.http.caller import Role
from services.chassis.http.request import Request
from services.registration.api import erasure_schemas
from services.registration.api.door import api
from services.registration.handlers import subject_access
from services.registration.storage import Work
from services.registration.texts import reason

PURPOSES: Final = frozenset({"answer-enquiry", "own-family"})
"""What it may be read for."""


@api.get(
    "/v1/people/{id:uuid}/access-report",
    summary="Everything that registration holds of somebody",
    roles=(Role.COORDINATOR, Role.GUARDIAN),
    personal=True,
    returns={200: erasure_schemas.AccessReportSchema()},
    errors=(404, 422),
)
def access_report(request: Request, work: Work) -> Mapping[str, Any]:
    """For machines: every row of his, and when and for what purpose it was looked at, not by whom (GDPR, article 15).

    A guardian sees what is held of himself; a coordinator of the whole municipality that of everybody. What all services hold,
    `deltag access-report` gathers. It shows who is protected too: so it is read for no purpose but to answer him.
    """
    if request.purpose not in PURPOSES:
        raise Invalid(reasons=[reason("only-to-answer", "Deltag-Purpose", {"known": ", ".join(sorted(PURPOSES))})])
    person_id = request.path["id"]
    if request.caller.subject != person_id and not _answers_for_all(request):
        raise NotFound(reasons=[reason("unknown-person")])
    told = subject_access.report(subject_access.ids_of(person_id, work), work)
    return told | {"holds": msgspec.to_builtins(told["holds"])}


def _answers_for_all(request: Request) -> bool:
    return request.caller.has(Role.COORDINATOR) and request.caller.institutions(Role.COORDINATOR) is None
