"""What a caller may see of an enrolment, at every route alike."""

from collections.abc import Mapping
from typing import Any

from services.chassis.errors import NotFound
from services.chassis.http.request import Request
from services.registration import access, messages
from services.registration.domain.enrolment import Enrolment
from services.registration.domain.objection import Rule
from services.registration.storage import Work
from services.registration.texts import reason


def the_enrolment(request: Request, work: Work) -> Enrolment:
    """The one that the path names; `NotFound` also where the caller may not know that there is one."""
    found = work.enrolments.get(request.path["id"], access.reach_of(request.caller))
    if found is None:
        raise NotFound(reasons=[reason(Rule.UNKNOWN_ENROLMENT)])
    return found


def shown(enrolment: Enrolment, request: Request) -> Mapping[str, Any]:
    """As everybody is told of it; a guardian learns nothing of another one, not even that there is one."""
    reach = access.reach_of(request.caller)
    ids = [guardian_id for guardian_id in enrolment.guardian_ids if not reach.family_only or guardian_id == reach.guardian_id]
    return messages.of_enrolment(enrolment) | {"guardian_ids": ids}
