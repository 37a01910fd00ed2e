"""What a service holds of somebody, for him to see (GDPR, article 15): every row of his, and when and for what purpose it was looked at.

It goes by what the service declares that it holds (`erasure/holdings.py`), so that nothing that would be erased is forgotten here.
A row is his where a column of its own names him: one of another's in which he stands in a list is that one's to see, and
may tell where somebody is who must not be found. Who looked is not told (Datatilsynet, 2024), nor who else stands in a row.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from services.chassis.erasure.erasing import are_his, types_of
from services.chassis.erasure.holdings import Holding
from services.chassis.storage import UnitOfWork

_SEALED: Final = "bytea"
_PERIOD: Final = "daterange"

_LOOKS = sa.text(
    "select at, purpose, route from chassis.audit where subject = any(cast(:ids as text[])) or id in (select a.id"
    " from unnest(cast(:ids as text[])) as i cross join lateral (select id from chassis.audit where objects @> jsonb_build_array(i)) as a)"
    " order by at, id"
)


def access_report(work: UnitOfWork, held: Sequence[Holding], ids: Sequence[str], beside: Collection[str] = ()) -> dict[str, Any]:
    """`holds`: rows by kind; `looked_at`: moments, purposes, and whether it was read or changed.

    `beside` are others whom his rows may name: his children, for a guardian.
    """
    sections = ({"kind": holding.counts, "rows": list(_rows(holding, ids, beside, work))} for holding in held)
    return {
        "service": work.context.service.name,
        "holds": [section for section in sections if section["rows"]],
        "looked_at": [_look(row) for row in work.connection.execute(_LOOKS, {"ids": list(ids)})],
    }


def _rows(holding: Holding, ids: Sequence[str], beside: Collection[str], work: UnitOfWork) -> Iterator[Mapping[str, Any]]:
    types = types_of(holding, work)
    people = [column for column in (*holding.delete, *holding.stand_in) if types[column] == "uuid"]
    if not people:
        return
    columns = [*(f"cast({column} as text)" for column in people), *_told(holding, types)]
    shown, order = ", ".join(columns), ", ".join(str(place) for place, _ in enumerate(columns, start=1))
    statement = f"select {shown} from {holding.table} where {are_his(people, types)} order by {order}"  # noqa: S608 - our own names
    for row in work.connection.execute(sa.text(statement), {"ids": list(ids)}):
        yield {name: value for name, value in row._mapping.items() if name not in people or value in ids or value in beside}  # noqa: SLF001 - its public name


def _told(holding: Holding, types: Mapping[str, str]) -> Iterator[str]:
    """What hangs on the ids, and is not sealed; a period by its first day and the first one after it."""
    for column in (*holding.with_row, *holding.nothing):
        if types[column] == _PERIOD and column not in holding.sealed:
            yield from (f"lower({column}) as valid_from", f"upper({column}) as valid_until")
        elif types[column] != _SEALED and column not in holding.sealed:
            yield f"cast({column} as text)" if types[column] in {"uuid", "jsonb"} else column


def _look(row: Any) -> dict[str, Any]:
    return {"at": row.at, "purpose": row.purpose, "what": "read" if row.route.startswith("GET ") else "changed"}
