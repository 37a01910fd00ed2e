"""Erasing the ids of a person from one service's database, in one transaction.

Rows that are his go; elsewhere a stand-in takes the place of his ids, so that what others have to do with it stays whole: a
seat that was taken was taken, and a figure stays what it was. Erasing the same again finds nothing.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from services.chassis import parked
from services.chassis.contracts import by_type
from services.chassis.deferred import open_body, seal_body
from services.chassis.erasure.forgetting import LOCK
from services.chassis.erasure.holdings import OF_CHASSIS, Holding
from services.chassis.erasure.stand_in import ids_in, replaced, stand_in
from services.chassis.relay import OUTBOX
from services.chassis.service import PERSONAL
from services.chassis.storage import UnitOfWork

_ALONE = sa.text(f"select pg_advisory_xact_lock({LOCK})")
_REMEMBER = sa.text("insert into chassis.erased (stand_in) select unnest(cast(:stand_ins as text[])) on conflict do nothing")
_TYPES = sa.text("select column_name, udt_name from information_schema.columns where table_schema || '.' || table_name = :table")
_FORGET_SEQUENCES = sa.text("delete from chassis.aggregate_sequence where key = any(cast(:keys as text[]))")
_MOVE_POSITIONS = sa.text(
    "update chassis.position set key = chassis.with_stand_ins(key, cast(:ids as text[]))"
    " where consumer = :consumer and key = any(cast(:keys as text[]))"
)
_WAITING = sa.text(
    "select * from chassis.deferred where kind = 'parked' or key = '' or right(key, 36) = any(cast(:ids as text[])) order by id for update"
)
_REWRITE = sa.text(
    "update chassis.deferred set body = :body, key = chassis.with_stand_ins(key, cast(:ids as text[])),"
    " properties = cast(chassis.with_stand_ins(cast(properties as text), cast(:ids as text[])) as json) where id = :id"
)
_FORGET_ANSWERS = sa.text(
    "delete from chassis.idempotency where subject = any(cast(:ids as text[])) or exists (select from unnest(cast(:marks as text[])) as m"
    " where position(convert_to(m, 'UTF8') in body) > 0 or position(m in cast(headers as text)) > 0)"
)
_AUDITED = sa.text(
    "update chassis.audit set subject = chassis.with_stand_ins(subject, cast(:ids as text[])),"
    " objects = cast(chassis.with_stand_ins(cast(objects as text), cast(:ids as text[])) as jsonb)"
    " where subject = any(cast(:ids as text[])) or id in (select a.id from unnest(cast(:ids as text[])) as i"
    " cross join lateral (select id from chassis.audit where objects @> jsonb_build_array(i)) as a)"
)


def erase(work: UnitOfWork, held: Sequence[Holding], ids: Sequence[str], marks: Sequence[str] = ()) -> Mapping[str, int]:
    """Erase these ids; how many rows of each kind that was.

    `marks` are texts by which somebody is known in requests of his: his CPR number, e-mail address and phone number.
    """
    work.connection.execute(_ALONE)
    work.connection.execute(_REMEMBER, {"stand_ins": [stand_in(one) for one in ids]})
    counts: Counter[str] = Counter()
    for holding in (*held, *OF_CHASSIS):
        counts[holding.counts] += _erase_from(holding, ids, work)
    counts["waiting-message"] += sum(
        _forget_waiting(row, ids, marks, work) for row in work.connection.execute(_WAITING, {"ids": ids}).all()
    )
    counts["stored-answer"] += work.connection.execute(_FORGET_ANSWERS, {"ids": ids, "marks": [*ids, *marks]}).rowcount
    counts["audit-entry"] += work.connection.execute(_AUDITED, {"ids": ids}).rowcount
    _rename_aggregates(ids, work)
    return {kind: number for kind, number in sorted(counts.items()) if number and kind}


def count(work: UnitOfWork, held: Sequence[Holding], ids: Sequence[str]) -> Mapping[str, int]:
    """How many rows of each kind of the service's own tables that would be."""
    counts: Counter[str] = Counter()
    for holding in held:
        counts[holding.counts] += _count_in(holding, ids, work)
    return {kind: number for kind, number in sorted(counts.items()) if number and kind}


def _erase_from(holding: Holding, ids: Sequence[str], work: UnitOfWork) -> int:
    statements = _statements(holding, types_of(holding, work))
    return sum(work.connection.execute(statement, {"ids": list(ids)}).rowcount for statement in statements)


def _count_in(holding: Holding, ids: Sequence[str], work: UnitOfWork) -> int:
    columns = (*holding.delete, *holding.stand_in)
    if not columns:
        return 0
    his = are_his(columns, types_of(holding, work))
    return int(work.connection.execute(sa.text(f"select count(*) from {holding.table} where {his}"), {"ids": list(ids)}).scalar_one())  # noqa: S608


def types_of(holding: Holding, work: UnitOfWork) -> Mapping[str, str]:
    """The type of each column of a table, by PostgreSQL's own name."""
    return dict(work.connection.execute(_TYPES, {"table": holding.table}).all()) if holding.delete or holding.stand_in else {}


def _statements(holding: Holding, types: Mapping[str, str]) -> Iterator[sa.TextClause]:
    """The rows that go, then those in which a stand-in takes an id's place."""
    if holding.delete:
        yield sa.text(f"delete from {holding.table} where {are_his(holding.delete, types)}")  # noqa: S608 - our own names
    if holding.stand_in:
        changes = ", ".join(f"{column} = {_without(column, types[column])}" for column in holding.stand_in)
        yield sa.text(f"update {holding.table} set {changes} where {are_his(holding.stand_in, types)}")  # noqa: S608


def are_his(columns: Sequence[str], types: Mapping[str, str]) -> str:
    """Whether one of these columns names one of `:ids`, for a statement."""
    return " or ".join(_is_his(column, types[column]) for column in columns)


def _is_his(column: str, type_: str) -> str:
    if type_ == "uuid":
        return f"{column} = any(cast(:ids as uuid[]))"
    return f"exists (select from unnest(cast(:ids as text[])) as i where position(i in cast({column} as text)) > 0)"


def _without(column: str, type_: str) -> str:
    return f"cast(chassis.with_stand_ins(cast({column} as text), cast(:ids as text[])) as {type_})"


def _forget_waiting(row: Any, ids: Sequence[str], marks: Sequence[str], work: UnitOfWork) -> bool:
    """A request that names him is given up, and so is a sealed card; in a fact that does, a stand-in takes the id's place."""
    body = open_body(work.context, row)
    named = ids_in(body) & set(ids)
    if not named and not any(mark.encode() in body for mark in marks):
        return False
    if row.exchange == PERSONAL or (row.sequence is None and row.consumer != OUTBOX):
        parked.give_up(work, row)
    else:
        _rewrite(row, replaced(body, {one: stand_in(one) for one in named}), ids, work)
    return True


def _rewrite(row: Any, body: bytes, ids: Sequence[str], work: UnitOfWork) -> None:
    sealed = seal_body(work.context, row.consumer, row.message_id, body)
    work.connection.execute(_REWRITE, {"body": sealed, "ids": list(ids), "id": row.id})


def _rename_aggregates(ids: Sequence[str], work: UnitOfWork) -> None:
    """How far his aggregates were told is forgotten; how far those of others were read is kept under a stand-in."""
    work.connection.execute(_FORGET_SEQUENCES, {"keys": _keys(_told_here(work.context.service.name), ids)})
    for listen in work.context.service.listens:
        if listen.ordered:
            stems = {key.removesuffix(".#") for key in listen.keys}
            work.connection.execute(_MOVE_POSITIONS, {"consumer": listen.queue, "keys": _keys(stems, ids), "ids": list(ids)})


def _told_here(service: str) -> set[str]:
    return {".".join(type_.split(".")[:2]) for type_ in by_type() if type_.startswith(f"{service}.")}


def _keys(stems: set[str], ids: Sequence[str]) -> list[str]:
    return [f"{stem}/{one}" for stem in sorted(stems) for one in ids]
