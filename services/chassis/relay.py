"""The message relay: takes committed rows from the outbox and publishes them with confirms.

A row is deleted in the transaction that took it (SKIP LOCKED, so any number of relays share the work), after the
broker has confirmed it and not returned it. A crash between the confirm and the commit publishes the row again: on the
wire a message is at-least-once, and receivers know it by its sequence. What comes back as unroutable is parked, never
called a success. The relay is woken by commits of its own process, by NOTIFY from others, and polls as a fallback.
"""

from contextlib import suppress

import psycopg
import sqlalchemy as sa

from services.chassis import deferred, instruments
from services.chassis.bus import Bus, Publisher
from services.chassis.consumer import NOT_YET, Pauses, persist, topology
from services.chassis.crashpoints import crash_point
from services.chassis.envelope import Outgoing
from services.chassis.lifecycle import Stop, Wake
from services.chassis.service import Context
from services.chassis.storage import unavailable_when_away

BATCH = 1_000
POLL_S = 1.0
LISTEN_S = 0.25
"""How long the listener waits for a notice before it looks whether to stop."""
OUTBOX = "outbox"
"""The name under which unroutable messages are parked."""

_TAKE = sa.text(
    "delete from chassis.outbox where id = any(array("
    "select id from chassis.outbox order by id limit :limit for update skip locked))"
    " returning id, exchange, routing_key, key, message_id, type, correlation_id, body"
)
_PARK = sa.text(
    "insert into chassis.deferred (consumer, kind, message_id, content, type, key, slug, reason, fingerprint, exchange, routing_key, body)"
    " values (:consumer, 'parked', :id, :routing_key, :type, :key, 'unroutable',"
    " 'No queue is bound for it: check the topology, then replay.', 'unroutable', :exchange, :routing_key, :body) on conflict do nothing"
)


class Relay:
    """Runs until `stop`. The outbox keeps everything while the broker is away."""

    def __init__(self, context: Context, bus: Bus, stop: Stop) -> None:
        self.context = context
        self.bus = bus
        self.stop = stop
        self.wake = Wake()
        self.trouble = NOT_YET
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
                self.trouble = ""
                pauses.reset()
                if taken < BATCH:
                    self.wake.wait(POLL_S)
                    publisher.keep_alive()
            self.publish_batch(publisher)
        finally:
            publisher.close()

    def publish_batch(self, publisher: Publisher) -> int:
        """One transaction: take, publish, park what came back; returns how many rows it took."""
        with unavailable_when_away(), self.context.database.engine.begin() as connection:
            rows = sorted(connection.execute(_TAKE, {"limit": BATCH}).all())
            messages = [Outgoing(r.message_id, r.exchange, r.routing_key, r.body.encode(), r.type, r.correlation_id, r.key) for r in rows]
            if not messages:
                return 0
            crash_point("relay.before-publish")
            returned = publisher.publish(messages)
            crash_point("relay.after-confirm")
            for message in returned:
                connection.execute(_PARK, self._parked(message))
        instruments.observe_relayed(self.context.service.name, published=len(messages) - len(returned), returned=len(returned))
        return len(messages)

    def _parked(self, message: Outgoing) -> dict[str, object]:
        return {
            "consumer": OUTBOX,
            "id": message.id,
            "type": message.type,
            "key": message.key,
            "exchange": message.exchange,
            "routing_key": message.routing_key,
            "body": deferred.seal_body(self.context, OUTBOX, message.id, message.body),
        }


class Listener:
    """Wakes the relay for commits of other processes, by LISTEN; without it the relay still polls."""

    def __init__(self, context: Context, wake: Wake, stop: Stop) -> None:
        self.context = context
        self.wake = wake
        self.stop = stop

    def run(self) -> None:
        """Listen until stopped; a lost connection is made again."""
        while not self.stop.is_set():
            with suppress(psycopg.Error):
                self._listen()
            self.stop.wait(POLL_S)

    def _listen(self) -> None:
        with psycopg.connect(self.context.database.url, autocommit=True, connect_timeout=5, tcp_user_timeout=10_000) as connection:
            connection.execute("listen deltag_outbox")
            while not self.stop.is_set():
                for _ in connection.notifies(timeout=LISTEN_S, stop_after=1):
                    self.wake()
