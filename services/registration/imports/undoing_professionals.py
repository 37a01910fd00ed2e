"""Taking back what lines about professionals led to: who came in by them alone is erased, who was corrected is as before.

Who has changed since, or with whom others have gone on, stays, and why is said.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from services.chassis.http.request import Cause
from services.registration.domain.life import Step
from services.registration.domain.professional import Professional
from services.registration.domain.protection import PersonKind
from services.registration.domain.step import StepRequest
from services.registration.handlers import erasing, steps
from services.registration.handlers.professionals import change_professionals
from services.registration.imports.families import SOURCE
from services.registration.imports.professionals import cause_of, stored
from services.registration.imports.record import Import, Issue, Row
from services.registration.imports.texts import issue
from services.registration.imports.undoing_families import ENDED

if TYPE_CHECKING:
    from services.registration.storage import Work


class Made(msgspec.Struct):
    """What a line led to: the professional as he was, if he was, and as he is."""

    before: Professional | None
    after: Professional


def undo(rows: Sequence[Row], imported: Import, work: "Work") -> Mapping[int, list[Issue]]:
    """What stays, by line."""
    now = stored(rows, imported, work)
    made = {row.number: msgspec.convert(row.outcome and row.outcome.undo, Made) for row in rows}
    same = {n: one for n, one in made.items() if now.get(one.after.key) == one.after}
    change_professionals([(one.before, cause_of(imported, n)) for n, one in same.items() if one.before], work)
    left = _erase({n: one.after for n, one in same.items() if one.before is None}, imported, work)
    return left | {n: [issue("changed-since", "email", error=False)] for n in made.keys() - same.keys()}


def _erase(added: Mapping[int, Professional], imported: Import, work: "Work") -> dict[int, list[Issue]]:
    """Tell first that they take no part any more; then nobody knows them. Who stays, and why, by line."""
    built = work.built_on.since([], [one.professional_id for one in added.values()])
    left = {n: [issue(slug, "email", error=False) for slug in built.on(one.professional_id)] for n, one in added.items()}
    going = {n: one for n, one in added.items() if not left[n]}
    for n, one in going.items():
        _end(one, cause_of(imported, n), work)
    ids = [one.professional_id for one in going.values()]
    erasing.take_back([(PersonKind.PROFESSIONAL, id_) for id_ in ids], ids, work, Cause(imported.import_id))
    return left


def _end(professional: Professional, cause: Cause, work: "Work") -> None:
    day = min(professional.start_date or work.today, work.today)
    request = StepRequest(professional.professional_id, Step.WITHDRAW, day, reason=ENDED)
    steps.take_professionals_step(professional.professional_id, request, work, cause, SOURCE)
