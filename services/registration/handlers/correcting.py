"""What registration can be asked to put right of who a child or a guardian is, and what follows from it.

A batch of any size takes the same few statements, and requests may come in any order and any number of times. A guardian's new
name reaches notifications with his sealed card; a child's new month of birth is told with its enrolments; who it may be a second
time is looked for anew, as the tables of people note by themselves. A system is heard about the people whom it brought, the
municipality about everybody; anybody else is as unknown as somebody who is not there. Of two who were merged the one that is kept
is corrected, for good; so a system that brought the other alone is not heard about it, until they are two again.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from services.chassis.envelope import Received
from services.chassis.errors import Conflict, Invalid, NotFound
from services.chassis.ids import new_id
from services.chassis.storage import Cause
from services.registration import telling
from services.registration.domain import correction
from services.registration.domain.child import Child
from services.registration.domain.correction import Around, Begun, Correction, IdentityRequest, Somebody
from services.registration.domain.cpr_number import CprNumber
from services.registration.domain.guardian import Guardian
from services.registration.domain.objection import Objection, Rule
from services.registration.domain.origin import DoneBy
from services.registration.domain.person import Kind
from services.registration.domain.protection import About, PersonKind
from services.registration.handlers.saying import said_at
from services.registration.texts import explain

if TYPE_CHECKING:
    from services.registration.storage import Work

Key = tuple[Kind, str]
"""A kind of person, and the id of one."""

IDENTITY_CONTRACT = "family.identity-correction-requested/v1"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, in whose name it is asked (`MUNICIPALITY` or a system's source), who did it, and when it was said."""

    request: IdentityRequest
    asked_by: str
    done_by: DoneBy
    said_at: datetime
    cause: Cause

    @property
    def key(self) -> Key:
        """Whom it is about."""
        return self.request.kind, self.request.person_id

    @property
    def about(self) -> About:
        """Of whom who speaks."""
        return PersonKind(self.request.kind), self.request.person_id, self.asked_by


def answer_identity_corrections(messages: Sequence[Received[IdentityRequest]], work: "Work") -> None:
    """Correct each child or guardian, or say everything that speaks against it."""
    people = _People([Asked(m.data, m.source, DoneBy(m.source, "system"), said_at(m, work), m) for m in messages], work)
    for message, one in zip(messages, people.asked, strict=True):
        if objections := people.objections_to(one):
            telling.reject(message, explain(objections), work)
        else:
            people.answer(one, people.correct(one), message)
    people.keep()
    work.answers.add(messages)


def correct_identity(asked: Asked, work: "Work") -> Sequence[str]:
    """The same over HTTP; the fields that are another now. Raises `NotFound`, `Conflict` where another has the number, or `Invalid`."""
    people = _People([asked], work)
    [one] = people.asked
    _raise_for(people.objections_to(one))
    corrected = people.correct(one)
    people.keep()
    return corrected


class _People:
    """Those whom a batch is about, locked, and what it makes of them. `asked` names each by the id that is kept."""

    def __init__(self, asked: Sequence[Asked], work: "Work") -> None:
        self._work = work
        kept = work.aliases.surviving(one.request.person_id for one in asked)
        self.asked = [replace(one, request=replace(one.request, person_id=kept[one.request.person_id])) for one in asked]
        children, guardians = (self._ids(kind) for kind in Kind)
        self._known: dict[Key, Somebody] = {(Kind.CHILD, id_): child for id_, child in work.children.lock_whole(children).items()}
        self._known |= {(Kind.GUARDIAN, id_): guardian for id_, guardian in work.guardians.lock(guardians).items()}
        self._reached = work.sources.own(one.about for one in self.asked)
        self._owners = {key: owner for kind in Kind for key, owner in self._numbered(kind)}
        self._begun = self._enrolments(children)
        self._touched: dict[Key, Somebody] = {}
        self._renamed: dict[str, Cause] = {}
        self._reborn: dict[str, Cause] = {}
        self._corrections: list[Correction] = []

    def objections_to(self, one: Asked) -> list[Objection]:
        """Everything that speaks against it, after what this batch has done so far."""
        request = one.request
        somebody = self._known.get(one.key) if one.about in self._reached else None
        owner = self._owners.get((request.kind, request.number)) if request.number else None
        around = Around(owner, self._begun.get(request.person_id, ()))
        return list(correction.objections(request, somebody, around, one.said_at))

    def correct(self, one: Asked) -> Sequence[str]:
        """Only after nothing spoke against it; the fields that are another now."""
        somebody = self._known[one.key]
        before = replace(somebody)
        names = somebody.correct(self._own(one.request, somebody), one.said_at)
        self._touched[one.key] = somebody
        if one.request.number:
            self._owners[one.request.kind, one.request.number] = one.request.person_id
        if names:
            self._note(one, before, somebody, names)
        return names

    def answer(self, one: Asked, names: Sequence[str], message: Received[Any]) -> None:
        """Of a guardian as of any correction of his; of a child its sender alone is told that it was met."""
        somebody = self._known[one.key]
        if isinstance(somebody, Guardian):
            telling.answer_with_guardian(somebody, names, self._work, message)
        else:
            telling.grant(message, self._work)

    def keep(self) -> None:
        """Store what has come of them, and tell whom it concerns."""
        touched = self._touched.values()
        self._work.children.change([somebody for somebody in touched if isinstance(somebody, Child)])
        self._work.guardians.change([somebody for somebody in touched if isinstance(somebody, Guardian)])
        self._work.corrections.add(self._corrections)
        for guardian in (one for one in touched if isinstance(one, Guardian) and one.guardian_id in self._renamed):
            telling.send_card(guardian.guardian_id, guardian, self._work, self._renamed[guardian.guardian_id])
        for enrolment in self._work.enrolments.of_children(self._reborn):
            telling.tell_enrolment_again(enrolment, self._work, self._reborn[str(enrolment.child_id)])

    def _ids(self, kind: Kind) -> list[str]:
        return [one.request.person_id for one in self.asked if one.request.kind is kind]

    def _enrolments(self, children: Collection[str]) -> Mapping[str, Sequence[Begun]]:
        """Those that may go on, by child, with whom their programmes take."""
        begun = self._work.enrolments.begun(children)
        programmes = self._work.programmes.of_codes({code for those in begun.values() for code, _ in those}) if begun else {}
        return {child: [Begun(start, programmes[code].oldest_age) for code, start in those] for child, those in begun.items()}

    def _numbered(self, kind: Kind) -> Iterable[tuple[tuple[Kind, CprNumber], str]]:
        """Who has the numbers that are given, by the ids that are kept."""
        numbers = [number for one in self.asked if one.request.kind is kind and (number := one.request.number)]
        found = self._work.duplicates.numbered(kind, numbers) if numbers else ()
        return (((kind, number), owner) for number, owners in zip(numbers, found, strict=True) for owner in owners)

    def _own(self, request: IdentityRequest, somebody: Somebody) -> Mapping[str, Any]:
        """What is to be corrected; the number of a record that was merged into his stays with that record."""
        has_it = request.number is not None and self._owners.get((request.kind, request.number)) == request.person_id
        is_merged = has_it and request.number != somebody.cpr_number
        return {name: value for name, value in request.values.items() if name != "cpr_number" or not is_merged}

    def _note(self, one: Asked, before: Somebody, after: Somebody, names: Sequence[str]) -> None:
        if isinstance(after, Guardian):
            self._renamed[after.guardian_id] = one.cause
        elif isinstance(before, Child) and before.birth_month != after.birth_month:
            self._reborn[after.child_id] = one.cause
        self._corrections.append(
            Correction(
                correction_id=new_id(),
                kind=one.request.kind,
                person_id=one.request.person_id,
                reason=one.request.reason,
                source=one.asked_by,
                request_id=one.cause.id,
                done_by=one.done_by,
                said_at=one.said_at,
                recorded_at=self._work.now,
                before=correction.told(before, names),
                after=correction.told(after, names),
            )
        )


def _raise_for(objections: Sequence[Objection]) -> None:
    rules = {objection.rule for objection in objections}
    if not rules:
        return
    refusal = NotFound if Rule.UNKNOWN_PERSON in rules else Conflict if Rule.CPR_NUMBER_TAKEN in rules else Invalid
    raise refusal(reasons=explain(objections))
