"""What a service holds of somebody, for him to see (GDPR, article 15): every row of his, and when and for what purpose it was looked at.

It goes by what the service declares that it holds (`erasure/holdings.py`), so that what is erased and what is shown are the
same. Who looked is not told (Datatilsynet, 2024); of others who stand in a row, nothing is.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from services.chassis.erasure.erasing import are_his, types_of
from services.chassis.erasure.holdings import Holding
from services.chassis.storage import UnitOfWork

_SEALED: Final = frozenset({"bytea", "daterange"})
"""Types of columns that are not shown as they are: sealed, or told in words of their own."""

_LOOKS = sa.text(
    "select at, purpose, route from chassis.audit where subject = any(cast(:ids as text[])) or id in (select a.id"
    " from unnest(cast(:ids as text[])) as i cross join lateral (select id from chassis.audit where objects @> jsonb_build_array(i)) as a)"
    " order by at, id"
)


def access_report(work: UnitOfWork, held: Sequence[Holding], ids: Sequence[str]) -> dict[str, Any]:
    """`holds`: rows by kind; `looked_at`: moments, purposes, and whether it was read or changed."""
    return {
        "service": work.context.service.name,
        "holds": [section for holding in held if (section := _section(holding, ids, work))["rows"]],
        "looked_at": [_look(row) for row in work.connection.execute(_LOOKS, {"ids": list(ids)})],
    }


def _section(holding: Holding, ids: Sequence[str], work: UnitOfWork) -> dict[str, Any]:
    return {"kind": holding.counts, "rows": list(_rows(holding, ids, work))}


def _rows(holding: Holding, ids: Sequence[str], work: UnitOfWork) -> Iterator[Mapping[str, Any]]:
    his = (*holding.delete, *holding.stand_in)
    if not his:
        return
    types = types_of(holding, work)
    shown = ", ".join(_shown(holding, types))
    statement = f"select {shown} from {holding.table} where {are_his(his, types)} order by {shown}"  # noqa: S608 - our own names
    for row in work.connection.execute(sa.text(statement), {"ids": list(ids)}):
        yield dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it


def _shown(holding: Holding, types: Mapping[str, str]) -> Iterator[str]:
    """Ids and what hangs on them; not lists in which others stand too, nor what is sealed."""
    for column in (*holding.delete, *holding.stand_in, *holding.with_row, *holding.nothing):
        others = column in holding.stand_in and types[column] == "jsonb"
        if not (others or types[column] in _SEALED or column in holding.sealed):
            yield f"cast({column} as text)" if types[column] in {"uuid", "jsonb"} else column


def _look(row: Any) -> dict[str, Any]:
    return {"at": row.at, "purpose": row.purpose, "what": "read" if row.route.startswith("GET ") else "changed"}
