"""What registration can be asked to do with two records that may be one person: merge them, undo it, or say that they are two.

Both ids stay valid for ever. Which of them is kept is told as a fact of the one that is not, so that every service can
take it for the other, and take that back.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.chassis.errors import Conflict, Invalid, NotFound, Reason
from services.chassis.http.caller import Role
from services.chassis.ids import new_id
from services.chassis.storage import Cause
from services.registration import messages, telling
from services.registration.domain import merge as merges
from services.registration.domain.enrolment import Enrolment
from services.registration.domain.merge import Details, Merge, MergeRequest, conflicts
from services.registration.domain.origin import DoneBy
from services.registration.domain.person import Kind, Person
from services.registration.domain.question import About
from services.registration.domain.reach import EVERYWHERE
from services.registration.duplicates.scoring import Likeness, likeness
from services.registration.handlers import answers, protections
from services.registration.texts import reason

if TYPE_CHECKING:
    from services.registration.storage import Work

_SHOWN = 20
"""Enrolments that are shown of each."""


def merge(request: MergeRequest, by: str, work: "Work", cause: Cause) -> Merge:
    """From now on both ids mean the one that is kept. Raises `Invalid`, or `Conflict` where one is merged already."""
    work.aliases.lock()
    known = work.merges.details(request.kind, request.merged_id, request.into_id)
    _refuse(_objections(request, known.keys()))
    _must_stand_for_themselves(request, work)
    done = merges.made(new_id(), request, known, work.now, by)
    work.merges.add(done)
    work.aliases.learn({done.merged_id: done.into_id})
    work.duplicates.put_together(pair(done.merged_id, done.into_id))
    _change(done, done.after, work)
    answers.reconcile(done.into_id, About(done.kind), DoneBy(by, Role.COORDINATOR), work)
    _tell(done, work, cause)
    return done


def undo(merge_id: str, by: str, work: "Work", cause: Cause) -> Merge:
    """They are two again, each as before; what was merged into either of them stays so. Doing it again changes nothing."""
    work.aliases.lock()
    done = work.merges.lock(merge_id)
    if done is None:
        raise NotFound(reasons=[reason("unknown-merge")])
    if done.in_force:
        done.undo(work.now, by)
        work.aliases.learn({done.merged_id: None})
        work.question_answers.come_back(done.into_id, done.merged_at)
        _bring_back(done, work)
        _tell(done, work, cause)
    return done


def set_apart(one: str, other: str, by: str, work: "Work") -> None:
    """Somebody has looked, and they are two. Raises `Conflict` where they are merged."""
    surviving = work.aliases.surviving([one, other])
    if surviving[one] == surviving[other]:
        raise Conflict(reasons=[reason("merged-already")])
    work.duplicates.set_apart(pair(one, other), work.now, by)


def refresh(work: "Work") -> None:
    """Tell again who stands for whom, of everybody who was ever merged."""
    for done in work.merges.latest():
        work.snapshot(messages.person_type(done), subject=done.merged_id, data=messages.of_merge(done))


def pair(one: str, other: str) -> tuple[str, str]:
    """Two ids as they are kept: the smaller one first."""
    return (one, other) if one < other else (other, one)


# Two people are laid side by side.


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two people of one kind: how alike they are, where they differ, what hangs on each, and what was decided."""

    kind: Kind
    people: Sequence[Person]
    details: Mapping[str, Details]
    enrolments: Mapping[str, Sequence[Enrolment]]
    hidden: Collection[str]
    likeness: Likeness
    conflicts: Sequence[str]
    decision: str | None


def compare(one: str, other: str, work: "Work") -> Comparison:
    """For a person who is to decide. Raises `NotFound` unless both are there and of one kind."""
    for kind in Kind:
        people = work.duplicates.people(kind, [one, other])
        if people.keys() == {one, other}:
            return _compared(kind, [people[one], people[other]], work)
    raise NotFound(reasons=[reason("unknown-record")])


def _compared(kind: Kind, people: Sequence[Person], work: "Work") -> Comparison:
    one, other = (person.person_id for person in people)
    details = work.merges.details(kind, one, other)
    return Comparison(
        kind=kind,
        people=people,
        details=details,
        enrolments={person_id: _enrolments(person_id, work) for person_id in (one, other)},
        hidden=hidden_among(kind, [one, other], work),
        likeness=likeness(*people),
        conflicts=conflicts(kind, details[one], details[other]),
        decision=_decision(one, other, work),
    )


def hidden_among(kind: Kind, ids: Sequence[str], work: "Work") -> set[str]:
    """Those of them whose name and address are protected."""
    if kind is Kind.GUARDIAN:
        return {guardian_id for guardian_id, guardian in work.guardians.of(ids).items() if guardian.hidden}
    children = (work.children.get(child_id) for child_id in ids)
    return {child.child_id for child in children if child and child.hidden}


def _enrolments(person_id: str, work: "Work") -> Sequence[Enrolment]:
    return work.enrolments.page(EVERYWHERE, limit=_SHOWN, after=None, where={"child_id": person_id})


def _decision(one: str, other: str, work: "Work") -> str | None:
    surviving = work.aliases.surviving([one, other])
    if surviving[one] == surviving[other]:
        return "merged"
    return "not-the-same" if work.duplicates.are_apart(pair(one, other)) else None


# The steps that they share.


def _objections(request: MergeRequest, known: Collection[str]) -> Sequence[Reason]:
    itself = [reason("merge-with-itself", "/into_id")] if request.merged_id == request.into_id else []
    return itself + [reason("unknown-record", f"/{name}") for name in ("merged_id", "into_id") if getattr(request, name) not in known]


def _refuse(objections: Sequence[Reason]) -> None:
    if objections:
        raise Invalid(reasons=objections)


def _must_stand_for_themselves(request: MergeRequest, work: "Work") -> None:
    """Only who is kept is merged with who is kept: so nothing ever goes round in a circle."""
    surviving = work.aliases.surviving([request.merged_id, request.into_id])
    merged = [name for name in ("merged_id", "into_id") if surviving[getattr(request, name)] != getattr(request, name)]
    if merged:
        raise Conflict(reasons=[reason("merged-already", f"/{name}") for name in merged])


def _change(done: Merge, details: Details, work: "Work") -> None:
    """Set what is taken over or restored; who has something to do with them is looked at again."""
    work.merges.change(done.kind, done.into_id, details)
    work.duplicates.look_again(done.kind, [done.merged_id, done.into_id])


def _bring_back(done: Merge, work: "Work") -> None:
    later = work.merges.later(done)
    restored = done.restored(work.merges.details(done.kind, done.into_id)[done.into_id], later)
    work.merges.save([done, *later])
    _change(done, restored, work)


def _tell(done: Merge, work: "Work", cause: Cause) -> None:
    """Tell for whom the id stands now, whose families are others by it, and how both guardians are reached.

    Somebody may hear one fact before the other, and must not take anybody for a stranger to his family meanwhile. So a guardian's id
    stands for the kept one's before families are told by that one; a child's family is told first. Undoing goes the other way.
    """
    person_first = (done.kind is Kind.GUARDIAN) == done.in_force
    for tell in (_tell_person, _tell_families) if person_first else (_tell_families, _tell_person):
        tell(done, work, cause)
    protections.tell_again(work)
    if done.kind is Kind.GUARDIAN:
        for guardian in work.guardians.of([done.merged_id, done.into_id]).values():
            telling.send_card(guardian.guardian_id, guardian, work, cause)


def _tell_person(done: Merge, work: "Work", cause: Cause) -> None:
    work.emit(messages.person_type(done), subject=done.merged_id, data=messages.of_merge(done), cause=cause)


def _tell_families(done: Merge, work: "Work", cause: Cause) -> None:
    both = [done.merged_id, done.into_id]
    children = both if done.kind is Kind.CHILD else [one.child_id for one in work.families.of_guardians(both)]
    kept = set(work.aliases.surviving(children).values())
    telling.tell_families(kept, work, dict.fromkeys(kept, cause))
