"""AMQP byte by byte: what py-amqp writes is read, and what is written py-amqp reads."""

import struct
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from unittest.mock import patch

import pytest
from amqp import Message, serialization
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.bus import Delivery, wire
from services.chassis.envelope import Outgoing
from tests import tables

HEARTBEAT = b"\x08\0\0\0\0\0\0\xce"
FRAME_MAX = 4_096
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
HEADERS = st.dictionaries(TEXTS, st.one_of(TEXTS, st.integers(-(2**31), 2**31 - 1), st.booleans(), st.none()), max_size=3)
DELIVERIES = st.lists(
    st.builds(
        Delivery,
        st.binary(max_size=9_000),
        st.integers(1, 2**63),
        TEXTS,
        TEXTS,
        st.booleans(),
        st.none() | TEXTS,
        st.none() | TEXTS,
        st.none() | TEXTS,
        HEADERS,
    ),
    max_size=5,
)

OUTGOING = st.builds(
    Outgoing,
    st.just("id"),
    TEXTS,
    TEXTS,
    st.binary(max_size=20_000),
    st.just("a.type"),
    st.none() | TEXTS,
    reply_to=st.none() | TEXTS,
    headers=HEADERS,
)


def frame(kind: int, payload: bytes) -> bytes:
    """A frame of channel 1."""
    return struct.pack(">BHI", kind, 1, len(payload)) + payload + b"\xce"


def delivered(delivery: Delivery, size: int = 1_000) -> bytes:
    """A delivery as a broker sends it, its properties written by py-amqp, its body in frames of this size."""
    arguments = [delivery.tag, delivery.redelivered, delivery.exchange, delivery.routing_key]
    method = bytes((0, 60, 0, 60)) + serialization.dumps("sLbss", ["me", *arguments])
    properties: dict[str, Any] = {"priority": 3, "message_id": "m", "timestamp": 1_700_000_000, "app_id": "other", "delivery_mode": 2}
    properties |= {"content_type": delivery.content_type, "content_encoding": "utf-8", "reply_to": delivery.reply_to}
    properties |= {"correlation_id": delivery.correlation_id, "application_headers": dict(delivery.headers)}
    message = Message(b"", **{name: value for name, value in properties.items() if value is not None})
    header = struct.pack(">HHQ", 60, 0, len(delivery.body)) + message._serialize_properties()  # noqa: SLF001 - its own way to write them
    bodies = [frame(3, delivery.body[at : at + size]) for at in range(0, len(delivery.body), size)]
    return b"".join([frame(1, method), frame(2, header), *bodies])


def taken(data: bytes, cuts: list[int]) -> list[Delivery]:
    """What a receiver gets that reads the bytes in these pieces, and lets py-amqp have all other frames."""
    incoming = wire.Incoming()
    found: list[Delivery] = []
    held, at = b"", 0
    for end in [*sorted(cut % (len(data) + 1) for cut in cuts), len(data)]:
        held, at = held + data[at:end], max(at, end)
        while True:
            new, used = incoming.deliveries(held)
            found, held = found + new, held[used:]
            if not wire.begins_with_another_frame(held):
                break
            held = held[len(HEARTBEAT) :]
    assert held == b""
    return found


@given(DELIVERIES, st.lists(st.integers(0, 50_000), max_size=12))
def test_whatever_the_pieces(deliveries: list[Delivery], cuts: list[int]) -> None:
    """However the bytes come in pieces, with heartbeats between them, each delivery is read once, whole and in order."""
    data = HEARTBEAT + HEARTBEAT.join(map(delivered, deliveries))
    assert taken(data, cuts) == deliveries


@given(DELIVERIES, st.lists(st.integers(0, 50_000), max_size=12), st.integers(0, 3_000))
def test_large_ones_are_gathered(deliveries: list[Delivery], cuts: list[int], large: int) -> None:
    """It makes no difference which bodies are gathered frame by frame."""
    with patch.object(wire, "LARGE", large):
        test_whatever_the_pieces.hypothesis.inner_test(deliveries, cuts)  # type: ignore[attr-defined] # hypothesis puts it there


def test_of_what_is_too_large_the_beginning_is_kept() -> None:
    """Of a body larger than what is kept the beginning comes, with its size and a digest that tells it from others with that beginning."""
    begun = b"x" * wire.KEPT
    one, other, whole = taken(b"".join(delivered(Delivery(begun + rest, 7), FRAME_MAX) for rest in (b"one", b"other", b"")), [])
    assert one.body.startswith(begun + b" [cut here: 8000003 bytes,")
    assert one.body != other.body.replace(b"8000005", b"8000003")
    assert whole.body == begun


def test_no_byte_of_a_large_body_is_looked_at_twice() -> None:
    """While a large message arrives no more than a frame of it waits to be read, so it costs as much by the byte as a small one."""
    incoming, held, most = wire.Incoming(), b"", 0
    data = delivered(Delivery(b"x" * 3_000_000, 7), FRAME_MAX)
    for at in range(0, len(data), 1_000):
        held += data[at : at + 1_000]
        held = held[incoming.deliveries(held)[1] :]
        most = max(most, len(held))
    assert (incoming.is_gathering, held) == (False, b"")
    assert most < 2 * FRAME_MAX


@given(OUTGOING)
def test_what_is_written(message: Outgoing) -> None:
    """A published message is persistent and mandatory, fits the frames that were agreed on, and is what py-amqp reads."""
    frames = list(split(wire.published(message, 1, FRAME_MAX)))
    assert all(len(payload) + 8 <= FRAME_MAX for _, payload in frames)
    [(_, method), (_, header), *bodies] = frames
    assert serialization.loads("Bssb", method, 4)[0] == [0, message.exchange, message.routing_key, True]
    read = serialization.decode_properties_basic(header, 12)[0]
    wanted = {
        "content_type": message.content_type,
        "delivery_mode": 2,
        "message_id": "id",
        "type": message.type,
        "reply_to": message.reply_to,
    }
    wanted |= {"correlation_id": message.correlation_id, "application_headers": message.headers or None}
    assert read == {name: value for name, value in wanted.items() if value is not None}
    assert b"".join(payload for _, payload in bodies) == message.body


def split(data: bytes) -> Any:
    """The frames in these bytes: kind and payload."""
    while data:
        kind, _, size = struct.unpack_from(">BHI", data)
        yield kind, data[7 : 7 + size]
        data = data[8 + size :]


@pytest.mark.parametrize("table", [b"\xff\xff", b"\x01?!", b"\x01tA\0\0\0\x09", b""])
def test_headers_that_nobody_can_read(table: bytes) -> None:
    """A message with a table of headers that breaks AMQP is read without it."""
    assert beside(table) == {}


@pytest.mark.parametrize(
    "table", [tables.nested(2_000), tables.nested(2_000, b"F"), tables.at(10**12), tables.at(10**18), tables.at(2**64 - 1)]
)
def test_headers_that_hold_no_plain_value(table: bytes) -> None:
    """What is no plain value, be it ever so deep or late, is left out, and the headers around it are read."""
    assert beside(b"\x01aB\x01" + table + b"\x01zB\x02") == {"a": 1, "z": 2}


def test_the_last_time_of_all() -> None:
    """A time of the last second that a calendar has is read."""
    assert beside(tables.at(253_402_300_799)) == {"t": datetime(9999, 12, 31, 23, 59, 59)}  # noqa: DTZ001 - py-amqp says UTC by saying nothing


def beside(table: bytes) -> Mapping[str, Any]:
    """The headers of a message with this table, of which all the rest is read too."""
    header = struct.pack(">HHQH", 60, 0, 2, 1 << 13 | 1 << 10) + struct.pack(">I", len(table)) + table + b"\x04corr"
    method = bytes((0, 60, 0, 60)) + serialization.dumps("sLbss", ["me", 7, False, "x", "k"])
    [delivery], _ = wire.Incoming().deliveries(frame(1, method) + frame(2, header) + frame(3, b"{}"))
    assert (delivery.body, delivery.correlation_id) == (b"{}", "corr")
    return delivery.headers
