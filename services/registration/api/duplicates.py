"""The HTTP door to people who may be stored twice: who they are, what is decided about them, and what was merged."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from services.chassis.http.caller import Role
from services.chassis.http.request import Answer, Request
from services.registration import access, messages
from services.registration.api import duplicate_schemas as schemas
from services.registration.api.door import api
from services.registration.domain.merge import Merge, MergeRequest
from services.registration.domain.person import Kind, Person
from services.registration.handlers import merging
from services.registration.handlers.merging import Comparison
from services.registration.storage import Work
from services.registration.texts import TEXTS, alias

_NOT_OF_A_CHILD = ("email", "phone", "language", "spoken_language")


@api.get(
    "/v1/duplicates",
    summary="People who may be stored twice",
    roles=(Role.COORDINATOR,),
    query=schemas.CandidateQuery(),
    paged=(int, UUID, UUID),
    returns={200: schemas.CandidateSchema()},
)
def duplicates(request: Request, work: Work) -> Answer:
    """Those about whom nobody has decided, the likeliest first. Who comes in is compared within seconds."""
    page = request.page
    after = (page.after[0], str(page.after[1]), str(page.after[2])) if page.after else None
    found = work.duplicates.page(kind=request.query.get("kind"), least=request.query.get("least", 0), after=after, limit=page.fetch)
    items = [
        {name: getattr(one, name) for name in ("one", "other", "kind", "score", "found_at")} | {"reasons": _reasons(one.reasons)}
        for one in found
    ]
    return page.answer(items, lambda item: (item["score"], item["one"], item["other"]))


@api.get(
    "/v1/duplicates/{one:uuid}/{other:uuid}",
    summary="Two people side by side",
    roles=(Role.COORDINATOR,),
    personal=True,
    returns={200: schemas.ComparisonSchema()},
    errors=(404,),
)
def comparison(request: Request, work: Work) -> Mapping[str, Any]:
    """What is known of both, where they differ, and what hangs on each, for a person who decides whether they are one."""
    compared = merging.compare(request.path["one"], request.path["other"], work)
    return _comparison(compared, hidden=() if access.needs_names(request) else compared.hidden)


@api.post(
    "/v1/duplicates/{one:uuid}/{other:uuid}/distinction",
    summary="Say that two are not the same",
    roles=(Role.COORDINATOR,),
    returns={204: None},
    errors=(404, 409),
    idempotent=True,
)
def distinction(request: Request, work: Work) -> Answer:
    """They are not named as candidates again. Doing it again changes nothing."""
    compared = merging.compare(request.path["one"], request.path["other"], work)
    one, other = (person.person_id for person in compared.people)
    merging.set_apart(one, other, request.caller.subject, work)
    return Answer(status=204)


@api.post(
    "/v1/merges",
    summary="Merge two people",
    roles=(Role.COORDINATOR,),
    body=schemas.MergingSchema(),
    returns={201: schemas.MergeSchema()},
    errors=(409,),
    idempotent=True,
)
def merge(request: Request, work: Work) -> Answer:
    """From now on the merged id means the one that is kept, in every service. Both records stay, so that it can be undone."""
    body = request.body
    asked = MergeRequest(Kind(body["kind"]), str(body["merged_id"]), str(body["into_id"]), body["take"])
    done = merging.merge(asked, request.caller.subject, work, request.cause)
    request.concerns(done.merged_id, done.into_id)
    return Answer(_merge(done), 201)


@api.get(
    "/v1/merges",
    summary="Merges",
    roles=(Role.COORDINATOR,),
    query=schemas.MergeQuery(),
    paged=(UUID,),
    returns={200: schemas.MergeSchema()},
)
def merges(request: Request, work: Work) -> Answer:
    """All that there ever were, also those that were undone, in the order in which they were made."""
    page, person_id = request.page, request.query.get("person_id")
    after = str(page.after[0]) if page.after else None
    found = work.merges.page(person_id=str(person_id) if person_id else None, after=after, limit=page.fetch)
    return page.answer([_merge(one) for one in found], lambda item: (item["merge_id"],))


@api.post(
    "/v1/merges/{id:uuid}/undoing",
    summary="Undo a merge",
    roles=(Role.COORDINATOR,),
    returns={200: schemas.MergeSchema()},
    errors=(404,),
    idempotent=True,
)
def undo_merge(request: Request, work: Work) -> Mapping[str, Any]:
    """They are two again, each as before; what was said about the kept one since stays with him. Doing it again changes nothing."""
    done = merging.undo(request.path["id"], request.caller.subject, work, request.cause)
    request.concerns(done.merged_id, done.into_id)
    return _merge(done)


def _reasons(slugs: Iterable[str]) -> list[Mapping[str, Any]]:
    return [{"slug": slug, "text": TEXTS[slug]} for slug in slugs]


def _merge(done: Merge) -> dict[str, Any]:
    names = ("merge_id", "kind", "merged_id", "into_id", "merged_at", "undone_at")
    return {name: getattr(done, name) for name in names} | {"taken": list(done.after)}


def _comparison(compared: Comparison, hidden: Collection[str]) -> Mapping[str, Any]:
    return {
        "kind": compared.kind,
        "score": compared.likeness.score,
        "reasons": _reasons(compared.likeness.reasons),
        "conflicts": list(compared.conflicts),
        "decision": compared.decision,
        "people": [_compared(person, compared, hidden) for person in compared.people],
    }


def _compared(person: Person, compared: Comparison, hidden: Collection[str]) -> Mapping[str, Any]:
    """Of one who is protected an alias and nothing that tells who or where he is."""
    details = dict.fromkeys(_NOT_OF_A_CHILD) | dict(compared.details[person.person_id])
    if person.person_id in hidden:
        details = dict.fromkeys(details) | {"given_name": alias(person.person_id), "family_name": ""}
        person = replace(person, birth_date=None)
    enrolments = [messages.of_enrolment(enrolment) for enrolment in compared.enrolments[person.person_id]]
    who = {"person_id": person.person_id, "birth_date": person.birth_date, "child_ids": sorted(person.children)}
    return details | who | {"enrolments": enrolments}
