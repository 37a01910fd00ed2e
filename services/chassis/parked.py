"""What an operator does with parked messages: look, send through again, or give up with a reason.

Replays keep the original bytes and id, so a message that had an effect after all has no second one. A discarded fact
counts as taken: its aggregate goes on with the next. Everything done here is written into `chassis.operator_action`
in the same transaction.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.chassis.deferred import open_body
from services.chassis.errors import Invalid, NotFound
from services.chassis.intake import PROCESS
from services.chassis.relay import OUTBOX
from services.chassis.service import Context
from services.chassis.storage import UnitOfWork

CHUNK = 100
"""Messages that one transaction of a replay or a discard moves; an abort takes effect between two."""

_GROUPS = sa.text(
    "select fingerprint, consumer, type, slug, min(reason) as reason, count(distinct reason) as reasons, count(*) as messages,"
    " min(created_at) as oldest, max(created_at) as newest from chassis.deferred where kind = 'parked'"
    " group by fingerprint, consumer, type, slug order by count(*) desc, fingerprint"
)
_ROWS = sa.text(
    "select * from chassis.deferred where kind = 'parked' and (:fingerprint = '' or fingerprint = :fingerprint)"
    " and id > :after order by id limit :limit"
)
_ONE = sa.text("select * from chassis.deferred where kind = 'parked' and id = :id")
_CHOSEN = sa.text(
    "select * from chassis.deferred where kind = 'parked' and id in (select json_array_elements_text(cast(:ids as json))::bigint)"
    " order by key, sequence, id for update skip locked"
)
_RETRY = sa.text(
    "update chassis.deferred set kind = 'retry', attempts = 0, due_at = clock_timestamp(), changed_at = clock_timestamp() where id = :id"
)
_REPUBLISH = sa.text(
    "insert into chassis.outbox (exchange, routing_key, key, message_id, type, correlation_id, body)"
    " values (:exchange, :routing_key, :key, :message_id, :type, cast(:properties as json)->>'correlation_id', :body)"
)
_DELETE = sa.text("delete from chassis.deferred where id = :id")
_SKIP = sa.text(
    "insert into chassis.position as p (consumer, key, last) values (:consumer, :key, :sequence)"
    " on conflict (consumer, key) do update set last = excluded.last where p.last = excluded.last - 1"
)
_RELEASED = sa.text(
    "insert into chassis.ledger as l (consumer, process, released, skipped) values (:consumer, :process, 1, :skipped)"
    " on conflict (consumer, process) do update set released = l.released + 1, skipped = l.skipped + excluded.skipped"
)
_ACTION = sa.text(
    "insert into chassis.operator_action (actor, action, deferred_id, message_id, fingerprint, reason)"
    " values (:actor, :action, :id, :message_id, :fingerprint, :reason)"
)


@dataclass(frozen=True)
class Group:
    """Parked messages that failed alike. `reason` is one of their `reasons`, which differ in numbers at most."""

    fingerprint: str
    consumer: str
    type: str
    slug: str
    reason: str
    reasons: int
    messages: int
    oldest: datetime
    newest: datetime


@dataclass(frozen=True)
class Parked:
    """One parked message; `body` may hold personal data and is for authorised eyes."""

    id: int
    consumer: str
    type: str
    source: str
    message_id: str
    key: str
    sequence: int | None
    slug: str
    reason: str
    fingerprint: str
    attempts: int
    created_at: datetime
    exchange: str
    routing_key: str
    properties: dict[str, Any]
    body: bytes


def groups(context: Context) -> Sequence[Group]:
    """Parked messages by fingerprint, the largest group first."""
    with context.work() as work:
        return [Group(**row._mapping) for row in work.connection.execute(_GROUPS)]  # noqa: SLF001 - SQLAlchemy's public name


def rows(context: Context, fingerprint: str = "", *, after: int = 0, limit: int = 100) -> Sequence[Parked]:
    """Parked messages in the order in which they came, all or one group's."""
    with context.work() as work:
        found = work.connection.execute(_ROWS, {"fingerprint": fingerprint, "after": after, "limit": limit})
        return [_parked(context, row) for row in found]


def show(context: Context, id_: int, *, actor: str) -> Parked:
    """One parked message with its bytes; the look is audited. Raises `NotFound`."""
    with context.work() as work:
        row = work.connection.execute(_ONE, {"id": id_}).first()
        if row is None:
            raise NotFound("not-parked", field=str(id_), da="Beskeden er ikke parkeret.", en="No such parked message.")
        _audit(work, actor, "show", row)
        return _parked(context, row)


def chosen(context: Context, *, ids: Sequence[int] = (), fingerprint: str = "") -> Sequence[int]:
    """The ids that a replay or a discard would move: those given, or a whole group. Raises `Invalid` when neither is given."""
    if ids:
        return list(ids)
    if not fingerprint:
        raise Invalid("nothing-chosen", da="Angiv id'er eller en gruppe.", en="Say which: ids, or a group's fingerprint.")
    found: list[int] = []
    while page := rows(context, fingerprint, after=found[-1] if found else 0, limit=1_000):
        found += [row.id for row in page]
    return found


def replay(context: Context, ids: Sequence[int], *, actor: str) -> Iterator[int]:
    """Send them through again under their own ids, chunk by chunk; yields how many so far. Stop iterating to abort."""
    yield from _in_chunks(context, ids, actor, "replay", "")


def discard(context: Context, ids: Sequence[int], *, actor: str, reason: str) -> Iterator[int]:
    """Give them up for good, chunk by chunk; yields how many so far. Raises `Invalid` without a reason."""
    if not reason.strip():
        raise Invalid("reason-missing", field="reason", da="Skriv hvorfor.", en="Say why: --reason.")
    yield from _in_chunks(context, ids, actor, "discard", reason)


def give_up(work: UnitOfWork, row: Any) -> None:
    """Give up a parked message as `discard` does, because somebody in it is erased; nobody looked at it."""
    _audit(work, "deltag", "erase", row, "somebody in it was erased")
    _discard(work, row)


def _in_chunks(context: Context, ids: Sequence[int], actor: str, action: str, reason: str) -> Iterator[int]:
    done = 0
    for start in range(0, len(ids), CHUNK):
        with context.work() as work:
            for row in work.connection.execute(_CHOSEN, {"ids": json.dumps(list(ids[start : start + CHUNK]))}).all():
                _audit(work, actor, action, row, reason)
                _ACTIONS[action](work, row)
                done += 1
        yield done


def _replay(work: UnitOfWork, row: Any) -> None:
    if row.consumer == OUTBOX:
        work.connection.execute(_REPUBLISH, _as_sent(work.context, row))
        work.connection.execute(_DELETE, {"id": row.id})
        work.wake("relay")
    else:
        work.connection.execute(_RETRY, {"id": row.id})


def _as_sent(context: Context, row: Any) -> dict[str, Any]:
    whole = dict(row._mapping)  # noqa: SLF001
    return whole | {"body": open_body(context, row).decode(), "properties": json.dumps(row.properties)}


def _discard(work: UnitOfWork, row: Any) -> None:
    skipped = 0
    if row.sequence is not None:
        skipped = work.connection.execute(_SKIP, {"consumer": row.consumer, "key": row.key, "sequence": row.sequence}).rowcount
    work.connection.execute(_DELETE, {"id": row.id})
    if row.consumer != OUTBOX:
        work.connection.execute(_RELEASED, {"consumer": row.consumer, "process": PROCESS, "skipped": skipped})


_ACTIONS = {"replay": _replay, "discard": _discard}


def _audit(work: UnitOfWork, actor: str, action: str, row: Any, reason: str = "") -> None:
    who = {"actor": actor, "action": action, "reason": reason}
    work.connection.execute(_ACTION, who | {"id": row.id, "message_id": row.message_id, "fingerprint": row.fingerprint})


def _parked(context: Context, row: Any) -> Parked:
    values = {name: row._mapping[name] for name in Parked.__dataclass_fields__}  # noqa: SLF001
    return Parked(**values | {"body": open_body(context, row)})
