"""The embedded bus: kombu's in-memory transport for one process, with PostgreSQL as its memory.

`publish` first writes into `log`, commits, and only then puts the messages into the queues: the commit is the confirm.
For each queue a cursor remembers up to where everything has been settled; at the next start what lies behind it is
put into the queue again, marked redelivered. Where nothing waits the cursor goes along with the log, in steps of `PASS_EVERY`.
So a kill -9 loses nothing, and the log also serves replays: facts stay in it, and what else passed (requests, contact cards)
goes when every queue is past it.
One process may use it at a time.
"""

import threading
from base64 import b64encode
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any
from uuid import uuid4

import msgspec
import sqlalchemy as sa
from kombu import Connection, Exchange, Producer
from kombu import Queue as KombuQueue

from services.chassis.bus import Delivery, Topology
from services.chassis.database import Database, unavailable_when_away
from services.chassis.envelope import Outgoing
from services.chassis.errors import Conflict
from services.chassis.service import EVENTS

_encode = msgspec.json.Encoder().encode

PASS_EVERY = 100
"""So many messages later at the latest, a queue that has nothing waiting is past them: a start reads no more for it, and the next
settlement lets go of requests and cards that were kept for nobody."""

_TABLES = (
    """create table if not exists log (
        id bigint primary key, exchange text not null, routing_key text not null, message_id text not null, correlation_id text,
        reply_to text, content_type text not null, headers json not null, body bytea not null,
        at timestamptz not null default clock_timestamp()
    )""",
    "create index if not exists log_passing on log (id) where exchange <> 'deltag.events'",
    "create sequence if not exists log_id",
    "create table if not exists cursor (queue text primary key, done bigint not null)",
)
_IDS = sa.text("select nextval('log_id') from generate_series(1, :count)")
_APPEND = sa.text(
    "insert into log (id, exchange, routing_key, message_id, correlation_id, reply_to, content_type, headers, body)"
    " select n, x, r, i, c, a, t, h, decode(b, 'base64') from json_to_recordset(cast(:rows as json))"
    " as rows(n bigint, x text, r text, i text, c text, a text, t text, h json, b text)"
)
_NEW_CURSOR = sa.text("insert into cursor (queue, done) select :queue, coalesce(max(id), 0) from log on conflict do nothing")
_MOVE = sa.text("update cursor set done = :done where queue = :queue and done < :done")
_PASS = sa.text("update cursor set done = :done where queue = any(:queues) and done < :done")
_FORGET = sa.text("delete from log where exchange <> 'deltag.events' and id <= (select min(done) from cursor)")
_SINCE = sa.text("select * from log where id > :offset order by id limit 1000")
_LAST = sa.text("select coalesce(max(id), 0) from log")
_CURSOR = sa.text("select done from cursor where queue = :queue")


class EmbeddedBus:
    """Queues in memory, backed by the database `database` (its own, shared with no service)."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._connection = Connection("memory://")
        self._prefix = f"{uuid4().hex}:"
        self._publishing = threading.Lock()
        self._arrivals: dict[str, threading.Event] = {}
        self._transient: set[str] = set()
        self._consumed: set[str] = set()
        self._logging = False
        self._left: dict[str, deque[Delivery]] = {}
        self._put_last: dict[str, int] = {}
        self._settled_last: dict[str, int] = {}
        self._end = self._passed = 0
        with unavailable_when_away(), database.engine.begin() as connection:
            for statement in _TABLES:
                connection.execute(sa.text(statement))

    def declare(self, topology: Topology) -> None:
        """See `Bus.declare`. A queue that is declared again after a restart gets back what it had not settled."""
        self._logging |= topology.log is not None
        channel = self._connection.channel()
        for exchange in topology.exchanges:
            self._exchange(exchange).bind(channel).declare()
        with self._publishing:
            for queue in topology.queues:
                if queue.name not in self._arrivals:
                    self._declare_queue(channel, queue.name, queue.exchange, queue.keys)
                    self._restore(channel, queue.name, transient=queue.transient)

    def publisher(self) -> "EmbeddedPublisher":
        """See `Bus.publisher`."""
        return EmbeddedPublisher(self)

    def subscribe(self, queue: str, prefetch: int) -> "EmbeddedSubscription":
        """See `Bus.subscribe`."""
        return EmbeddedSubscription(self, queue, prefetch)

    def read_log(self, log: str, offset: int = 0, *, idle: float = 2.0) -> Iterator[Delivery]:  # noqa: ARG002 - one log, and its end is known
        """See `Bus.read_log`."""
        return read_log(self.database, offset)

    def append(self, messages: Sequence[Outgoing]) -> Sequence[Outgoing]:
        """Log, commit, then put into the queues; one at a time, and none while a queue gets back its own: so all keep the log's order."""
        channel = self._connection.channel()
        with self._publishing:
            if self._end - self._passed >= PASS_EVERY:
                self._pass(self._end)
            routed = [(message, self._route(channel, message)) for message in messages]
            wanted = [(message, queues) for message, queues in routed if queues or self._logs(message)]
            ids = self._log([message for message, _ in wanted])
            for id_, (message, queues) in zip(ids, wanted, strict=True):
                for queue in queues:
                    self._put(channel, queue, id_, message)
                self._end = id_
        return [message for message, queues in routed if not queues and not self._logs(message)]

    def arrival(self, queue: str) -> threading.Event:
        """Set when something was put into the queue."""
        return self._arrivals[queue]

    def begin(self, queue: str) -> deque[Delivery]:
        """Let one subscription consume the queue; returns what the one before it left unsettled."""
        if queue in self._consumed:
            text = f"{queue} has a consumer already; the embedded bus serves one process."
            raise Conflict("already-consumed", field=queue, da=text, en=text)
        self._consumed.add(queue)
        return self._left.pop(queue, deque())

    def end(self, queue: str, unsettled: deque[Delivery]) -> None:
        """Take back what a subscription leaves unsettled, in front of the rest."""
        self._left[queue] = deque(replace(delivery, redelivered=True) for delivery in unsettled)
        self._consumed.discard(queue)

    def take(self, channel: Any, queue: str) -> Delivery | None:
        """The next message in the queue, or none."""
        message = channel.basic_get(self._prefix + queue, no_ack=True)
        return message and _delivery(message)

    def settled(self, queue: str, done: int) -> None:
        """Move the queue's cursor."""
        if queue not in self._transient:
            with unavailable_when_away(), self.database.engine.begin() as connection:
                connection.execute(_MOVE, {"queue": queue, "done": done})
                connection.execute(_FORGET)
            self._settled_last[queue] = done

    def channel(self) -> Any:
        """A channel of the in-memory connection."""
        return self._connection.channel()

    def _exchange(self, name: str) -> Exchange:
        return Exchange(self._prefix + name if name else "", type="topic", durable=True)

    def _declare_queue(self, channel: Any, name: str, exchange: str, keys: Sequence[str]) -> None:
        for key in keys:
            KombuQueue(self._prefix + name, self._exchange(exchange), routing_key=key).bind(channel).declare()
        if not keys:
            channel.queue_declare(self._prefix + name)
        self._arrivals[name] = threading.Event()

    def _restore(self, channel: Any, queue: str, *, transient: bool) -> None:
        if transient:
            self._transient.add(queue)
            return
        with unavailable_when_away(), self.database.engine.begin() as connection:
            connection.execute(_NEW_CURSOR, {"queue": queue})
            offset = connection.execute(_CURSOR, {"queue": queue}).scalar_one()
        while rows := _since(self.database, offset):
            for row in rows:
                message = _message(row)
                if queue in self._route(channel, message):
                    self._put(channel, queue, row.id, message, redelivered=True)
            self._end = max(self._end, offset := rows[-1].id)
        self._pass(offset, [queue])

    def _pass(self, end: int, among: Iterable[str] = ()) -> None:
        """Move the cursors of queues that have nothing waiting. Nobody publishes meanwhile, so no id up to `end` is still to come."""
        idle = [queue for queue in among or self._arrivals if queue not in self._transient and self._has_nothing(queue)]
        with unavailable_when_away(), self.database.engine.begin() as connection:
            connection.execute(_PASS, {"queues": idle, "done": end})
        self._passed = end

    def _has_nothing(self, queue: str) -> bool:
        return self._put_last.get(queue, 0) <= self._settled_last.get(queue, 0)

    def _route(self, channel: Any, message: Outgoing) -> Sequence[str]:
        if not message.exchange:
            return [message.routing_key] if message.routing_key in self._arrivals else []
        return [q.removeprefix(self._prefix) for q in channel._lookup(self._prefix + message.exchange, message.routing_key) if q]  # noqa: SLF001 - kombu has no public look-up

    def _log(self, messages: Sequence[Outgoing]) -> Sequence[int]:
        if not messages:
            return ()
        with unavailable_when_away(), self.database.engine.begin() as connection:
            ids = list(connection.execute(_IDS, {"count": len(messages)}).scalars())
            rows = [_row(id_, message) for id_, message in zip(ids, messages, strict=True)]
            connection.execute(_APPEND, {"rows": _encode(rows).decode()})
        return ids

    def _logs(self, message: Outgoing) -> bool:
        return self._logging and message.exchange == EVENTS

    def _put(self, channel: Any, queue: str, id_: int, message: Outgoing, *, redelivered: bool = False) -> None:
        origin = {"id": id_, "exchange": message.exchange, "routing_key": message.routing_key, "redelivered": redelivered}
        Producer(channel).publish(
            message.body,
            routing_key=self._prefix + queue,
            content_type=message.content_type,
            content_encoding="binary",
            headers={"origin": origin, "sent": dict(message.headers)},
            correlation_id=message.correlation_id,
            reply_to=message.reply_to,
        )
        self._put_last[queue] = id_
        self._arrivals[queue].set()


class EmbeddedPublisher:
    """See `Publisher`."""

    def __init__(self, bus: EmbeddedBus) -> None:
        self._bus = bus

    def publish(self, messages: Sequence[Outgoing]) -> Sequence[Outgoing]:
        """See `Publisher.publish`."""
        return self._bus.append(messages)

    def keep_alive(self) -> None:
        """There is no connection."""

    def close(self) -> None:
        """Nothing is held."""


class EmbeddedSubscription:
    """See `Subscription`. Only one at a time may consume a queue, since a queue has one cursor."""

    def __init__(self, bus: EmbeddedBus, queue: str, prefetch: int) -> None:
        self._bus = bus
        self._queue = queue
        self._prefetch = prefetch
        self._channel = bus.channel()
        self._unsettled = bus.begin(queue)
        self._handed_out = 0

    def receive(self, limit: int, timeout: float) -> Sequence[Delivery]:
        """See `Subscription.receive`."""
        arrival = self._bus.arrival(self._queue)
        arrival.clear()
        self._fetch(limit)
        if len(self._unsettled) == self._handed_out and arrival.wait(timeout):
            self._fetch(limit)
        ready = list(islice(self._unsettled, self._handed_out, self._handed_out + limit))
        self._handed_out += len(ready)
        return ready

    def settle(self, last: Delivery) -> None:
        """See `Subscription.settle`."""
        self._bus.settled(self._queue, last.tag)
        while self._handed_out and self._unsettled[0].tag <= last.tag:
            self._unsettled.popleft()
            self._handed_out -= 1

    def close(self) -> None:
        """See `Subscription.close`."""
        self._bus.end(self._queue, self._unsettled)

    def _fetch(self, limit: int) -> None:
        wanted = min(self._handed_out + limit, self._prefetch)
        while len(self._unsettled) < wanted and (delivery := self._bus.take(self._channel, self._queue)):
            self._unsettled.append(delivery)


def read_log(database: Database, offset: int) -> Iterator[Delivery]:
    """The log as another process may read it: what passed `deltag.events` after `offset`, up to what is there now."""
    end = _last(database)
    while offset < end and (rows := _since(database, offset)):
        yield from (_logged(row) for row in rows if row.exchange == EVENTS)
        offset = rows[-1].id


def _last(database: Database) -> int:
    with unavailable_when_away(), database.engine.connect() as connection:
        return int(connection.execute(_LAST).scalar_one())


def _since(database: Database, offset: int) -> Sequence[Any]:
    with unavailable_when_away(), database.engine.connect() as connection:
        return connection.execute(_SINCE, {"offset": offset}).all()


def _row(id_: int, message: Outgoing) -> dict[str, Any]:
    return {
        "n": id_,
        "x": message.exchange,
        "r": message.routing_key,
        "i": message.id,
        "c": message.correlation_id,
        "a": message.reply_to,
        "t": message.content_type,
        "h": dict(message.headers),
        "b": b64encode(message.body).decode(),
    }


def _message(row: Any) -> Outgoing:
    return Outgoing(
        row.message_id,
        row.exchange,
        row.routing_key,
        bytes(row.body),
        correlation_id=row.correlation_id,
        reply_to=row.reply_to,
        content_type=row.content_type,
        headers=row.headers,
    )


def _delivery(message: Any) -> Delivery:
    origin = message.headers["origin"]
    return Delivery(
        bytes(message.body),
        origin["id"],
        origin["exchange"],
        origin["routing_key"],
        origin["redelivered"],
        message.content_type,
        message.properties.get("reply_to"),
        message.properties.get("correlation_id"),
        message.headers["sent"],
    )


def _logged(row: Any) -> Delivery:
    return Delivery(bytes(row.body), row.id, row.exchange, row.routing_key, content_type=row.content_type, headers=row.headers)
