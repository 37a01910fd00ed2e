"""The unit of work, with its transactional outbox.

State and messages leave in one transaction: `UnitOfWork.emit` only collects, and the end of the block writes all
messages into `chassis.outbox`, each with the next sequence number of its aggregate. Numbers are handed out under a
row lock that lasts to the commit, so an aggregate's messages have no gap and never change places.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import blake2b
from types import TracebackType
from typing import Any, ClassVar, Protocol, Self

import msgspec
import sqlalchemy as sa

from services.chassis import inbox
from services.chassis.aliases import Aliases
from services.chassis.database import as_unavailable, unavailable_when_away
from services.chassis.envelope import Received, encode
from services.chassis.ids import new_id
from services.chassis.inbox import Name, Verdict
from services.chassis.service import EVENTS, Context

FLUSH_AT = 1_000
"""Messages held in memory before a long unit of work (a refresh) writes them into the outbox."""

_ENCODE = msgspec.json.Encoder().encode
"""Rows and keys go to a statement as one JSON text, which PostgreSQL takes apart, here and wherever a batch is written. psycopg
makes arrays element by element in Python: 1,000 rows of the inbox cost 2.3 ms of its CPU, as arrays 6, as so many executions of
one statement 60, as one `insert` with all their values, which SQLAlchemy compiles each time, 86 (PostgreSQL's own: 10, 9, 20, 10).

Statements are texts that stand once in their modules: SQLAlchemy keeps what it compiled of them. Compiling one each time would
cost 0.1 ms beside the 0.2 of a short statement; giving it to the driver uncompiled saves nothing."""

_NEXT_SEQUENCES = sa.text(
    "insert into chassis.aggregate_sequence as s (key, last)"
    " select k, n from json_to_recordset(cast(:rows as json)) as x(k text, n bigint) order by k"
    " on conflict (key) do update set last = s.last + excluded.last returning key, last"
)
_CURRENT_SEQUENCES = sa.text(
    "select key, last from chassis.aggregate_sequence where key in (select json_array_elements_text(cast(:keys as json)))"
)
_INSERT_OUTBOX = sa.text(
    "insert into chassis.outbox (exchange, routing_key, key, message_id, type, correlation_id, body)"
    " select * from rows from (json_to_recordset(cast(:rows as json)) as (e text, r text, k text, i text, t text, c text),"
    " string_to_table(:bodies, chr(10))) as x(e, r, k, i, t, c, b)"
)
"""The bodies stand beside the rows, one a line, which JSON's own encoding never breaks: inside them PostgreSQL would
parse every body twice (5.9 ms for 500 messages instead of 3.0)."""
_NOTIFY = sa.text("select pg_notify('deltag_outbox', '')")


class Cause(Protocol):
    """What led to a message: a `Received` message, or an HTTP request's cause."""

    @property
    def id(self) -> str: ...
    @property
    def correlationid(self) -> str | None: ...
    @property
    def traceparent(self) -> str | None: ...
    @property
    def municipality(self) -> str | None: ...
    @property
    def programme(self) -> str | None: ...


@dataclass(slots=True)
class _Emitted:
    """A message that waits for the end of the unit of work, and its envelope so far."""

    id: str
    exchange: str
    key: str
    envelope: dict[str, Any]
    reply: Received[Any] | None
    snapshot: bool


@dataclass(slots=True)
class Attempt:
    """See `UnitOfWork.attempt`."""

    kept: bool = False

    def keep(self) -> None:
        """Let what was done stand."""
        self.kept = True


class UnitOfWork:
    """One transaction on the service's own database; `with context.work() as work:` commits at the end, or rolls back.

    Services subclass it as `Work` and hang their repositories on it. Not for sharing between threads.
    Raises `Unavailable` when the database is away.
    """

    isolation: ClassVar[str | None] = None

    def __init__(self, context: Context) -> None:
        self.context = context
        self.resources = context.resources
        self._emitted: list[_Emitted] = []
        self._wakes: set[str] = set()
        self._patient: frozenset[Name] = frozenset()
        self.put_off_requests: set[Name] = set()

    def __enter__(self) -> Self:
        self.now: datetime = self.context.clock()
        with unavailable_when_away():
            self.connection = self.context.database.engine.connect()
            if self.isolation:
                self.connection.execution_options(isolation_level=self.isolation)
            self._transaction = self.connection.begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            with unavailable_when_away():
                self._end(failed=error is not None)
        finally:
            self.connection.close()
        if error is None:
            self._wake_all()
        elif trouble := as_unavailable(error):
            raise trouble from error

    def _end(self, *, failed: bool) -> None:
        if failed:
            self._transaction.rollback()
            return
        try:
            self.flush()
            self._transaction.commit()
        except BaseException:
            self._transaction.close()
            raise

    def emit(
        self,
        type: str,
        *,
        subject: str,
        data: Mapping[str, Any] | msgspec.Struct,
        cause: Cause | None = None,
        programme: str | None = None,
        exchange: str = EVENTS,
        classification: str = "internal",
        reply: Received[Any] | None = None,
    ) -> str:
        """Publish a message when, and only when, this unit of work commits; returns its id.

        It leaves at least once, and in order for its aggregate. With `reply`, the same message goes to the sender of
        `reply` too, at the address that he set.
        """
        envelope = self._envelope(type, subject, data, cause) | {"dataclassification": classification}
        if programme:
            envelope["programme"] = programme
        self._collect(_Emitted(envelope["id"], exchange, aggregate_key(type, subject), envelope, reply, snapshot=False))
        return str(envelope["id"])

    def snapshot(
        self,
        type: str,
        *,
        subject: str,
        data: Mapping[str, Any] | msgspec.Struct,
        programme: str | None = None,
        exchange: str = EVENTS,
        classification: str = "internal",
    ) -> None:
        """Publish the present state of an aggregate again, under its present sequence number."""
        envelope = self._envelope(type, subject, data, None) | {"dataclassification": classification, "snapshot": True}
        if programme:
            envelope["programme"] = programme
        self._collect(_Emitted(envelope["id"], exchange, aggregate_key(type, subject), envelope, None, snapshot=True))

    @cached_property
    def aliases(self) -> Aliases:
        """Which ids stand for which others."""
        return Aliases(self.connection)

    def last_told(self, aggregate: str, subjects: Collection[str]) -> dict[str, int]:
        """How many facts were told of each of these aggregates of a kind, such as `events.activity`; without those of which none was."""
        told = self._current([f"{aggregate}/{subject}" for subject in subjects])
        return {key.removeprefix(f"{aggregate}/"): last for key, last in told.items()}

    def wake(self, name: str) -> None:
        """After the commit, run the timer `name` (or the relay) at once."""
        self._wakes.add(name)

    @contextmanager
    def attempt(self) -> Iterator["Attempt"]:
        """What is done in the block is taken back at its end, messages too, unless it said `attempt.keep()`."""
        emitted, wakes, attempt = len(self._emitted), set(self._wakes), Attempt()
        with self.connection.begin_nested() as savepoint:
            yield attempt
            if not attempt.kept:
                savepoint.rollback()
                del self._emitted[emitted:]
                self._wakes = wakes

    def admit(self, consumer: str, source: str, requests: Sequence[tuple[str, bytes]]) -> list[Verdict]:
        """Take each outside request's id once: a repeated id is a duplicate with the same content, else a conflict."""
        return inbox.admit(self.connection, consumer, [((source, id_), content_hash(content)) for id_, content in requests], door="http")

    def put_off(self, request: Received[Any]) -> bool:
        """Let a request be tried again later, as if it had not come, since what it follows may be on its way; whether it may wait.

        It is tried as often, and after the same delays, as a message that fails. At the last try, and where it did not come over the
        bus, it may not wait: then it is to be answered.
        """
        may_wait = (request.source, request.id) in self._patient
        if may_wait:
            self.put_off_requests.add((request.source, request.id))
        return may_wait

    def be_patient(self, requests: Iterable[Name]) -> None:
        """These may be put off."""
        self._patient = frozenset(requests)

    def flush(self) -> None:
        """Write what was emitted so far into the outbox, inside the transaction."""
        if not self._emitted:
            return
        emitted, self._emitted = self._emitted, []
        self._number(emitted)
        rows, bodies = zip(*(row for message in emitted for row in _outbox_rows(message)), strict=True)
        self.connection.execute(_INSERT_OUTBOX, {"rows": _ENCODE(rows).decode(), "bodies": "\n".join(bodies)})
        self._wakes.add("relay")
        if "relay" not in self.context.wakers:
            self.connection.execute(_NOTIFY)

    def _envelope(self, type_: str, subject: str, data: Any, cause: Cause | None) -> dict[str, Any]:
        settings = self.context.settings
        envelope = {
            "specversion": "1.0",
            "id": new_id(),
            "source": f"/{settings.municipality}/{self.context.service.name}",
            "type": type_,
            "subject": subject,
            "time": self.now,
            "datacontenttype": "application/json",
            "dataschema": dataschema(type_),
            "recordedtime": self.now,
            "municipality": (cause and cause.municipality) or settings.municipality,
            "data": data,
        }
        if cause:
            if cause.programme:
                envelope["programme"] = cause.programme
            envelope["correlationid"] = cause.correlationid or cause.id
            envelope["causationid"] = cause.id
            if cause.traceparent:
                envelope["traceparent"] = cause.traceparent
        return envelope

    def _collect(self, message: _Emitted) -> None:
        self._emitted.append(message)
        if len(self._emitted) >= FLUSH_AT and message.snapshot:
            self.flush()

    def _number(self, emitted: Sequence[_Emitted]) -> None:
        counts = Counter(m.key for m in emitted if not m.snapshot)
        nexts = {key: last - counts[key] for key, last in self._allot(counts)}
        current = self._current([m.key for m in emitted if m.snapshot])
        for message in emitted:
            if message.snapshot:
                message.envelope["sequence"] = sequence_text(current[message.key])
            else:
                nexts[message.key] += 1
                message.envelope["sequence"] = sequence_text(nexts[message.key])

    def _allot(self, counts: Mapping[str, int]) -> Sequence[tuple[str, int]]:
        if not counts:
            return ()
        rows = _ENCODE([{"k": key, "n": n} for key, n in counts.items()]).decode()
        return [(key, last) for key, last in self.connection.execute(_NEXT_SEQUENCES, {"rows": rows})]

    def _current(self, keys: Sequence[str]) -> dict[str, int]:
        if not keys:
            return {}
        return dict(self.connection.execute(_CURRENT_SEQUENCES, {"keys": _ENCODE(keys).decode()}).all())

    def _wake_all(self) -> None:
        for name in self._wakes:
            if wake := self.context.wakers.get(name):
                wake()


def aggregate_key(type_: str, subject: str) -> str:
    """The key that an aggregate's messages share: `registration.enrolment/<subject>` for `registration.enrolment.accepted.v1`."""
    service, aggregate, *_ = type_.split(".")
    return f"{service}.{aggregate}/{subject}"


def dataschema(type_: str) -> str:
    """The contract's URI: `urn:deltag:contract:enrolment.accepted:v1` for `registration.enrolment.accepted.v1`."""
    *_, aggregate, fact, version = type_.split(".")
    return f"urn:deltag:contract:{aggregate}.{fact}:{version}"


def sequence_text(number: int) -> str:
    """Ten digits, because the CloudEvents `sequence` extension asks for a text that sorts in order."""
    return f"{number:010d}"


def content_hash(data: bytes | msgspec.Raw) -> str:
    """A hash of JSON that white space and the order of members do not change."""
    canonical = msgspec.json.encode(msgspec.json.decode(data), order="sorted")
    return blake2b(canonical, digest_size=16).hexdigest()


def _outbox_rows(message: _Emitted) -> list[tuple[dict[str, Any], str]]:
    body = encode(message.envelope).decode()
    row = {"e": message.exchange, "r": message.envelope["type"], "k": message.key, "i": message.id, "t": message.envelope["type"]}
    rows = [(row | {"c": message.envelope.get("correlationid")}, body)]
    if message.reply and message.reply.reply_to:
        address = {"e": "", "r": message.reply.reply_to, "c": message.reply.reply_correlation or message.reply.id}
        rows.append((row | address, body))
    return rows
