"""The one table of what could not be handled yet: early, to be retried, or parked for a person to look at.

    early    a gap before it; taken as soon as the gap is filled
    retry    failed alone; tried again on a growing, jittered delay, its attempt counted before each try, and taken back
             when it failed again and no other message of the queue succeeded meanwhile: all may need what is away. So is a request
             that its handler has put off: what it follows may be on its way
    parked   permanent, or its attempts are used up; `deltag parked` shows, replays and discards

A row keeps the raw bytes (encrypted) and what the broker said, so that a replay is the same message under its own id. What a
consumer has deferred blocks its own aggregate only: the position stays in front of it, so later messages are early. A snapshot has
no place in that order, and blocks nothing: its row has no sequence.
All times are the database's, so a clock that jumps on one machine moves nothing.
"""

import hashlib
import random
import re
import traceback
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec
import sqlalchemy as sa

from services.chassis.bus import Delivery
from services.chassis.database import Locked
from services.chassis.errors import DeltagError, Fate, fate
from services.chassis.keys import open_with, seal_with
from services.chassis.reading import Incoming
from services.chassis.service import Context
from services.chassis.storage import UnitOfWork

LONGEST_DELAY_S = 600.0
LITTLE_S = 10.0
LEASE_S = 10.0
"""How long a retry is one process' own: its aggregate waits so long when the process ends. Another one that takes it up while the first
is still busy waits for the row that it has locked, and that is nobody's attempt."""
EARLY_LEASE_S = 5.0
"""The same for the early messages whose turn has come: few seconds, since their aggregates wait when a process ends with them in hand."""

_NUMBERS = re.compile(r"\d+")
"""In a reason they are places in a body or a list, by which nobody wants his groups."""

_encode = msgspec.json.Encoder().encode

_INSERT = sa.text(
    "insert into chassis.deferred (consumer, kind, source, message_id, content, type, key, sequence, attempts, due_at, slug, reason,"
    " fingerprint, succeeded, exchange, routing_key, properties, body)"
    " select consumer, kind, source, message_id, content, type, key, sequence, attempts, clock_timestamp() + delay * interval '1 second',"
    " slug, reason, fingerprint, succeeded, exchange, routing_key, properties, decode(body, 'base64')"
    " from json_to_recordset(cast(:rows as json)) as x(consumer text, kind text, source text, message_id text, content text, type text,"
    " key text, sequence bigint, attempts integer, delay double precision, slug text, reason text, fingerprint text, succeeded bigint,"
    " exchange text, routing_key text, properties json, body text) on conflict do nothing"
)
_UPDATE = sa.text(
    "update chassis.deferred set kind = :kind, due_at = clock_timestamp() + :delay * interval '1 second', attempts = :attempts,"
    " slug = :slug, reason = :reason, fingerprint = :fingerprint, succeeded = :succeeded, spared = :spared,"
    " changed_at = clock_timestamp() where id = :row"
)
_RELEASE = sa.text("delete from chassis.deferred where id in (select json_array_elements_text(cast(:rows as json))::bigint)")
_CLAIM_EARLY = sa.text(
    "update chassis.deferred d set attempts = attempts + 1, due_at = statement_timestamp() + :lease * interval '1 second'"
    " where d.id in (select id from chassis.deferred where id in ("
    "select id from (select e.id, e.key, e.sequence, coalesce(p.last, 0) as last, dense_rank() over run as place,"
    " bool_and(e.due_at <= clock_timestamp()) over run as free"
    " from chassis.deferred e left join chassis.position p on p.consumer = e.consumer and p.key = e.key"
    " where e.consumer = :consumer and e.kind = 'early' window run as"
    " (partition by e.key, e.sequence > coalesce(p.last, 0) order by e.sequence)) as waiting"
    " where (sequence <= last or sequence = last + place) and free order by key, sequence limit :limit) for update skip locked)"
    " returning d.id, d.consumer, d.message_id, d.attempts, d.exchange, d.routing_key, d.properties, d.body"
)
_CLAIM_RETRY = sa.text(
    "update chassis.deferred d set attempts = attempts + 1, due_at = statement_timestamp() + :lease * interval '1 second',"
    " changed_at = statement_timestamp()"
    " where d.id in (select id from chassis.deferred where consumer = :consumer and kind = 'retry' and due_at <= clock_timestamp()"
    " order by due_at, id limit 1 for update skip locked)"
    " returning d.id, d.consumer, d.message_id, d.attempts, d.exchange, d.routing_key, d.properties, d.body"
)
_HASTEN = sa.text(
    "update chassis.deferred set due_at = clock_timestamp() where consumer = :consumer and kind = 'retry'"
    " and due_at > clock_timestamp() and (spared or changed_at > clock_timestamp() - :seconds * interval '1 second')"
    " and due_at <> changed_at + :lease * interval '1 second'"
)
_SUCCEEDED = sa.text(
    "select cast(coalesce(sum(succeeded), 0) as bigint) as now, (select succeeded from chassis.deferred where id = :row) as before"
    " from chassis.ledger where consumer = :consumer"
)
_GIVE_BACK = sa.text(
    "update chassis.deferred set attempts = attempts - 1, due_at = clock_timestamp() where kind <> 'parked' and attempts > 0"
    " and id in (select json_array_elements_text(cast(:rows as json))::bigint)"
)
_TRY_ALONE = sa.text(
    "update chassis.deferred set kind = 'retry', attempts = 0, due_at = clock_timestamp()"
    " where id in (select json_array_elements_text(cast(:rows as json))::bigint)"
)


_AWAITED = sa.text(
    "select distinct key from chassis.deferred where consumer = :consumer and kind in ('retry', 'parked') and sequence is not null"
    " and key = any(array(select json_array_elements_text(cast(:keys as json))))"
)


class Kind(StrEnum):
    """Why a message is in the table."""

    EARLY = "early"
    RETRY = "retry"
    PARKED = "parked"


@dataclass(frozen=True)
class Why:
    """What is said about a message that was put aside.

    `succeeded` is how many of its queue had succeeded by then, and a failure that is `spared` was nobody's attempt.
    """

    kind: Kind
    slug: str = ""
    reason: str = ""
    fingerprint: str = ""
    attempts: int = 0
    delay: float = 0.0
    succeeded: int | None = None
    spared: bool = False


@dataclass(frozen=True)
class Claimed:
    """A row in hand: the message as it came, the row's number, and how often it was claimed."""

    delivery: Delivery
    row: int
    attempts: int


EARLY = Why(Kind.EARLY, "early", "A message before it has not come yet.")
PUT_OFF = Why(Kind.RETRY, "put-off", "What it follows may be on its way.")


def store_early(work: UnitOfWork, consumer: str, messages: Sequence[Incoming]) -> int:
    """Put early messages aside; returns how many were not there already."""
    return _put(work, consumer, [(m, EARLY) for m in messages])


def park(work: UnitOfWork, consumer: str, messages: Sequence[Incoming]) -> int:
    """Put aside for good what its `fault` says is permanent; returns how many were not there already."""
    return _put(work, consumer, [(m, explain(consumer, m, m.fault)) for m in messages if m.fault])


def put_off(work: UnitOfWork, consumer: str, messages: Sequence[Incoming]) -> int:
    """Put aside what came too soon, to be tried again; returns how many were not there already. To be put off is an attempt each time."""
    return _put(work, consumer, [(m, _next_try(work, max(m.attempts, 1))) for m in messages])


def failed(work: UnitOfWork, consumer: str, message: Incoming, error: Exception) -> int:
    """Put aside what failed alone: to be retried, or parked when the fault is permanent or the attempts are used up.

    Failing again is an attempt only when another message of the queue, in whatever process, succeeded since: then it is the
    message, and else perhaps what all of them need. To wait in vain for another's lock is never one.
    """
    settings = work.context.settings
    succeeded, before = work.connection.execute(_SUCCEEDED, {"consumer": consumer, "row": message.row}).one()
    locked = isinstance(error, Locked)
    spared = not locked and message.attempts > 1 and succeeded == before
    attempts = max(message.attempts - 1, 0) if locked or spared else max(message.attempts, 1)
    permanent = fate(error) is Fate.PARK or (attempts >= settings.retry_attempts and not (locked or spared))
    why = replace(explain(consumer, message, error), attempts=attempts, succeeded=succeeded, spared=spared)
    if not permanent:
        why = replace(why, kind=Kind.RETRY, delay=backoff(max(attempts, 1), settings.retry_base_s))
    return _put(work, consumer, [(message, why)])


def _next_try(work: UnitOfWork, attempts: int) -> Why:
    return replace(PUT_OFF, attempts=attempts, delay=backoff(attempts, work.context.settings.retry_base_s))


def backoff(attempts: int, base: float) -> float:
    """Seconds until the next try: doubled each time up to ten minutes, the upper half of it by chance."""
    ceiling = min(base * 2.0 ** (attempts - 1), LONGEST_DELAY_S)
    return ceiling * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret


def release(work: UnitOfWork, rows: Sequence[int]) -> int:
    """Take rows away that are done with; returns how many were still there."""
    return work.connection.execute(_RELEASE, {"rows": _encode(rows).decode()}).rowcount if rows else 0


def awaited(work: UnitOfWork, consumer: str, keys: Sequence[str]) -> set[str]:
    """Which of these aggregates have a fact that will be tried again, or waits for a person; snapshots are none."""
    if not keys:
        return set()
    return set(work.connection.execute(_AWAITED, {"consumer": consumer, "keys": _encode(keys).decode()}).scalars())


def claim_early(work: UnitOfWork, consumer: str, limit: int) -> Sequence[Claimed]:
    """Early messages whose turn has come: the unbroken run after each aggregate's position; that they were claimed is counted.

    They are this process' own for `EARLY_LEASE_S` seconds, and so is what comes after them in their aggregates.
    """
    return _claimed(work, work.connection.execute(_CLAIM_EARLY, {"consumer": consumer, "limit": limit, "lease": EARLY_LEASE_S}))


def give_back(work: UnitOfWork, rows: Sequence[int]) -> None:
    """Messages that were claimed and not tried are due again, and their claim does not count."""
    if rows:
        work.connection.execute(_GIVE_BACK, {"rows": _encode(rows).decode()})


def claim_retry(work: UnitOfWork, consumer: str) -> Sequence[Claimed]:
    """The retry that is most due, if any, its attempt counted; it is this process' own for `LEASE_S` seconds."""
    return _claimed(work, work.connection.execute(_CLAIM_RETRY, {"consumer": consumer, "lease": LEASE_S}))


def hasten(work: UnitOfWork, consumer: str, seconds: float) -> None:
    """Let the retries be due at once whose last failure was nobody's attempt, and those that failed while an outage lasted: in the
    last so many seconds, or a little before, since two clocks are never read together.

    One that somebody has in hand stays his, else it would lose an attempt without a try: it is known by its lease.
    """
    work.connection.execute(_HASTEN, {"consumer": consumer, "seconds": seconds and seconds + LITTLE_S, "lease": LEASE_S})


def try_alone(work: UnitOfWork, rows: Sequence[int]) -> None:
    """Let these be tried one at a time, as retries that are due now."""
    work.connection.execute(_TRY_ALONE, {"rows": _encode(rows).decode()})


def explain(consumer: str, message: Incoming, error: BaseException) -> Why:
    """The reason as a person reads it, and the fingerprint by which equal failures are grouped. No values from the message."""
    if isinstance(error, DeltagError):
        slug, reason = error.slug, str(error)
        place = _NUMBERS.sub("#", reason)
    else:
        place = _place(error)
        slug, reason = "unexpected-error", f"{type(error).__name__} at {place}"
    fingerprint = hashlib.blake2b(f"{consumer}|{message.type}|{slug}|{place}".encode(), digest_size=6).hexdigest()
    return Why(Kind.PARKED, slug, reason, fingerprint)


def _place(error: BaseException) -> str:
    """The innermost line of our own code in a traceback."""
    trace = traceback.extract_tb(error.__traceback__)
    frames = [frame for frame in trace if "/services/" in frame.filename] or trace
    if not frames:
        return "unknown place"
    return f"{frames[-1].filename.rpartition('/services/')[2]}:{frames[-1].name}"


def _put(work: UnitOfWork, consumer: str, messages: Iterable[tuple[Incoming, Why]]) -> int:
    new = []
    for message, why in messages:
        if message.row is None:
            new.append(_row(work, consumer, message, why))
        else:
            _change(work, message, why)
    if not new:
        return 0
    return work.connection.execute(_INSERT, {"rows": _encode(new).decode()}).rowcount


def _change(work: UnitOfWork, message: Incoming, why: Why) -> None:
    work.connection.execute(_UPDATE, asdict(why) | {"kind": why.kind.value, "row": message.row})


def _row(work: UnitOfWork, consumer: str, message: Incoming, why: Why) -> dict[str, Any]:
    delivery = message.delivery
    return {
        "consumer": consumer,
        "kind": why.kind,
        "source": message.source,
        "message_id": message.id,
        "content": message.content,
        "type": message.type,
        "key": message.key,
        "sequence": None if message.snapshot else message.sequence,
        "attempts": why.attempts,
        "delay": why.delay,
        "slug": why.slug,
        "reason": why.reason,
        "fingerprint": why.fingerprint,
        "succeeded": why.succeeded,
        "exchange": delivery.exchange,
        "routing_key": _plain(delivery.routing_key),
        "properties": _properties(delivery),
        "body": b64encode(seal_body(work.context, consumer, message.id, delivery.body)).decode(),
    }


def _properties(delivery: Delivery) -> dict[str, Any]:
    return {
        "content_type": _plain(delivery.content_type),
        "reply_to": _plain(delivery.reply_to),
        "correlation_id": _plain(delivery.correlation_id),
        "headers": {_plain(name): _plain(value) for name, value in delivery.headers.items()},
    }


def _plain(value: Any) -> Any:
    """A header's value as PostgreSQL's JSON can hold it, and as it is read again: bytes and times become text."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    if isinstance(value, str):
        return value.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
    return value if isinstance(value, int | float | bool) or value is None else str(value)


def seal_body(context: Context, consumer: str, message_id: str, body: bytes) -> bytes:
    """As it is kept: encrypted, since a request holds personal data."""
    return seal_with(context.settings.deferred_key, body, f"{consumer}|{message_id}")


def open_body(context: Context, row: Any) -> bytes:
    """The bytes as they came, of a row with `consumer`, `message_id` and `body`."""
    return open_with(context.settings.deferred_key, bytes(row.body), f"{row.consumer}|{row.message_id}")


def _claimed(work: UnitOfWork, rows: Iterable[Any]) -> Sequence[Claimed]:
    return [Claimed(_delivery(work, row), row.id, row.attempts) for row in rows]


def _delivery(work: UnitOfWork, row: Any) -> Delivery:
    return Delivery(open_body(work.context, row), 0, row.exchange, row.routing_key, **row.properties)
