"""Taking back what lines about professionals led to, unless it has changed since."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from services.chassis.http.request import Cause
from services.registration.domain.life import Step
from services.registration.domain.professional import Professional
from services.registration.domain.step import StepRequest
from services.registration.handlers import steps
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
    """Those who were corrected are as before; those who were added take no part any more. What was left, by line."""
    now = stored(rows, imported, work)
    made = {row.number: msgspec.convert(row.outcome and row.outcome.undo, Made) for row in rows}
    same = {n: one for n, one in made.items() if now.get(one.after.key) == one.after}
    change_professionals([(one.before, cause_of(imported, n)) for n, one in same.items() if one.before], work)
    for n, one in same.items():
        if one.before is None:
            _end(one.after, cause_of(imported, n), work)
    return {n: [issue("changed-since", "email", error=False)] for n in made.keys() - same.keys()}


def _end(professional: Professional, cause: Cause, work: "Work") -> None:
    day = professional.start_date or work.today
    request = StepRequest(professional.professional_id, Step.WITHDRAW, day, reason=ENDED)
    steps.take_professionals_step(professional.professional_id, request, work, cause, SOURCE)
