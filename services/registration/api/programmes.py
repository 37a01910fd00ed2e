"""The HTTP door to programmes, their texts and their institutions: to look them up."""

from collections.abc import Mapping
from typing import Any

from services.chassis.errors import NotFound
from services.chassis.http.request import Request
from services.registration import access, messages
from services.registration.api import programme_schemas as schemas
from services.registration.api.door import api
from services.registration.domain.objection import Rule
from services.registration.storage import Work
from services.registration.texts import reason


@api.get("/v1/programmes", summary="Programmes", roles=access.EVERYONE, returns={200: schemas.ProgrammesSchema()})
def programmes(_request: Request, work: Work) -> Mapping[str, Any]:
    return {"items": [messages.of_programme(programme) for programme in work.programmes.all()]}


@api.get(
    "/v1/programmes/{code}/consent-texts",
    summary="A programme's consent texts",
    roles=access.EVERYONE,
    returns={200: schemas.ConsentTextsSchema()},
    errors=(404,),
)
def consent_texts(request: Request, work: Work) -> Mapping[str, Any]:
    """Word for word, every version in every language: also those that are asked for no longer, for somebody agreed to them."""
    code = request.path["code"]
    if code not in work.programmes.of_codes([code]):
        raise NotFound(reasons=[reason(Rule.UNKNOWN_PROGRAMME)])
    return {"items": work.programmes.consent_texts(code)}


@api.get(
    "/v1/institutions",
    summary="Institutions",
    roles=access.EVERYONE,
    query=schemas.InstitutionQuery(),
    returns={200: schemas.InstitutionsSchema()},
)
def institutions(request: Request, work: Work) -> Mapping[str, Any]:
    """Those that exist on a day (`on`; today where none is given), each with the district in which it lies that day."""
    narrowed = dict(request.query)
    day = narrowed.pop("on", work.today)
    return {"items": [messages.of_institution(found, day) for found in work.programmes.institutions_on(day, **narrowed)]}


@api.get(
    "/v1/institutions/{id:uuid}",
    summary="An institution and its history",
    roles=access.EVERYONE,
    returns={200: schemas.InstitutionHistorySchema()},
    errors=(404,),
)
def institution(request: Request, work: Work) -> Mapping[str, Any]:
    """Whether it still exists or not: when it opened and closed, where it lay, what it was merged into and what was merged into it."""
    found = work.programmes.institution(request.path["id"])
    if found is None:
        raise NotFound(reasons=[reason("no-such-institution")])
    return messages.of_institution(found, work.today) | {"predecessors": work.programmes.merged_into(found)}
