"""Why somebody stands where he does, and by what rule."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from services.chassis.http.request import Request
from services.events import covering, explaining
from services.events.access import EVERYONE, ORGANISERS, PARTICIPANTS, must_know
from services.events.api import line_schemas as schemas
from services.events.api.door import api
from services.events.api.seen import seen
from services.events.domain.activity import Activity
from services.events.domain.line import LineRule
from services.events.domain.signup import Signup, SignupStatus
from services.events.handlers.finding import find_activity
from services.events.handlers.naming import explained
from services.events.storage import Work


@api.get(
    "/v1/signups/{id:uuid}/explain",
    summary="Why a sign-up stands where it does",
    roles=(*ORGANISERS, *PARTICIPANTS),
    returns={200: schemas.SignupExplanationSchema()},
    errors=(404,),
)
def explain_signup(request: Request, work: Work) -> dict[str, Any]:
    """How it stands now and why, and everything that was decided about it, in words. No other sign-up is named."""
    found, sight = seen(request, work)
    texts, seats = work.resources.explanations, sight.of(found)["seats"]
    activity = find_activity(found.activity_id, work)
    why = [*explaining.why_standing(found, activity, work.now, seats), *_cover(found, activity, work)]
    now = explained(why, activity, work)
    return {
        "signup_id": found.signup_id,
        "activity_id": found.activity_id,
        "status": found.status.value,
        "position": found.position,
        "now": [reason.shown(texts) for reason in now],
        "decisions": list(explaining.decided(work.decisions.of_signup(found.signup_id), texts, seats)),
    }


@api.get(
    "/v1/activities/{id:uuid}/explain",
    summary="By what rule an activity's seats are given",
    roles=EVERYONE,
    returns={200: schemas.ActivityExplanationSchema()},
    errors=(404,),
)
def explain_activity(request: Request, work: Work) -> dict[str, Any]:
    """The rule of its waiting list in words, and why free seats, if there are any, are nobody's, and when one may sign up.

    Nobody who waits is named.
    """
    activity = find_activity(request.path["id"], work)
    must_know(request.caller, activity, work.resources)
    texts, covers = work.resources.explanations, work.covering.rules(activity.programme) if covering.applies(activity, work) else ()
    now = [*explaining.why_free(activity), *explaining.when_open(activity, work.now)]
    return {
        "activity_id": activity.activity_id,
        "capacity": activity.capacity,
        "taken": activity.taken,
        "free": activity.free,
        "waiting": activity.waiting,
        "line": shown_line(activity.line),
        "rules": [reason.shown(texts) for reason in [*explaining.rules(activity.line), *explaining.rules_of_cover(covers)]],
        "now": [reason.shown(texts) for reason in explained(now, activity, work)],
    }


def _cover(signup: Signup, activity: Activity, work: Work) -> Iterable[explaining.Reason]:
    return explaining.why_covered(covering.short_for(signup, activity, work)) if signup.status is SignupStatus.WAITING else ()


def shown_line(rule: LineRule) -> dict[str, Any]:
    """The rule of a line as it is shown."""
    shown: dict[str, Any] = msgspec.to_builtins(rule, builtin_types=(datetime,))
    return shown | {"order": rule.order.value}
