"""Taking back what lines about children led to: who came in by them alone is erased, and what they changed is as before.

What others have built on since stays whole, and why it stays is said: the child, its enrolment, and whoever came with it.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec

from services.chassis.http.request import Cause
from services.registration import telling
from services.registration.domain.guardianship import Terms
from services.registration.domain.protection import PersonKind
from services.registration.handlers import erasing
from services.registration.imports.families import stored
from services.registration.imports.record import Import, Issue, Outcome, Row
from services.registration.imports.stored import OF_A_GUARDIAN, Brought, Built, Made, StoredChild, StoredFamilies, StoredGuardian
from services.registration.imports.texts import issue

if TYPE_CHECKING:
    from services.registration.storage import Work

ENDED: Final = "import-undone"
"""The reason of an enrolment's end when the import that made it is taken back."""

_ITS_OWN: Final = ("child.given_name", "child.family_name", "child.birth_date")


@dataclass(frozen=True)
class _Line:
    """A line, what it led to, and the child as it is now."""

    number: int
    outcome: Outcome
    made: Made
    child: StoredChild

    @property
    def brought_the_child(self) -> bool:
        """Whether the child came in by it."""
        return self.made.child_id in self.outcome.added

    @property
    def brought(self) -> Brought:
        """The child with what came with it."""
        enrolment = self.made.enrolment
        return Brought(self.made.child_id, enrolment.enrolment_id if enrolment else None, list(self.made.terms))

    @property
    def new(self) -> list[str]:
        """The guardians who came in by it."""
        return [id_ for id_, (was, _) in self.made.guardians.items() if was is None]

    def reasons_to_stay(self, built: Built) -> Iterator[Issue]:
        """What others did since with the child, or with the enrolment that the line made."""
        if self.made.enrolment and self.child.enrolment != self.made.enrolment:
            yield _left("changed-since", "enrolment")
        if self.brought_the_child:
            yield from (_left(slug, "child") for slug in built.on(self.made.child_id))
            yield from (_left("corrected-since", field) for field in self._corrected())

    def _corrected(self) -> Iterator[str]:
        told = {change.field: change.after for change in self.outcome.changes}
        return (name for name in _ITS_OWN if told.get(name) != str(getattr(self.child, name.removeprefix("child."))))


@dataclass
class _Plan:
    """What is to be done for a set of lines, and what of each of them stays."""

    erased: dict[str, PersonKind] = field(default_factory=dict)
    enrolments: dict[str, Cause] = field(default_factory=dict)
    restored: dict[str, StoredGuardian] = field(default_factory=dict)
    terms: dict[tuple[str, str], Terms | None] = field(default_factory=dict)
    left: dict[int, list[Issue]] = field(default_factory=lambda: defaultdict(list))


def undo(rows: Sequence[Row], imported: Import, work: "Work") -> Mapping[int, list[Issue]]:
    """Take these lines back, no two of them of one family; what stays, because others built on it or changed it since, by line."""
    now, plan = stored(rows, imported, work), _Plan()
    lines = [line for row in rows if (line := _line(row, now))]
    built = work.built_on.since([line.brought for line in lines if line.brought_the_child], {id_ for line in lines for id_ in line.new})
    for line in lines:
        plan.left[line.number] += line.reasons_to_stay(built)
    going = [line for line in lines if not plan.left[line.number]]
    for line in going:
        _add_to(plan, line, imported, now, built)
    work.family_records.set_terms(plan.terms)
    _add_guardians(plan, going, now, built, work)
    _restore(plan.restored, imported, work)
    _erase(plan, imported, work)
    _tell_families(plan, imported, work)
    return plan.left


def _line(row: Row, now: StoredFamilies) -> _Line | None:
    """None where the child is gone, and everything with it."""
    child = now.children.get(row.number)
    return _Line(row.number, row.outcome, msgspec.convert(row.outcome.undo, Made), child) if child and row.outcome else None


def _add_to(plan: _Plan, line: _Line, imported: Import, now: StoredFamilies, built: Built) -> None:
    made, child = line.made, line.child
    if made.enrolment:
        plan.enrolments[made.enrolment.enrolment_id] = _cause(imported, line.number)
    if line.brought_the_child:
        plan.erased[made.child_id] = PersonKind.CHILD
    for id_, (was, became) in made.guardians.items():
        if now.guardians.get(id_) != became:
            plan.left[line.number].append(_left("changed-since", "guardian"))
        elif was is not None:
            plan.restored[id_] = was
    for id_, (had, has) in made.terms.items():
        if had != has and child.terms.get(id_) != has:
            plan.left[line.number].append(_left("changed-since", "guardian.terms"))
        elif had != has and not built.on(id_):
            plan.terms[child.child_id, id_] = had


def _add_guardians(plan: _Plan, going: Sequence[_Line], now: StoredFamilies, built: Built, work: "Work") -> None:
    """Those who came in by the lines and have no child here any more, and on whom nothing was built."""
    parents = work.family_records.parents({id_ for line in going for id_ in line.new})
    for line in going:
        for id_ in line.new:
            reasons = [*built.on(id_), *(["guardian-of-others"] if id_ in parents else ())]
            plan.left[line.number] += [_left(slug, "guardian") for slug in reasons]
            if not reasons and now.guardians.get(id_) == line.made.guardians[id_][1]:
                plan.erased[id_] = PersonKind.GUARDIAN


def _restore(restored: Mapping[str, StoredGuardian], imported: Import, work: "Work") -> None:
    """Each guardian as he was, but for what no file says of him; notifications learns how to reach him."""
    guardians = work.guardians.lock(restored)
    for guardian_id, guardian in guardians.items():
        for name in OF_A_GUARDIAN:
            setattr(guardian, name, getattr(restored[guardian_id], name))
    work.guardians.change(list(guardians.values()))
    for guardian_id, guardian in guardians.items():
        telling.send_card(guardian_id, guardian, work, Cause(imported.import_id))


def _erase(plan: _Plan, imported: Import, work: "Work") -> None:
    """Tell first that the enrolments ended, as if nobody had ever been enrolled; then nobody knows them any more."""
    for enrolment_id, enrolment in work.enrolments.lock(plan.enrolments).items():
        enrolment.never_was(plan.enrolments[enrolment_id].id, ENDED, work.today)
        telling.tell_enrolment(enrolment, work, plan.enrolments[enrolment_id])
    people = [(kind, person_id) for person_id, kind in plan.erased.items()]
    erasing.take_back(people, [*plan.erased, *plan.enrolments], work, Cause(imported.import_id))


def _tell_families(plan: _Plan, imported: Import, work: "Work") -> None:
    children = {child_id for child_id, _ in plan.terms} - plan.erased.keys()
    telling.tell_families(children, work, dict.fromkeys(children, Cause(imported.import_id)))


def _cause(imported: Import, number: int) -> Cause:
    return Cause(f"{imported.import_id}/{number}/undone", correlationid=imported.import_id)


def _left(slug: str, field: str) -> Issue:
    return issue(slug, field, error=False)
