"""The message relay: takes committed rows from the outbox and publishes them with confirms.

A row is deleted in the transaction that took it (SKIP LOCKED, so any number of relays share the work), after the
broker has confirmed it and not returned it. A crash between the confirm and the commit publishes the row again: on the
wire a message is at-least-once, and receivers know it by its sequence. What comes back as unroutable is parked, never
called a success, and so is what cannot be written. What a full queue refuses waits in its place, on a growing delay of
its own, and the rest goes on; the oldest fact that waits so is tried often, and when it gets through, so are all others.
An answer goes where its sender said, so nobody else waits for long over one: refused again and again it is parked, and
so is one over which the broker ends the connection, once it was sent alone. The relay is woken by commits of its own
process, by NOTIFY from others, and polls as a fallback.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

import sqlalchemy as sa

from services.chassis import deferred, instruments
from services.chassis.bus import Bus, Objection, Publisher, Refused, Unwritable
from services.chassis.crashpoints import crash_point
from services.chassis.database import unavailable_when_away
from services.chassis.envelope import Outgoing
from services.chassis.lifecycle import Stop, Wake
from services.chassis.loops import NOT_YET, Pauses, persist
from services.chassis.pace import Bounds, Pace
from services.chassis.service import Context
from services.chassis.topology import topology

BATCH = 1_000
"""Messages that one transaction takes out of the outbox. The benchmark's job costs 0.28 s for 1,000 messages in all (both services,
database, broker), with batches of 300 0.29, of 100 0.35, and of 3,000 0.28: in small ones it is the commits that cost."""
BYTES = Bounds(first=2**15, least=2**13, most=2**22, good_s=2.0)
"""Of bodies at a time: over a slow line, too, what has left is committed every few seconds. The most is what a fast one carries at once."""
POLL_S = 1.0
LISTEN_S = 0.25
"""How long the listener waits for a notice before it looks whether to stop."""
LAST_S = 2.0
"""How long, at a stop, batch after batch is begun of what was committed by then."""
PROBE_EVERY_S = 5.0
"""How often the oldest fact that was refused is tried again, for all that wait with it: one message finds out whether there is room."""
OUTBOX = "outbox"
"""The name under which unroutable messages are parked."""

_TAKE = sa.text(
    "delete from chassis.outbox where id = any(array("
    "select id from (select id, sum(size) over (order by id) - size as before from (select id, octet_length(body) as size"
    " from chassis.outbox where due_at <= clock_timestamp() order by id limit :limit for update skip locked) as due) as counted"
    " where before < :bytes)) returning id, exchange, routing_key, key, message_id, type, correlation_id, body, created_at, attempts"
)
_KEEP = sa.text(
    "insert into chassis.outbox (id, exchange, routing_key, key, message_id, type, correlation_id, body, created_at, attempts, due_at)"
    " overriding system value values (:id, :exchange, :routing_key, :key, :message_id, :type, :correlation_id, :body, :created_at,"
    " :attempts, clock_timestamp() + interval '1 second' * case when cast(:exchange as text) = '' or exists (select from chassis.outbox"
    " where id < :id and attempts > 0 and exchange <> '') then cast(:delay as float) else least(:delay, :probe_every) end)"
)
_ROOM = sa.text(
    "update chassis.outbox set due_at = clock_timestamp() where id = any(array("
    "select id from chassis.outbox where attempts > 0 and due_at > clock_timestamp() and exchange <> '' for update skip locked))"
)
_PARK = sa.text(
    "insert into chassis.deferred (consumer, kind, message_id, content, type, key, slug, reason, fingerprint, exchange, routing_key,"
    " properties, body) values (:consumer, 'parked', :message_id, :content, :type, :key, :slug, :reason, :slug, :exchange,"
    " :routing_key, json_build_object('correlation_id', cast(:correlation_id as text)), :sealed) on conflict do nothing"
)
_REASONS = {
    "unroutable": "No queue is bound for it: check the topology, then replay.",
    "refused": "The queue that was to have it was full again and again: let its owner empty it, then replay.",
    "unwritable": "Its address or its correlation is too long for the bus: answer its sender by other means, then discard it.",
    "objected-to": "The broker ended the connection over it: look at the address that the sender gave for his answers.",
}


class Relay:
    """Runs until `stop`. The outbox keeps everything while the broker is away."""

    def __init__(self, context: Context, bus: Bus, stop: Stop) -> None:
        self.context = context
        self.bus = bus
        self.stop = stop
        self.wake = Wake()
        self.trouble = NOT_YET
        self._refused = ""
        self._suspects = 0
        self._pace = Pace(BYTES)
        context.wakers["relay"] = self.wake
        stop.also(self.wake)

    def run(self) -> None:
        """Publish until stopped, and once more after, so that nothing that was committed waits for the next start."""
        persist(self._session, self.stop, self._note, loop="relay")

    def _note(self, trouble: str) -> None:
        self.trouble = trouble

    def _session(self, pauses: Pauses) -> None:
        self.bus.declare(topology([]))
        publisher = self.bus.publisher()
        try:
            while not self.stop.is_set():
                taken = self.publish_batch(publisher)
                pauses.reset()
                if not self._may_have_left_some(taken):
                    self.wake.wait(POLL_S)
                    publisher.keep_alive()
            self._publish_the_last(publisher)
        finally:
            publisher.close()

    def _publish_the_last(self, publisher: Publisher) -> None:
        until = monotonic() + LAST_S
        while self._may_have_left_some(self.publish_batch(publisher)) and monotonic() < until:
            pass

    def _may_have_left_some(self, taken: int) -> bool:
        """A batch ends at so many messages, or at so many bytes."""
        return taken >= self._limit or self._pace.full

    @property
    def _limit(self) -> int:
        return 1 if self._suspects else BATCH

    def publish_batch(self, publisher: Publisher) -> int:
        """One transaction: take, publish, park what came back, keep what was refused; returns how many rows it took."""
        with self._pace.kept(), unavailable_when_away(), self.context.database.engine.begin() as connection:
            rows = sorted(connection.execute(_TAKE, {"limit": self._limit, "bytes": self._pace.limit}).all())
            self._pace.take(sum(len(row.body.encode()) for row in rows))
            sent = self._send(publisher, rows) if rows else Sent()
            for row, slug in sent.parked:
                self._park(connection, row, slug)
            for row in sent.refused:
                self._keep_or_park(connection, row)
            if _found_room(rows, sent):
                connection.execute(_ROOM)
        self._suspects = max(0, self._suspects - 1) if rows else 0
        self._tell(rows, sent)
        if sent.objection:
            raise sent.objection
        return len(rows)

    def _send(self, publisher: Publisher, rows: Sequence[Any]) -> "Sent":
        messages = [_outgoing(row) for row in rows]
        crash_point("relay.before-publish")
        try:
            returned = publisher.publish(messages)
        except Refused as some:
            return Sent(_parked(_among(rows, messages, some.returned)), _among(rows, messages, some.refused))
        except Unwritable as some:
            return self._send_without(publisher, rows, _among(rows, messages, some.messages))
        except Objection as objection:
            if len(rows) == 1 and _is_answer(rows[0]):
                return Sent(_parked(rows, "objected-to"), objection=objection)
            self._suspects = len(rows)
            raise
        crash_point("relay.after-confirm")
        return Sent(_parked(_among(rows, messages, returned)))

    def _send_without(self, publisher: Publisher, rows: Sequence[Any], unwritable: Sequence[Any]) -> "Sent":
        rest = [row for row in rows if row not in unwritable]
        sent = self._send(publisher, rest) if rest else Sent()
        return replace(sent, parked=[*sent.parked, *_parked(unwritable, "unwritable")])

    def _keep_or_park(self, connection: sa.Connection, row: Any) -> None:
        settings, attempts = self.context.settings, row.attempts + 1
        if _is_answer(row) and attempts >= settings.retry_attempts:
            self._park(connection, row, "refused")
            return
        when = {"attempts": attempts, "delay": deferred.backoff(attempts, settings.retry_base_s), "probe_every": PROBE_EVERY_S}
        connection.execute(_KEEP, dict(row._mapping) | when)  # noqa: SLF001 - SQLAlchemy's public name

    def _park(self, connection: sa.Connection, row: Any, slug: str) -> None:
        sealed = deferred.seal_body(self.context, OUTBOX, row.message_id, row.body.encode())
        why = {"consumer": OUTBOX, "content": f"{row.exchange}/{row.routing_key}", "slug": slug, "reason": _REASONS[slug], "sealed": sealed}
        connection.execute(_PARK, dict(row._mapping) | why)  # noqa: SLF001

    def _tell(self, rows: Sequence[Any], sent: "Sent") -> None:
        """An answer that is refused is its sender's trouble; a fact is ours."""
        if rows:
            self._refused = next((str(Refused((), ())) for row in sent.refused if not _is_answer(row)), "")
        self.trouble = self._refused
        published = len(rows) - len(sent.parked) - len(sent.refused)
        instruments.observe_relayed(self.context.service.name, published=published, returned=len(sent.parked), refused=len(sent.refused))


@dataclass(frozen=True)
class Sent:
    """What became of a batch: all others are published."""

    parked: Sequence[tuple[Any, str]] = ()
    refused: Sequence[Any] = ()
    objection: Objection | None = None


def _parked(rows: Sequence[Any], slug: str = "unroutable") -> Sequence[tuple[Any, str]]:
    return [(row, slug) for row in rows]


def _found_room(rows: Sequence[Any], sent: Sent) -> bool:
    """Whether a fact that was refused before has got through."""
    again = {row.id for row in sent.refused}
    return any(row.attempts and not _is_answer(row) and row.id not in again for row in rows)


def _outgoing(row: Any) -> Outgoing:
    return Outgoing(row.message_id, row.exchange, row.routing_key, row.body.encode(), row.type, row.correlation_id, row.key)


def _among(rows: Sequence[Any], messages: Sequence[Outgoing], some: Sequence[Outgoing]) -> Sequence[Any]:
    """The rows of these messages. A fact and the answer that tells of it may share every name, so they are known by what they are."""
    wanted = set(map(id, some))
    return [row for row, message in zip(rows, messages, strict=True) if id(message) in wanted]


def _is_answer(row: Any) -> bool:
    """Whether it goes to an address that a sender gave."""
    return not row.exchange


class Listener:
    """Wakes the relay for commits of other processes, by LISTEN; without it the relay still polls, so it is nobody's trouble."""

    def __init__(self, context: Context, wake: Wake, stop: Stop) -> None:
        self.context = context
        self.wake = wake
        self.stop = stop

    def run(self) -> None:
        """Listen until stopped; a lost connection is made again."""
        persist(self._session, self.stop, lambda _trouble: None, loop="listener")

    def _session(self, pauses: Pauses) -> None:
        with self.context.database.apart() as connection:
            connection.execute("listen deltag_outbox")
            pauses.reset()
            while not self.stop.is_set():
                for _ in connection.notifies(timeout=LISTEN_S, stop_after=1):
                    self.wake()
