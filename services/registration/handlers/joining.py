"""What registration can be asked to do when a child gets another guardian: recognise or add him, link him to the child, tell of it.

He is recognised as in a request for an enrolment: by his CPR number, else among the child's own guardians by name and contacts. A
batch of any size takes the same few statements. A system is heard about the children whom it brought; staff about those in reach.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from services.chassis.envelope import Received
from services.chassis.errors import Invalid, NotFound
from services.chassis.ids import new_id
from services.chassis.storage import Cause
from services.registration import telling
from services.registration.domain import joining
from services.registration.domain.guardian import Guardian
from services.registration.domain.guardianship import Guardianship
from services.registration.domain.joining import Behalf, Joined, JoiningRequest
from services.registration.domain.objection import Objection, Rule
from services.registration.domain.origin import DoneBy
from services.registration.domain.protection import PersonKind
from services.registration.handlers import protections
from services.registration.handlers.family_book import FamilyBook
from services.registration.handlers.saying import said_at
from services.registration.texts import explain
from services.registration.vocabulary import VOCABULARY

if TYPE_CHECKING:
    from services.registration.storage import Work

JOINING_CONTRACT = "family.guardian-requested/v1"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, who did it, for whom, when it was said, and what led to it."""

    request: JoiningRequest
    done_by: DoneBy
    said_at: datetime
    cause: Cause
    behalf: Behalf | None = None


def answer_joinings(messages: Sequence[Received[JoiningRequest]], work: "Work") -> None:
    """Link each guardian to the child, or say everything that speaks against it."""
    kept = work.aliases.surviving(message.data.child_id for message in messages)
    asked = [_asked(message, kept[message.data.child_id], work) for message in messages]
    born = _born(kept.values(), work)
    reached = work.protections.reached((PersonKind.CHILD, one.request.child_id, one.done_by.subject) for one in asked)
    met = []
    for message, one in zip(messages, asked, strict=True):
        theirs = {child_id: born[child_id] for _, child_id, source in reached if source == message.source and child_id in born}
        if objections := list(joining.objections(one.request, theirs, VOCABULARY)):
            telling.reject(message, explain(objections), work)
        else:
            met.append(one)
    _join(met, work)
    work.answers.add(messages)


def join(asked: Asked, work: "Work") -> Guardianship:
    """The same over HTTP, for a child that the caller may speak of. Raises `Invalid` with every reason, or `NotFound`."""
    child_id = asked.request.child_id
    found = list(joining.objections(asked.request, _born([child_id], work), VOCABULARY))
    if asked.behalf:
        family = {one.guardian_id for one in work.families.of_children([child_id]).get(child_id, ())}
        found += joining.objections_to_behalf(asked.behalf, family, work.now)
    _raise_for(found)
    [joined] = _join([asked], work)
    return joined


def _born(child_ids: Iterable[str], work: "Work") -> dict[str, date]:
    """When those of them were born whom there are, locked: nobody else changes their families until the end of the transaction."""
    return {child_id: child.birth_date for child_id, child in work.children.lock_whole(child_ids).items()}


def _asked(message: Received[JoiningRequest], child_id: str, work: "Work") -> Asked:
    return Asked(replace(message.data, child_id=child_id), DoneBy(message.source, "system"), said_at(message, work), message)


def _join(met: Sequence[Asked], work: "Work") -> list[Guardianship]:
    """Only of those against which nothing speaks, of children who are locked; what holds between each two now."""
    if not met:
        return []
    adults = _take_in(met, work)
    book = FamilyBook((), (), work.families.records_of(one.request.child_id for one in met))
    links = [list(one.request.linking(adult.guardian_id)) for one, adult in zip(met, adults, strict=True)]
    for one, of_one in zip(met, links, strict=True):
        for link in of_one:
            book.change(link, one.said_at)
    work.families.save(book.changed)
    work.joinings.add([_joined(one, adult, work.now) for one, adult in zip(met, adults, strict=True)])
    for one in met:
        telling.answer_with_family(book.of(one.request.child_id), work, one.cause)
    protections.tell_again(work)
    return [book.between(first) for first, *_ in links]


def _take_in(met: Sequence[Asked], work: "Work") -> list[Guardian]:
    """Recognise or add each; new and changed ones are stored, and their cards sent."""
    around = work.guardians.around({one.request.child_id for one in met}, [one.request.details for one in met])
    adults = [around.take_in(one.request.child_id, one.request.details, new_id) for one in met]
    work.guardians.add(around.new)
    work.guardians.change(around.changed)
    causes = {adult: one.cause for one, adult in zip(met, adults, strict=True)}
    for adult in (*around.new, *around.changed):
        telling.send_card(adult.guardian_id, adult, work, causes[adult])
    return adults


def _joined(one: Asked, adult: Guardian, now: datetime) -> Joined:
    ids = {"child_id": one.request.child_id, "guardian_id": adult.guardian_id}
    return Joined(**ids, done_by=one.done_by, behalf=one.behalf, recorded_at=now)


def _raise_for(objections: Sequence[Objection]) -> None:
    if any(objection.rule is Rule.UNKNOWN_CHILD for objection in objections):
        raise NotFound(reasons=explain(objections))
    if objections:
        raise Invalid(reasons=explain(objections))
