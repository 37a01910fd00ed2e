"""What registration can be asked to do for somebody who is to be forgotten: show what would go, erase it everywhere, keep the receipt.

Registration erases its own in the transaction of the decision; the others do when they are told, and answer what they
erased. A receipt names counts by kind, and the services that are awaited.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from services.chassis.envelope import Received
from services.chassis.erasure import erasing
from services.chassis.erasure.holdings import Holding
from services.chassis.errors import Conflict, Invalid, NotFound, Reason
from services.chassis.ids import new_id
from services.chassis.storage import Cause
from services.registration import erasure_messages
from services.registration.domain.erasure import OWN, Erased, Erasure, LegalHold, Obstacle, Plan, Why, counted
from services.registration.domain.protection import PersonKind
from services.registration.domain.retention import Due
from services.registration.texts import reason

if TYPE_CHECKING:
    from services.registration.storage import Work

Person = tuple[PersonKind, str]

IMPORTS = "import"
"""What a receipt calls a file that is forgotten because somebody in it is erased."""


# Somebody is to be erased.


def plan(person_id: str, work: "Work") -> Plan:
    """What would be erased with this person. Raises `NotFound`."""
    kind = work.erasures.kind_of(person_id)
    if kind is None:
        raise NotFound(reasons=[reason("unknown-person")])
    own = same_ids(person_id, work)
    return _plan([*((kind, one) for one in own), *_along(kind, own, work)], work)


def erase(person_id: str, digest: str, work: "Work", cause: Cause | None) -> Erasure:
    """Erase somebody at his own request, as the plan says whose digest is quoted.

    Raises `NotFound`, or `Conflict` with everything that stands against it; nothing is erased then.
    """
    found = _locked(person_id, work)
    if found.digest != digest:
        raise Conflict(reasons=[reason("plan-changed", "/digest")])
    return _carry_out(found, Erasure(new_id(), Why.REQUEST, work.now, counted(found.people)), work, cause)


def erase_due(due: Due, work: "Work") -> Erasure | None:
    """Erase somebody whose time is up; None where something stands against it by now."""
    found = _locked(due.person_id, work)
    if found.obstacles:
        return None
    erasure = Erasure(new_id(), Why.RETENTION, work.now, counted(found.people), due.programme, due.rule)
    return _carry_out(found, erasure, work, None)


def take_back(people: Sequence[Person], ids: Sequence[str], work: "Work", cause: Cause) -> None:
    """Erase people who should not have come in, and what else goes by these ids, as somebody asked who took back what brought them.

    The file that brought them stays for its days. What was told of them in this unit of work is told before.
    """
    if ids:
        work.flush()
        counts = erasing.erase(work, _held(work), ids)
        _decide(Erasure(new_id(), Why.REQUEST, work.now, counted(people)), ids, counts, work, cause)


# The others answer.


def gather(messages: Sequence[Received[erasure_messages.Answer]], work: "Work") -> None:
    """Take in what a service says that it erased; the last one completes the receipt. An erasure that nobody knows is let by."""
    for message in messages:
        erasure = work.erasures.get(str(message.data.erasure_id), lock=True)
        if erasure is None:
            continue
        completed = erasure.gather(erasure_messages.answered(message))
        work.erasures.keep(erasure)
        if completed:
            data = erasure_messages.of_receipt(erasure)
            work.emit(erasure_messages.COMPLETED, subject=erasure.erasure_id, data=data, cause=message)


# Somebody may not be erased for now.


def place_hold(hold: LegalHold, work: "Work") -> LegalHold:
    """Raises `NotFound` for somebody whom nobody knows, `Invalid` for one that would end at once."""
    if work.erasures.kind_of(hold.person_id) is None:
        raise NotFound(reasons=[reason("unknown-person", "/person_id")])
    if hold.until and hold.until <= work.today:
        raise Invalid(reasons=[reason("hold-ends-first", "/until")])
    placed = replace(hold, hold_id=new_id(), placed_at=work.now)
    work.erasures.place(placed)
    return placed


def lift_hold(hold_id: str, work: "Work") -> LegalHold:
    """Doing it again changes nothing. Raises `NotFound`."""
    lifted = work.erasures.lift(hold_id, work.now)
    if lifted is None:
        raise NotFound(reasons=[reason("unknown-hold")])
    return lifted


def explained(obstacles: Sequence[tuple[Obstacle, str]]) -> list[Reason]:
    """What stands against it, each reason once, in words."""
    return [reason(obstacle) for obstacle in dict.fromkeys(obstacle for obstacle, _ in obstacles)]


# The steps that they share.


def same_ids(person_id: str, work: "Work") -> list[str]:
    """His own id, and after it those of whoever turned out to be the same person."""
    return [person_id, *sorted(work.aliases.around([person_id]).keys() - {person_id})]


def _along(kind: PersonKind, own: Sequence[str], work: "Work") -> list[Person]:
    """The guardians who have nobody else here, under whatever id."""
    found = work.retention.along(own) if kind is PersonKind.CHILD else {}
    guardians = {guardian_id for theirs in found.values() for guardian_id in theirs}
    alone = [one for one in sorted(guardians) if guardians.issuperset(work.aliases.around([one]))]
    return [(PersonKind.GUARDIAN, guardian_id) for guardian_id in alone]


def _locked(person_id: str, work: "Work") -> Plan:
    """The plan, of people whom nobody else changes any more."""
    work.erasures.lock([person_id for _, person_id in plan(person_id, work).people])
    return plan(person_id, work)


def _plan(people: Sequence[Person], work: "Work") -> Plan:
    ids = [person_id for _, person_id in people]
    ids += work.erasures.theirs(ids)
    files = work.imports.naming(work.erasures.in_files(ids))
    counts = {**erasing.count(work, _held(work), ids), **({IMPORTS: len(files)} if files else {})}
    return Plan(people, ids, counts, list(_obstacles(people, work)), files)


def _obstacles(people: Sequence[Person], work: "Work") -> Iterator[tuple[Obstacle, str]]:
    asked, going = people[0][1], [person_id for _, person_id in people]
    yield from ((Obstacle.STILL_ENROLLED, one) for one in work.erasures.still_enrolled(going))
    yield from ((Obstacle.CHILD_STILL_ENROLLED, one) for one in work.erasures.parents_of_enrolled(same_ids(asked, work)))
    yield from ((Obstacle.STILL_WORKS, one) for one in work.erasures.still_work(going))
    yield from ((Obstacle.ON_HOLD, one) for one in sorted(work.retention.held(going, work.today)))


def _carry_out(found: Plan, erasure: Erasure, work: "Work", cause: Cause | None) -> Erasure:
    if found.obstacles:
        raise Conflict(reasons=explained(found.obstacles))
    marks = work.erasures.marks(found.ids)
    _decline_sign_ups([*found.ids, *marks], work)
    work.imports.forget(found.files)
    counts = {**erasing.erase(work, _held(work), found.ids, marks), **({IMPORTS: len(found.files)} if found.files else {})}
    _decide(erasure, found.ids, counts, work, cause)
    return erasure


def _decide(erasure: Erasure, ids: Sequence[str], counts: Mapping[str, int], work: "Work", cause: Cause | None) -> None:
    """Registration has erased its own; the others are told to."""
    erasure.gather(Erased(OWN, work.now, counts))
    work.erasures.add(erasure)
    data = erasure_messages.of_decision(erasure, ids)
    work.emit(erasure_messages.DECIDED, subject=erasure.erasure_id, data=data, programme=erasure.programme, cause=cause)


def _decline_sign_ups(marks: Sequence[str], work: "Work") -> None:
    """What an applicant asks for and nobody has answered is dropped where it names somebody who is erased."""
    for request in work.sign_up_requests.unanswered():
        asked = msgspec.json.encode(request.data).decode()
        if any(mark in asked for mark in marks):
            work.sign_up_requests.save(request.declined())


def _held(work: "Work") -> Sequence[Holding]:
    personal = work.context.service.personal
    return personal.held if personal else ()
