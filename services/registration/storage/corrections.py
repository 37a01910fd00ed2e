"""What was corrected of whom, when, by whom and why."""

# ruff: noqa: S608 - the statements are put together from our own text; values travel as parameters

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from services.registration.domain.correction import Correction, Ground
from services.registration.domain.origin import DoneBy
from services.registration.domain.person import Kind
from services.registration.storage.rows import as_json, columns

_COLUMNS = "correction_id, kind, person_id, reason, source, request_id, by_subject, by_role, said_at, recorded_at, before, after"
_ADD = sa.text(
    f"insert into person_correction ({_COLUMNS}) select {_COLUMNS}"
    " from json_populate_recordset(null::person_correction, cast(:rows as json))"
)
_PAGE = sa.text(
    "select correction_id::text, kind, person_id::text, reason, source, request_id, by_subject, by_role, said_at, recorded_at, before,"
    " after from person_correction where (cast(:after as uuid) is null or correction_id > cast(:after as uuid))"
    " and (cast(:person_id as uuid) is null or person_id = any(array(select chassis.same(cast(:person_id as uuid)))))"
    " order by person_correction.correction_id limit :limit"
)


class Corrections:
    """Those that changed something, in the order in which they came."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, corrections: Iterable[Correction]) -> None:
        if rows := [_row(correction) for correction in corrections]:
            self._connection.execute(_ADD, {"rows": as_json(rows)})

    def page(self, *, person_id: str | None, after: str | None, limit: int) -> list[Correction]:
        """By id, which is by time; of one person also what was corrected under other ids that mean him."""
        rows = self._connection.execute(_PAGE, {"person_id": person_id, "after": after, "limit": limit})
        return [_correction(row) for row in rows]


def _row(of: Correction) -> dict[str, Any]:
    names = ("correction_id", "kind", "person_id", "reason", "source", "request_id", "said_at", "recorded_at", "before", "after")
    return {name: getattr(of, name) for name in names} | {"by_subject": of.done_by.subject, "by_role": of.done_by.role}


def _correction(row: Any) -> Correction:
    found = dict(columns(row))
    done_by = DoneBy(found.pop("by_subject"), found.pop("by_role"))
    return Correction(**found | {"kind": Kind(row.kind), "reason": Ground(row.reason)}, done_by=done_by)
