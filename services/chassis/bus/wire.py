"""The two things of AMQP 0-9-1 that are done for every message, byte by byte: publishing it, and taking it as a delivery.

py-amqp does everything else (connecting, declaring, settling, confirms, heartbeats), and could do these. But it builds some
twenty objects for a message on its way in and a dozen on its way out, which made half of what a message costs in Python
(measured on the benchmark's job: 0.124 s for 1,000 messages in both services, 0.08 with these functions).

Source: AMQP 0-9-1 specification, sections 2.3.5 (frames), 4.2.6 (content) and 1.8.3 (basic.publish, basic.deliver).
"""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from struct import Struct
from typing import Any

from amqp import serialization

from services.chassis.bus import Delivery, Unwritable
from services.chassis.bus.headers import read_headers, read_short
from services.chassis.envelope import Outgoing

LARGE = 131_072
"""A body of more bytes than a frame commonly has comes over many reads, and is gathered frame by frame."""

KEPT = 8_000_000
"""What is kept of a body: eight times what any service takes, of which a person can see what it was."""

METHOD, HEADER, BODY, END = 1, 2, 3, b"\xce"
_FRAME = Struct(">BHI")
_AROUND = _FRAME.size + len(END)
_DELIVER = bytes((0, 60, 0, 60))
_PUBLISH = Struct(">HHH").pack(60, 40, 0)
_MANDATORY = b"\x01"
_TAG = Struct(">QB")
_CONTENT = Struct(">HHQH")
"""Class, weight, size of the body, and flags that say which properties follow."""
_CONTENT_TYPE, _ENCODING, _HEADERS, _MODE, _PRIORITY, _CORRELATION_ID, _REPLY_TO, _MESSAGE_ID, _TYPE = (
    1 << bit for bit in (15, 14, 13, 12, 11, 10, 9, 7, 5)
)
_PERSISTENT = b"\x02"


def published(message: Outgoing, channel: int, frame_max: int) -> bytes:
    """The frames that publish a message: persistent and mandatory."""
    flags, properties = _properties(message)
    header = _CONTENT.pack(60, 0, len(message.body), flags) + properties
    largest = frame_max - _AROUND
    bodies = (_frame(BODY, channel, message.body[at : at + largest]) for at in range(0, len(message.body), largest))
    return b"".join((_method(message.exchange, message.routing_key, channel), _frame(HEADER, channel, header), *bodies))


def all_published(messages: Sequence[Outgoing], channel: int, frame_max: int) -> Sequence[bytes]:
    """The frames of each of them. Raises `Unwritable`."""
    try:
        return [published(message, channel, frame_max) for message in messages]
    except ValueError:
        raise Unwritable([message for message in messages if not _is_writable(message)]) from None


class Incoming:
    """What comes in over one channel. Of a large body no byte is looked at twice, and no more is kept than `KEPT` bytes."""

    def __init__(self) -> None:
        self._large: _Large | None = None

    @property
    def is_gathering(self) -> bool:
        """Whether a large delivery has begun, and not ended."""
        return self._large is not None

    def deliveries(self, data: bytes) -> tuple[list[Delivery], int]:
        """The deliveries that these bytes complete, and how many bytes are done with; the first other frame ends them."""
        found: list[Delivery] = []
        delivery, at = self._next(data, 0)
        while delivery is not None:
            found.append(delivery)
            delivery, at = self._next(data, at)
        return found, at

    def _next(self, data: bytes, at: int) -> tuple[Delivery | None, int]:
        if self._large is None:
            delivery, at = _delivery(data, at)
            if delivery is not None:
                return delivery, at
            self._large, at = _begun(data, at)
        return self._gathered(data, at)

    def _gathered(self, data: bytes, at: int) -> tuple[Delivery | None, int]:
        if self._large is None:
            return None, at
        at = self._large.gather(data, at)
        if self._large.missing > 0:
            return None, at
        delivery, self._large = self._large.delivery(), None
        return delivery, at


class _Large:
    """A large delivery of which the body is on its way. What is cut off leaves its size and a digest, which tells it from its like."""

    def __init__(self, bare: Delivery, size: int) -> None:
        self._bare = bare
        self._size = self.missing = size
        self._room = KEPT
        self._parts: list[bytes] = []
        self._cut = blake2b(digest_size=16)

    def gather(self, data: bytes, at: int) -> int:
        """Take the frames of the body that are whole; says where they end."""
        while self.missing > 0 and (end := _whole(data, at)) is not None:
            self._add(data[at + _FRAME.size : end - 1])
            at = end
        return at

    def delivery(self) -> Delivery:
        """The delivery with its body."""
        if self._size > KEPT:
            self._parts.append(f" [cut here: {self._size} bytes, the rest with BLAKE2b {self._cut.hexdigest()}]".encode())
        self._bare.body = b"".join(self._parts)
        return self._bare

    def _add(self, part: bytes) -> None:
        self.missing -= len(part)
        kept, cut = part[: self._room], part[self._room :]
        self._room -= len(kept)
        if kept:
            self._parts.append(kept)
        self._cut.update(cut)


def begins_with_another_frame(data: bytes) -> bool:
    """Whether the bytes begin with a whole frame that is no delivery."""
    return _whole(data, 0) is not None and not _is_delivery(data, 0)


@lru_cache(maxsize=256)
def _method(exchange: str, routing_key: str, channel: int) -> bytes:
    """The same few again and again, so they are kept: 2.5 µs for the frames of a message instead of 3.1."""
    return _frame(METHOD, channel, _PUBLISH + _short(exchange) + _short(routing_key) + _MANDATORY)


def _properties(message: Outgoing) -> tuple[int, bytes]:
    """Flags, and the properties in the order of the flags."""
    flags, parts = _CONTENT_TYPE | _MODE | _MESSAGE_ID, [_short(message.content_type)]
    if message.headers:
        flags |= _HEADERS
        parts.append(serialization.dumps("F", [message.headers]))
    parts.append(_PERSISTENT)
    if message.correlation_id is not None:
        flags |= _CORRELATION_ID
        parts.append(_short(message.correlation_id))
    if message.reply_to is not None:
        flags |= _REPLY_TO
        parts.append(_short(message.reply_to))
    parts.append(_short(message.id))
    if message.type:
        flags |= _TYPE
        parts.append(_short(message.type))
    return flags, b"".join(parts)


def _is_writable(message: Outgoing) -> bool:
    try:
        _properties(message)
        _method(message.exchange, message.routing_key, 0)
    except ValueError:
        return False
    return True


def _short(value: str) -> bytes:
    """A short string: its length in one byte, then its bytes, of which there are 255 at most. Raises `ValueError` if there are more."""
    raw = value.encode()
    return bytes((len(raw),)) + raw


def _frame(kind: int, channel: int, payload: bytes) -> bytes:
    return _FRAME.pack(kind, channel, len(payload)) + payload + END


def _whole(data: bytes, at: int) -> int | None:
    """Where the frame at `at` ends, if it is all there."""
    if len(data) - at < _AROUND:
        return None
    end = at + _AROUND + _FRAME.unpack_from(data, at)[2]
    return end if end <= len(data) else None


def _is_delivery(data: bytes, at: int) -> bool:
    return data[at] == METHOD and data.startswith(_DELIVER, at + _FRAME.size)


def _delivery(data: bytes, at: int) -> tuple[Delivery | None, int]:
    """The delivery at `at` and where it ends, if it is all there and not large: a method, a header, and frames of the body."""
    head = _head(data, at)
    if head is None or head[2] > LARGE:
        return None, at
    header, content, size = head
    body, end = _body(data, content, size)
    return (None, at) if end is None else (_described(data, at, header, body), end)


def _begun(data: bytes, at: int) -> tuple[_Large | None, int]:
    """The large delivery that begins at `at`, and where its body does, if that is known yet."""
    head = _head(data, at)
    if head is None or head[2] <= LARGE:
        return None, at
    header, content, size = head
    return _Large(_described(data, at, header, b""), size), content


def _head(data: bytes, at: int) -> tuple[int, int, int] | None:
    """Where the header of the delivery at `at` is, where its body is, and of what size: if it is a delivery, and both are known."""
    header = _whole(data, at)
    if header is None or not _is_delivery(data, at):
        return None
    content = _whole(data, header)
    return None if content is None else (header, content, _CONTENT.unpack_from(data, header + _FRAME.size)[2])


def _described(data: bytes, at: int, header: int, body: bytes) -> Delivery:
    """The body with what the method at `at` and the header say about it."""
    tag, redelivered, exchange, routing_key = _arguments(data, at + _FRAME.size + len(_DELIVER))
    content_type, headers, correlation_id, reply_to = _read_properties(data, header + _FRAME.size)
    return Delivery(body, tag, exchange, routing_key, redelivered, content_type, reply_to, correlation_id, headers)


def _body(data: bytes, at: int, size: int) -> tuple[bytes, int | None]:
    """The body whose first frame is at `at`, and where it ends, if it is all there."""
    parts = []
    while size > 0:
        end = _whole(data, at)
        if end is None:
            return b"", None
        parts.append(data[at + _FRAME.size : end - 1])
        size -= len(parts[-1])
        at = end
    return parts[0] if len(parts) == 1 else b"".join(parts), at


def _arguments(data: bytes, at: int) -> tuple[int, bool, str, str]:
    """Delivery tag, whether it was delivered before, exchange and routing key."""
    at += 1 + data[at]  # the consumer's tag, which is ours
    tag, redelivered = _TAG.unpack_from(data, at)
    exchange, at = read_short(data, at + _TAG.size)
    return tag, bool(redelivered), exchange, read_short(data, at)[0]


def _read_properties(data: bytes, at: int) -> tuple[str | None, dict[str, Any], str | None, str | None]:
    """Content type, headers, correlation and address for the answer."""
    flags, at = _CONTENT.unpack_from(data, at)[3], at + _CONTENT.size
    content_type = headers = correlation_id = reply_to = None
    if flags & _CONTENT_TYPE:
        content_type, at = read_short(data, at)
    if flags & _ENCODING:
        at += 1 + data[at]
    if flags & _HEADERS:
        headers, at = read_headers(data, at)
    at += bool(flags & _MODE) + bool(flags & _PRIORITY)
    if flags & _CORRELATION_ID:
        correlation_id, at = read_short(data, at)
    if flags & _REPLY_TO:
        reply_to, at = read_short(data, at)
    return content_type, headers or {}, correlation_id, reply_to
