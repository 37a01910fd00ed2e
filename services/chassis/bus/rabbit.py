"""The bus on RabbitMQ, by py-amqp: pipelined confirms out, multi-acks in, and a deadline on every wait.

Messages are published and taken by `wire.py`; everything else is py-amqp's. Two of its habits cost a lot at our rates and
are changed here, each in one place (`_tuned`): it asks the kernel for exactly the next frame's bytes (three calls a
message; now one for about twenty), and it looks for a *blocked* notice before every publish (now the publisher looks
while it waits for confirms). Its TCP_USER_TIMEOUT of one second, which kills connections that the broker merely slows down,
is replaced by the deadline.
"""

import fcntl
import socket
import struct
import termios
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import accumulate, count
from math import inf
from time import monotonic, sleep
from typing import Any

import amqp
from amqp import spec
from amqp.exceptions import AMQPError, InternalError, NotFound, PreconditionFailed
from kombu.utils.url import parse_url

from services.chassis.bus import Delivery, Objection, Queue, Refused, Topology, heartbeat, wire
from services.chassis.bus.heartbeat import INTERVAL_S, Guarded
from services.chassis.crashpoints import crash_point
from services.chassis.envelope import Outgoing
from services.chassis.errors import Conflict, Unavailable

DEADLINE_S = 10.0
"""No wait for the broker is longer; after it the socket is closed hard and a new one opened."""

GOODBYE_S = 2.0
"""How long a broker is waited for that is said goodbye to, in all: by then it has long read what was settled last."""

WINDOW = 1_000
"""Messages on their way unconfirmed. Publishing 1,000 costs Python 0.005 s and the broker 0.035, with a window of 100 0.008 and
0.042, and with 2,000 no less."""

READ_BYTES = 65_536
"""What a read asks for at least. Taking 1,000 messages of the benchmark's job costs 0.006 s; with reads of 1 KiB, which is
one message, 0.011, with 4 KiB 0.007, and with four times as much no less."""

BATCH_BYTES = 8_000_000
"""What is taken into memory at once, whatever the number of messages: the rest waits in the socket, and then at the broker."""
STREAM_PREFETCH = 500
ESTABLISHED = 1
"""The state of a TCP connection that is whole."""
TRANSIENT_MS = 3_600_000


class RabbitBus:
    """RabbitMQ at an `amqp://` or `amqps://` URL, or at one for each node of a cluster, with semicolons between them.

    Instead of a text, `url` may be what says it: every connection asks again, and goes to the next node that takes it.
    `queue_type` is `quorum` (replicated, the default) or `classic`.
    """

    def __init__(self, url: str | Callable[[], str], *, queue_type: str = "quorum", name: str = "deltag") -> None:
        self._url = url
        self._turns = count()
        self.queue_type = queue_type
        self.name = name

    def declare(self, topology: Topology) -> None:
        """See `Bus.declare`. Exchanges that exist are left alone, so a service needs no right to configure them."""
        with _away(), _closing(self._connect(self.name)) as connection:
            for exchange in topology.exchanges:
                _declare_exchange(connection, exchange)
            for queue in topology.queues:
                self._declare_queue(connection.channel(), queue)
            if topology.log:
                _declare_log(connection.channel(), topology.log)

    def publisher(self) -> "RabbitPublisher":
        """See `Bus.publisher`."""
        with _away():
            return RabbitPublisher(self._connect(f"{self.name} relay"))

    def subscribe(self, queue: str, prefetch: int) -> "RabbitSubscription":
        """See `Bus.subscribe`."""
        with _away():
            return RabbitSubscription(self._connect(f"{self.name} {queue}"), queue, prefetch)

    def read_log(self, log: str, offset: int = 0, *, idle: float = 2.0) -> Iterator[Delivery]:
        """See `Bus.read_log`."""
        return _read_stream(partial(self._connect, f"{self.name} {log}"), log, offset, idle)

    def _connect(self, name: str) -> amqp.Connection:
        nodes = (self._url() if callable(self._url) else self._url).split(";")
        first = next(self._turns) % len(nodes)
        return _first_that_answers([*nodes[first:], *nodes[:first]], name)

    def _declare_queue(self, channel: amqp.Channel, queue: Queue) -> None:
        arguments: dict[str, object] = {"x-queue-type": "quorum"} if self.queue_type == "quorum" else {}
        if queue.transient:
            arguments = {"x-expires": TRANSIENT_MS}
        try:
            channel.queue_declare(queue.name, durable=not queue.transient, auto_delete=False, arguments=arguments)
        except PreconditionFailed as error:
            text = f"The queue {queue.name} exists with other arguments ({error.reply_text}); move its messages, delete it, start again."
            raise Conflict("queue-differs", field=queue.name, da=text, en=text) from None
        for key in queue.keys:
            channel.queue_bind(queue.name, queue.exchange, key)


class RabbitPublisher:
    """Publishes persistent, mandatory, with pipelined confirms."""

    def __init__(self, connection: amqp.Connection) -> None:
        self._connection = connection
        self._refused: set[int] = set()
        self._returned: set[tuple[str, str, str]] = set()
        connection.on_blocked = self._on_blocked
        self._open_channel()

    def publish(self, messages: Sequence[Outgoing]) -> Sequence[Outgoing]:
        """See `Publisher.publish`. Raises `Unavailable` too when the broker is blocked."""
        frames = wire.all_published(messages, self._channel.channel_id, self._connection.frame_max)
        self._returned.clear()
        self._refused.clear()
        first = self._sent + 1
        with _away(self.close):
            for start in range(0, len(frames), WINDOW):
                self._publish_window(frames[start : start + WINDOW])
        returned = [m for m in messages if (m.id, m.exchange, m.routing_key) in self._returned]
        if self._refused:
            refused = [messages[tag - first] for tag in sorted(self._refused)]
            with _away(self.close):
                self._change_channel()
            raise Refused(refused, returned)
        return returned

    def keep_alive(self) -> None:
        """See `Publisher.keep_alive`."""
        with _away(self.close):
            while _readable(self._connection.transport):
                self._connection.on_inbound_frame(self._connection.transport.read_frame())
            _refuse_hung_up(self._connection.transport)
            self._connection.deltag_guard.attend()

    def close(self) -> None:
        """See `Publisher.close`."""
        _hang_up(self._connection)

    def _open_channel(self) -> None:
        self._connection.deltag_guard.expect(DEADLINE_S)
        self._channel = self._connection.channel()
        self._channel.confirm_select()
        self._sent = self._confirmed = 0
        self._singles: set[int] = set()
        self._channel.events["basic_ack"].add(self._on_ack)
        self._channel.events["basic_nack"].add(self._on_nack)
        self._channel.events["basic_return"].add(self._on_return)
        self._connection.deltag_guard.expect(inf)

    def _change_channel(self) -> None:
        """A quorum queue may go on refusing a channel that it has refused once, also when its limit is lifted (RabbitMQ 3.10)."""
        self._connection.deltag_guard.expect(DEADLINE_S)
        self._channel.close()
        self._open_channel()

    def _publish_window(self, frames: Sequence[bytes]) -> None:
        self._connection.transport.write(b"".join(frames))
        self._sent += len(frames)
        crash_point("relay.after-publish")
        self._connection.deltag_guard.expect(DEADLINE_S)
        while self._confirmed < self._sent:
            self._connection.drain_events(timeout=DEADLINE_S)
        self._connection.deltag_guard.expect(inf)

    def _on_ack(self, tag: int, multiple: bool) -> None:  # noqa: FBT001 - the signature of py-amqp's callback
        if multiple:
            self._confirmed = max(self._confirmed, tag)
            self._singles = {single for single in self._singles if single > self._confirmed}
        else:
            self._singles.add(tag)
        while self._confirmed + 1 in self._singles:
            self._confirmed += 1
            self._singles.discard(self._confirmed)

    def _on_nack(self, tag: int, multiple: bool) -> None:  # noqa: FBT001
        self._refused |= set(range(self._confirmed + 1, tag + 1)) - self._singles if multiple else {tag}
        self._on_ack(tag, multiple)

    def _on_blocked(self, _reason: str) -> None:
        raise Unavailable(
            "blocked",
            da="Meddelelsesbussen tager ikke imod beskeder (hukommelse eller disk er ved at være brugt op); de bliver i udbakken.",
            en="The broker takes no messages (its memory or disk alarm is on); they stay in the outbox.",
        )

    def _on_return(self, _error: object, exchange: str, routing_key: str, message: amqp.Message) -> None:
        self._returned.add((message.properties["message_id"], exchange, routing_key))


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
        with _away(self._let_go):
            self._pump(limit, timeout)
        limit = self._fitting(limit) if self._bytes > BATCH_BYTES else limit
        taken, self._buffer = self._buffer[:limit], self._buffer[limit:]
        self._bytes -= _size(taken)
        return taken

    def settle(self, last: Delivery) -> None:
        """See `Subscription.settle`."""
        with _away(self._let_go):
            self._channel.basic_ack(last.tag, multiple=True)

    def close(self) -> None:
        """See `Subscription.close`. Says goodbye and waits for the answer: who hangs up at once may be too fast for his last settlement."""
        deadline = monotonic() + GOODBYE_S
        with suppress(Exception):
            with self._connection.transport.having_timeout(GOODBYE_S):
                self._channel.send_method(spec.Channel.Close, "BsBB", (0, "", 0, 0))
            while self._channel.connection and (left := deadline - monotonic()) > 0:
                self._drop(left)
        self._let_go()

    def _drop(self, within: float) -> None:
        """Read and keep nothing: before the broker's answer come all deliveries that were on their way."""
        with self._connection.transport.having_timeout(within):
            self._read()
        self._buffer.clear()
        sleep(0)

    def _let_go(self) -> None:
        _hang_up(self._connection)

    def _pump(self, limit: int, timeout: float) -> None:
        """Read: wait for the first bytes, then take whatever has arrived."""
        transport = self._connection.transport
        self._take()
        if not self._buffer and not _readable(transport):
            with suppress(TimeoutError), transport.having_timeout(timeout):
                self._read()
        while len(self._buffer) < limit and self._bytes < BATCH_BYTES and _readable(transport):
            self._read()
        self._connection.deltag_guard.attend()

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


def connect(url: str, name: str) -> amqp.Connection:
    """A tuned connection that beats by itself, and expects answers; `name` is what the broker's tools show."""
    parts = parse_url(url)
    connection = amqp.Connection(
        host=f"{parts['hostname'] or '127.0.0.1'}:{parts['port'] or (5671 if parts['transport'] == 'amqps' else 5672)}",
        userid=parts["userid"] or "guest",
        password=parts["password"] or "guest",
        virtual_host=parts["virtual_host"] or "/",
        ssl={"server_hostname": parts["hostname"]} if parts["transport"] == "amqps" else False,
        heartbeat=INTERVAL_S,
        connect_timeout=DEADLINE_S / 2,
        client_properties={"connection_name": name, "product": "Deltag"},
        socket_settings={socket.TCP_USER_TIMEOUT: int(DEADLINE_S * 1000)},
    )
    connection.connect()
    try:
        heartbeat.start()
    except OSError:
        connection.collect()
        raise
    return _tuned(connection)


def _first_that_answers(nodes: Sequence[str], name: str) -> amqp.Connection:
    for url in nodes[:-1]:
        with suppress(AMQPError, OSError):
            return connect(url, name)
    return connect(nodes[-1], name)


def _read_stream(connected: Callable[[], amqp.Connection], stream: str, offset: int, idle: float) -> Iterator[Delivery]:
    """Read what is there, up to the end."""
    with _away(), _closing(connected()) as connection:
        buffer: list[amqp.Message] = []
        end = _End(connection, stream, idle, reached=offset - 1)
        channel = _follow(connection, stream, offset or "first", buffer, prefetch=STREAM_PREFETCH)
        while not end.has_come():
            for delivery in map(_logged, buffer):
                yield delivery
                end.reach(delivery.tag)
            if buffer:
                channel.basic_ack(buffer[-1].delivery_info["delivery_tag"], multiple=True)
            buffer.clear()


class _End:
    """Where a log ends. Only the first newer message tells, which one consumer waits for. While none comes the silence
    does, but not before the last chunk of the log has been begun, of which another consumer is given the first message.
    """

    def __init__(self, connection: amqp.Connection, stream: str, idle: float, reached: int) -> None:
        self._connection = connection
        self._idle = idle
        self._reached = reached
        self._moved = monotonic()
        self._last: list[amqp.Message] = []
        self._newer: list[amqp.Message] = []
        _follow(connection, stream, "last", self._last, prefetch=1)
        _follow(connection, stream, "next", self._newer, prefetch=1)

    def reach(self, offset: int) -> None:
        """The message at this offset has been read."""
        self._reached, self._moved = offset, monotonic()

    def has_come(self) -> bool:
        """Read on, unless all has been read. Raises `OSError` when the broker is gone, or gives nothing more while there is more."""
        return self._is_before_the_newer() or (not _drained(self._connection, self._idle) and self._is_silence_the_end())

    def _is_before_the_newer(self) -> bool:
        return bool(self._newer) and self._reached + 1 >= _logged(self._newer[0]).tag

    def _is_silence_the_end(self) -> bool:
        if not self._last:
            _ask(self._connection)
        if not self._last or self._reached >= _logged(self._last[0]).tag:
            return True
        if monotonic() - self._moved > DEADLINE_S:
            raise TimeoutError("the log does not go on")
        return False


def _follow(connection: amqp.Connection, stream: str, offset: int | str, into: list[amqp.Message], *, prefetch: int) -> amqp.Channel:
    channel = connection.channel()
    channel.auto_decode = False
    channel.basic_qos(0, prefetch, a_global=False)
    channel.basic_consume(stream, callback=into.append, arguments={"x-stream-offset": offset})
    return channel


def _drained(connection: amqp.Connection, idle: float) -> bool:
    """Whether anything came within so many seconds. Raises `ConnectionResetError` when the broker has been silent for too long."""
    connection.deltag_guard.expect(idle)
    came = False
    with suppress(TimeoutError):
        connection.drain_events(timeout=idle)
        came = True
    connection.deltag_guard.attend()
    return came


def _ask(connection: amqp.Connection) -> None:
    """A question that is quickly answered by a broker that is there. Raises `TimeoutError` when it is not."""
    connection.deltag_guard.expect(DEADLINE_S)
    connection.channel().close()


def _logged(message: amqp.Message) -> Delivery:
    info, properties = message.delivery_info, message.properties
    headers = properties.get("application_headers") or {}
    return Delivery(
        _raw(message),
        int(headers.get("x-stream-offset", 0)),
        info["exchange"],
        info["routing_key"],
        content_type=properties.get("content_type"),
    )


def _tuned(connection: amqp.Connection) -> amqp.Connection:
    transport = connection.transport
    transport.sock.settimeout(DEADLINE_S)
    receive = transport._quick_recv  # noqa: SLF001 - py-amqp has no public seam for the size of its reads
    guard = connection.deltag_guard = Guarded(connection)
    guard.expect(DEADLINE_S)
    transport._quick_recv = lambda n: guard.hear(receive(max(n, READ_BYTES)))  # noqa: SLF001
    connection.client_properties = {**connection.client_properties, "capabilities": {}}
    return connection


def _readable(transport: Any) -> bool:
    """Whether a read would find bytes at once: in py-amqp's buffer, in the TLS layer, or in the kernel."""
    if transport.sock is None:
        raise ConnectionResetError("the connection is closed")
    if transport._read_buffer:  # noqa: SLF001
        return True
    pending = getattr(transport.sock, "pending", None)
    if pending and pending():
        return True
    waiting = fcntl.ioctl(transport.sock.fileno(), termios.FIONREAD, b"\0\0\0\0")
    return bool(struct.unpack("i", waiting)[0])


def _refuse_hung_up(transport: Any) -> None:
    """An end that came while nobody read is no byte to read, and would be noticed only by the silence after it."""
    if transport.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != ESTABLISHED:
        raise ConnectionResetError("the broker hung up")


def _size(deliveries: Iterable[Delivery]) -> int:
    return sum(len(delivery.body) for delivery in deliveries)


def _raw(message: amqp.Message) -> bytes:
    """The body's bytes; py-amqp has a text for none."""
    return bytes(message.body or b"")


def _declare_exchange(connection: amqp.Connection, exchange: str) -> None:
    try:
        connection.channel().exchange_declare(exchange, "topic", passive=True)
    except NotFound:
        connection.channel().exchange_declare(exchange, "topic", durable=True, auto_delete=False)


def _declare_log(channel: amqp.Channel, log: str) -> None:
    """The log keeps what passed `deltag.events`, for replay: a stream, bounded in size and age."""
    limits = {"x-queue-type": "stream", "x-max-length-bytes": 5_000_000_000, "x-max-age": "365D"}
    channel.queue_declare(log, durable=True, auto_delete=False, arguments=limits)
    channel.queue_bind(log, "deltag.events", "#")


@contextmanager
def _closing(connection: amqp.Connection) -> Iterator[amqp.Connection]:
    """A connection for the length of the block. It ends in order: the broker's log calls anything else a fault."""
    try:
        yield connection
        connection.deltag_guard.expect(GOODBYE_S)
        with suppress(AMQPError, OSError), connection.transport.having_timeout(GOODBYE_S):
            connection.close()
    finally:
        _hang_up(connection)


def _hang_up(connection: amqp.Connection) -> None:
    """Close the socket without asking anybody; the broker puts back what was unsettled. TLS would wait for a goodbye."""
    if connection.connected:
        with suppress(OSError):
            connection.transport.sock.settimeout(0)
    with suppress(Exception):
        connection.collect()


@contextmanager
def _away(then: Callable[[], None] | None = None) -> Iterator[None]:
    """Turns every way in which a broker can be away into `Unavailable`, after hanging up."""
    try:
        yield
    except (AMQPError, OSError) as error:
        if then:
            then()
        text = getattr(error, "reply_text", None) or getattr(error, "strerror", None) or str(error) or type(error).__name__
        kind = Objection if isinstance(error, InternalError) else Unavailable
        raise kind("broker-away", da=f"Meddelelsesbussen svarer ikke ({text}).", en=f"The broker does not answer ({text}).") from error
    except Unavailable:
        if then:
            then()
        raise
