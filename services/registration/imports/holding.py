"""New lines that a file alone does not decide: somebody in them without a CPR number looks like one who is protected.

He would come in a second time, as somebody whom nothing protects; so the line is refused, until a person has looked.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from services.registration.imports.record import Candidate, Import, Outcome, Row, Status
from services.registration.imports.texts import issue

if TYPE_CHECKING:
    from services.registration.storage import Work


def held(rows: Sequence[Row], found: Mapping[int, Outcome], imported: Import, work: "Work") -> dict[int, Outcome]:
    """Those of these lines that would be new and are held, by line: in the dry run, or because somebody was protected since."""
    new = [row for row in rows if found[row.number].status is Status.NEW]
    alike = {row.number: _unnumbered(row, found[row.number] if imported.is_tried else row.outcome) for row in new}
    hidden = work.protections.children({one.id for some in alike.values() for one in some})
    protected = {number: [one for one in some if one.id in hidden] for number, some in alike.items()}
    return {number: _refused(found[number], some[0].field) for number, some in protected.items() if some}


def _unnumbered(row: Row, outcome: Outcome | None) -> list[Candidate]:
    """Who those in the line may be who have no number there."""
    return [one for one in (outcome.candidates if outcome else ()) if f"{one.field}.cpr_number" not in row.reading.values]


def _refused(tried: Outcome, field: str) -> Outcome:
    return Outcome(Status.REFUSED, issues=[issue("may-be-protected", field)], candidates=tried.candidates)
