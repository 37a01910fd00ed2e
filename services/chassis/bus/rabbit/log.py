"""The log, which is a stream: read from an offset up to its end, which the broker does not tell."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from time import monotonic

import amqp

from services.chassis.bus import Delivery
from services.chassis.bus.rabbit.connection import DEADLINE_S, away, closing

STREAM_PREFETCH = 500


def read_stream(connected: Callable[[], amqp.Connection], stream: str, offset: int, idle: float) -> Iterator[Delivery]:
    """Read what is there, up to the end."""
    with away(), closing(connected()) as connection:
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


def _raw(message: amqp.Message) -> bytes:
    """The body's bytes; py-amqp has a text for none."""
    return bytes(message.body or b"")
