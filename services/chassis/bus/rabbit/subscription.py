"""The way in: whatever has arrived is taken in one read, and settled in one acknowledgement."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import accumulate
from math import inf
from time import monotonic, sleep

import amqp
from amqp import spec

from services.chassis.bus import Delivery, wire
from services.chassis.bus.rabbit.connection import GOODBYE_S, arrived, away, hang_up
from services.chassis.errors import Unavailable

BATCH_BYTES = 8_000_000
"""What is taken into memory at once, whatever the number of messages: the rest waits in the socket, and then at the broker."""

LOOK_S = 0.001
"""How long a look takes at least: with no time at all py-amqp would try again and again."""


class RabbitSubscription:
    """Consumes one queue; owned by one thread, which reads the socket only when it wants more."""

    def __init__(self, connection: amqp.Connection, queue: str, prefetch: int) -> None:
        self._connection = connection
        self._channel = connection.channel()
        self._channel.basic_qos(0, prefetch, a_global=False)
        self._incoming = wire.Incoming()
        self._buffer: list[Delivery] = []
        self._bytes = 0
        self._channel.basic_consume(queue, on_cancel=self._on_cancel)
        connection.deltag_guard.expect(inf)

    def receive(self, limit: int, timeout: float) -> Sequence[Delivery]:
        """See `Subscription.receive`."""
        with away(self._let_go):
            self._pump(limit, timeout)
        limit = self._fitting(limit) if self._bytes > BATCH_BYTES else limit
        taken, self._buffer = self._buffer[:limit], self._buffer[limit:]
        self._bytes -= _size(taken)
        return taken

    def settle(self, last: Delivery) -> None:
        """See `Subscription.settle`."""
        with away(self._let_go):
            self._channel.basic_ack(last.tag, multiple=True)

    def close(self) -> None:
        """See `Subscription.close`. Says goodbye and waits for the answer: who hangs up at once may be too fast for his last settlement."""
        if self._connection.connected:
            with suppress(Exception):
                self._say_goodbye(monotonic() + GOODBYE_S)
        self._let_go()

    def _say_goodbye(self, deadline: float) -> None:
        with self._connection.transport.having_timeout(GOODBYE_S):
            self._channel.send_method(spec.Channel.Close, "BsBB", (0, "", 0, 0))
        while self._channel.connection and (left := deadline - monotonic()) > 0:
            self._drop(left)

    def _drop(self, within: float) -> None:
        """Read and keep nothing: before the broker's answer come all deliveries that were on their way."""
        with self._connection.transport.having_timeout(within):
            self._read()
        self._buffer.clear()
        sleep(0)

    def _let_go(self) -> None:
        hang_up(self._connection)

    def _pump(self, limit: int, timeout: float) -> None:
        """Read: wait for the first message, then take whatever else has arrived. Who waited for the rest of half a message would get
        the next half with it on a slow line, and so on, while the broker waits for what is here already to be settled.
        """
        deadline = monotonic() + max(timeout, LOOK_S)
        self._take()
        while len(self._buffer) < limit and self._bytes < BATCH_BYTES and self._more(deadline - monotonic()):
            self._connection.deltag_guard.attend()
        self._connection.deltag_guard.attend()

    def _more(self, within: float) -> bool:
        """Read what has arrived, or wait for it if there is nothing yet; says whether to go on. Of TLS half a record may have arrived."""
        transport = self._connection.transport
        if within <= 0 or (self._buffer and not arrived(transport)):
            return False
        with suppress(TimeoutError), transport.having_timeout(within):
            self._read()
        return True

    def _read(self) -> None:
        """At least one more byte, and what it completes. In the middle of a large message the other green threads get their turn."""
        transport = self._connection.transport
        held = transport._read_buffer  # noqa: SLF001 - py-amqp has no public seam between bytes and frames
        transport._read_buffer = transport._read(len(held) + 1) + transport._read_buffer  # noqa: SLF001
        self._take()
        if self._incoming.is_gathering:
            sleep(0)

    def _take(self) -> None:
        """Take the deliveries that are all here; every other frame is py-amqp's."""
        transport = self._connection.transport
        while True:
            found, end = self._incoming.deliveries(transport._read_buffer)  # noqa: SLF001
            transport._read_buffer = transport._read_buffer[end:]  # noqa: SLF001
            self._buffer += found
            self._bytes += _size(found)
            if not wire.begins_with_another_frame(transport._read_buffer):  # noqa: SLF001
                return
            self._connection.on_inbound_frame(transport.read_frame())

    def _fitting(self, limit: int) -> int:
        """How many of them are not too much at once; one is never too much."""
        sizes = accumulate(len(delivery.body) for delivery in self._buffer[:limit])
        return max(1, sum(size <= BATCH_BYTES for size in sizes))

    def _on_cancel(self, _tag: str) -> None:
        raise Unavailable("queue-gone", da="Køen er slettet.", en="The queue was deleted; it is declared again.")


def _size(deliveries: Iterable[Delivery]) -> int:
    return sum(len(delivery.body) for delivery in deliveries)
