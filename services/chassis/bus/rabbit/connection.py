"""One connection to RabbitMQ: opened, tuned, never waited for longer than the deadline, and hung up.

Three of py-amqp's habits are changed here, each in one place (`_tuned`, `connect`): it asks the kernel for exactly the next
frame's bytes (three calls a message; now one for about twenty), its TCP_USER_TIMEOUT of one second kills connections that the
broker merely slows down (now it is the deadline), and it opens a closed connection again by itself.
"""

import fcntl
import socket
import struct
import termios
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import amqp
from amqp.exceptions import AMQPError, InternalError
from kombu.utils.url import parse_url

from services.chassis.bus import Objection, heartbeat
from services.chassis.bus.heartbeat import INTERVAL_S, Guarded
from services.chassis.errors import Unavailable

DEADLINE_S = 10.0
"""No wait for the broker is longer; after it the socket is closed hard and a new one opened."""

GOODBYE_S = 2.0
"""How long a broker is waited for that is said goodbye to, in all: by then it has long read what was settled last."""

READ_BYTES = 65_536
"""What a read asks for at least. Taking 1,000 messages of the benchmark's job costs 0.006 s; with reads of 1 KiB, which is
one message, 0.011, with 4 KiB 0.007, and with four times as much no less."""

ESTABLISHED = 1
"""The state of a TCP connection that is whole."""


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


def first_that_answers(nodes: Sequence[str], name: str) -> amqp.Connection:
    for url in nodes[:-1]:
        with suppress(AMQPError, OSError):
            return connect(url, name)
    return connect(nodes[-1], name)


def _tuned(connection: amqp.Connection) -> amqp.Connection:
    transport = connection.transport
    transport.sock.settimeout(DEADLINE_S)
    receive = transport._quick_recv  # noqa: SLF001 - py-amqp has no public seam for the size of its reads
    guard = connection.deltag_guard = Guarded(connection)
    guard.expect(DEADLINE_S)
    transport._quick_recv = lambda n: guard.hear(receive(max(n, READ_BYTES)))  # noqa: SLF001
    connection.connect = _stays_closed
    return connection


def _stays_closed() -> None:
    """Instead of py-amqp's, which a closed connection calls by itself when anything is asked of it."""
    raise ConnectionResetError("the connection is closed")


def readable(transport: Any) -> bool:
    """Whether there are bytes that nobody has looked at: in py-amqp's buffer, or arrived since."""
    return bool(transport.sock and transport._read_buffer) or arrived(transport)  # noqa: SLF001


def arrived(transport: Any) -> bool:
    """Whether a read would find bytes at once, in the TLS layer or in the kernel."""
    if transport.sock is None:
        raise ConnectionResetError("the connection is closed")
    pending = getattr(transport.sock, "pending", None)
    if pending and pending():
        return True
    waiting = fcntl.ioctl(transport.sock.fileno(), termios.FIONREAD, b"\0\0\0\0")
    return bool(struct.unpack("i", waiting)[0])


def refuse_hung_up(transport: Any) -> None:
    """An end that came while nobody read is no byte to read, and would be noticed only by the silence after it."""
    if transport.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != ESTABLISHED:
        raise ConnectionResetError("the broker hung up")


@contextmanager
def closing(connection: amqp.Connection) -> Iterator[amqp.Connection]:
    """A connection for the length of the block. It ends in order: the broker's log calls anything else a fault."""
    try:
        yield connection
        connection.deltag_guard.expect(GOODBYE_S)
        with suppress(AMQPError, OSError), connection.transport.having_timeout(GOODBYE_S):
            connection.close()
    finally:
        hang_up(connection)


def hang_up(connection: amqp.Connection) -> None:
    """Close the socket without asking anybody; the broker puts back what was unsettled. TLS would wait for a goodbye."""
    if connection.connected:
        with suppress(OSError):
            connection.transport.sock.settimeout(0)
    with suppress(Exception):
        connection.collect()


@contextmanager
def away(then: Callable[[], None] | None = None) -> Iterator[None]:
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
