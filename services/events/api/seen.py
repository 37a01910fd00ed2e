"""A sign-up that a request names, as far as its caller may know that there is one."""

from collections.abc import Sequence
from typing import Any

from services.chassis.http.request import Request
from services.events.domain.refusal import Refusal, Slug
from services.events.domain.signup import Signup
from services.events.handlers.finding import find_activity, find_signup
from services.events.sight import Sight, sight_of
from services.events.storage import Work


def told(sight: Sight, signup: Signup, warnings: Sequence[Refusal], work: Work) -> dict[str, Any]:
    """The sign-up as the caller sees it, with warnings where there are any."""
    shown = {"warnings": [work.resources.reason(warning).as_dict() for warning in warnings]} if warnings else {}
    return sight.of(signup) | shown


def seen(request: Request, work: Work) -> tuple[Signup, Sight]:
    """The sign-up and how the caller sees it, or `NotFound` also where he may not know that there is one."""
    found = find_signup(request.path["id"], work)
    sight = sight_of(found, find_activity(found.activity_id, work), request.caller, work)
    return found, sight or work.resources.missing(Slug.SIGNUP_NOT_FOUND)
