"""Taking back what lines about children led to: what they added ends, what they changed is as before, unless it changed again."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final

import msgspec

from services.chassis.envelope import Received
from services.chassis.http.request import Cause
from services.registration import telling
from services.registration.domain.cpr_number import CprNumber
from services.registration.domain.step import WithdrawalRequest
from services.registration.handlers import steps
from services.registration.imports.families import SOURCE, stored
from services.registration.imports.record import Import, Issue, Row
from services.registration.imports.stored import OF_A_GUARDIAN, Made, StoredChild, StoredEnrolment, StoredFamilies, StoredGuardian
from services.registration.imports.texts import issue

if TYPE_CHECKING:
    from services.registration.storage import Work

ENDED: Final = "import-undone"
"""The reason of an enrolment's end when the import that made it is taken back."""


@dataclass
class _Plan:
    """What is to be done for a set of lines, and what is left, by line."""

    today: date
    ended: list[Received[WithdrawalRequest]] = field(default_factory=list)
    restored: dict[str, StoredGuardian] = field(default_factory=dict)
    custody: dict[tuple[str, str], bool | None] = field(default_factory=dict)
    added: list[str] = field(default_factory=list)
    kept: dict[int, list[Issue]] = field(default_factory=lambda: defaultdict(list))


def undo(rows: Sequence[Row], imported: Import, work: "Work") -> Mapping[int, list[Issue]]:
    """Take these lines back, no two of them of one family; what was left because it has changed since, by line."""
    now, plan = stored(rows, imported, work), _Plan(work.today)
    for row in rows:
        _add_to(plan, row, imported, now)
    steps.answer_withdrawals(plan.ended, work)
    _restore(plan.restored, imported, work)
    work.family_records.set_custody(plan.custody)
    work.family_records.remove(plan.added)
    cause = Cause(imported.import_id)
    telling.tell_families({child for child, _ in plan.custody}, work, dict.fromkeys((child for child, _ in plan.custody), cause))
    return plan.kept


def _add_to(plan: _Plan, row: Row, imported: Import, now: StoredFamilies) -> None:
    made = msgspec.convert(row.outcome and row.outcome.undo, Made)
    child = now.children[CprNumber.parse(row.reading.values["child.cpr_number"])]
    kept = plan.kept[row.number]
    if made.enrolment:
        _end(plan, row, imported, child, made.enrolment)
    for id_, (was, became) in made.guardians.items():
        if now.guardians.get(id_) != became:
            kept.append(issue("changed-since", "guardian", error=False))
        elif was is None:
            plan.added.append(id_)
        else:
            plan.restored[id_] = was
    for id_, (had, has) in made.custody.items():
        if had != has and child.custody.get(id_) == has:
            plan.custody[child.child_id, id_] = had
        elif had != has:
            kept.append(issue("changed-since", "guardian.custody", error=False))


def _end(plan: _Plan, row: Row, imported: Import, child: StoredChild, made: StoredEnrolment) -> None:
    """An enrolment ends on the day on which it began, as if it had not been; today, where that is still to come."""
    if child.enrolment != made:
        plan.kept[row.number].append(issue("changed-since", "enrolment", error=False))
        return
    request = WithdrawalRequest(made.enrolment_id, ENDED, min(made.start_date, plan.today))
    id_ = f"{imported.import_id}/{row.number}/undone"
    plan.ended.append(Received(id_, SOURCE, "enrolment.withdrawal-requested.v1", "", request, correlationid=imported.import_id))


def _restore(restored: Mapping[str, StoredGuardian], imported: Import, work: "Work") -> None:
    """Each guardian as he was, but for what no file says of him; notifications learns how to reach him."""
    guardians = work.guardians.lock(restored)
    for guardian_id, guardian in guardians.items():
        for name in OF_A_GUARDIAN:
            setattr(guardian, name, getattr(restored[guardian_id], name))
    work.guardians.change(list(guardians.values()))
    for guardian_id, guardian in guardians.items():
        telling.send_card(guardian_id, guardian, work, Cause(imported.import_id))
