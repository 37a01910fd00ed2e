"""The HTTP door to what national registers know otherwise: a list for a person, who says which of the two is right."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from services.chassis.errors import NotFound
from services.chassis.http.caller import Role
from services.chassis.http.request import Answer, Request
from services.registration import access
from services.registration.api import register_schemas as schemas
from services.registration.api.door import api
from services.registration.domain.person import Kind
from services.registration.domain.register import About, Decision
from services.registration.handlers import merging
from services.registration.storage import Work
from services.registration.storage.registers import Listed
from services.registration.texts import reason


@api.get(
    "/v1/register-differences",
    summary="What registers know otherwise",
    roles=(Role.COORDINATOR,),
    query=schemas.DifferenceQuery(),
    paged=(UUID,),
    personal=True,
    returns={200: schemas.DifferenceSchema()},
)
def differences(request: Request, work: Work) -> Answer:
    """What was told stays as it is until somebody corrects it; those that nobody has decided about, unless `decided` is true."""
    page, query = request.page, request.query
    after = str(page.after[0]) if page.after else None
    found = work.registers.page(about=query.get("about"), decided=query.get("decided", False), after=after, limit=page.fetch)
    request.concerns(*(one.difference.subject_id for one in found[: page.limit]))
    hidden = () if access.needs_names(request) else _hidden(found, work)
    return page.answer([_difference(one, hidden) for one in found], lambda item: (item["difference_id"],))


@api.post(
    "/v1/register-differences/{id:uuid}/decision",
    summary="Decide about a difference",
    roles=(Role.COORDINATOR,),
    body=schemas.DifferenceDecisionSchema(),
    returns={200: schemas.DifferenceSchema()},
    errors=(404,),
    idempotent=True,
)
def decide_difference(request: Request, work: Work) -> Mapping[str, Any]:
    """Say which of the two is right. Nothing is overwritten by it; it comes back on the list when something else differs."""
    decided = work.registers.decide(request.path["id"], Decision(request.body["decision"]), work.now, request.caller.subject)
    if decided is None:
        raise NotFound(reasons=[reason("unknown-difference")])
    return _difference(decided, _hidden([decided], work))


def _hidden(found: Sequence[Listed], work: Work) -> Collection[str]:
    guardians = [one.difference.subject_id for one in found if one.difference.about is About.GUARDIAN]
    return merging.hidden_among(Kind.GUARDIAN, guardians, work)


def _difference(listed: Listed, hidden: Collection[str]) -> dict[str, Any]:
    """Of one who is protected that something differs, and not what."""
    difference = {name: getattr(listed.difference, name) for name in ("about", "subject_id", "field", "told", "registered")}
    if listed.difference.subject_id in hidden:
        difference |= {"told": None, "registered": None}
    decision = {"found_at": listed.found_at, "decision": listed.decision, "decided_at": listed.decided_at}
    return {"difference_id": listed.difference_id} | difference | decision
