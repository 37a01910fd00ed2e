"""What RabbitMQ carries for foreign clients and py-amqp cannot read: it is delivered all the same, and stops no queue."""

import os
import tracemalloc
from _thread import allocate_lock
from collections.abc import Iterator
from socket import socketpair
from threading import Thread
from time import monotonic, process_time, sleep
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import Mock

import pika
import pytest
from pika.spec import BasicProperties

from services.chassis.bus import Delivery, Objection, Queue, Refused, Topology, Unwritable, heartbeat, wire
from services.chassis.bus.heartbeat import INTERVAL_S, Guarded
from services.chassis.bus.rabbit import RabbitBus, log
from services.chassis.bus.rabbit.connection import GOODBYE_S, READ_BYTES, connect
from services.chassis.bus.rabbit.log import STREAM_PREFETCH
from services.chassis.bus.rabbit.subscription import RabbitSubscription
from services.chassis.envelope import Outgoing
from services.chassis.errors import Unavailable
from services.chassis.service import EVENTS, REQUESTS
from tests.servers.ports import free_port
from tests.servers.proxy import PIECE, Proxy
from tests.servers.rabbit import RabbitNode
from tests.tables import TABLES, Table

BODY = b'{"caf\xc3\xa9": "\\ud800"}'
ROUNDS, AT_ONCE = 40, 25
PATIENCE_S = 20.0
COMPUTED_S = 3.0
"""For 32 MB; it was 12.5 when every read looked at all that had come before."""
HELD_BYTES = 20_000_000
NOT_UTF8, HALF_A_CHARACTER = b"\xff\xfe", b"\xed\xa0\x80"


@pytest.mark.parametrize(
    ("key", "properties"),
    [
        (b"thing." + NOT_UTF8, BasicProperties()),
        (b"thing." + HALF_A_CHARACTER, BasicProperties()),
        (b"thing.asked", BasicProperties(reply_to=NOT_UTF8)),
        (b"thing.asked", BasicProperties(correlation_id=HALF_A_CHARACTER)),
        (b"thing.asked", BasicProperties(correlation_id="a\0b", reply_to="c\0d")),
        (b"thing.asked", BasicProperties(content_type=NOT_UTF8)),
        (b"thing.asked", BasicProperties(content_encoding="unicode_escape")),
        (b"thing.asked", BasicProperties(headers={NOT_UTF8: "x"})),
        *((b"thing.asked", Table(table)) for table in TABLES.values()),
    ],
)
def test_odd_message_is_delivered(bus_url: str, key: bytes, properties: Any) -> None:
    """Whatever a sender puts beside the content, its bytes arrive, and so does the message after it."""
    bus = RabbitBus(bus_url)
    bus.declare(Topology([REQUESTS], [Queue("things", REQUESTS, ["thing.#"])]))
    with pika.BlockingConnection(pika.URLParameters(bus_url)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.basic_publish(REQUESTS, key, BODY, properties)
        channel.basic_publish(REQUESTS, "thing.after", b"after")
    assert arrived(bus, 2) == [BODY, b"after"]


def test_odd_facts_are_read(bus_url: str) -> None:
    """Whatever a sender puts beside the content, the log can be read past it, and from it on."""
    bus = RabbitBus(bus_url)
    bus.declare(Topology([EVENTS], [], "deltag.log"))
    with pika.BlockingConnection(pika.URLParameters(bus_url)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        for name, table in TABLES.items():
            channel.basic_publish(EVENTS, "thing.done", name.encode(), Table(table))
    read = list(bus.read_log("deltag.log"))
    assert [delivery.body.decode() for delivery in read] == list(TABLES)
    assert [delivery.body for delivery in bus.read_log("deltag.log", read[1].tag)] == [delivery.body for delivery in read[1:]]


def test_nul_is_no_text(bus_url: str) -> None:
    """NUL, which no database takes for text, comes as the sign for what could not be read."""
    bus = RabbitBus(bus_url)
    bus.declare(Topology([REQUESTS], [Queue("things", REQUESTS, ["thing.#"])]))
    with pika.BlockingConnection(pika.URLParameters(bus_url)) as connection:
        connection.channel().basic_publish(REQUESTS, "thing.asked", BODY, BasicProperties(correlation_id="a\0b", reply_to="c\0d"))
    subscription = bus.subscribe("things", 10)
    [delivery] = subscription.receive(1, PATIENCE_S)
    subscription.close()
    assert (delivery.correlation_id, delivery.reply_to) == ("a\N{REPLACEMENT CHARACTER}b", "c\N{REPLACEMENT CHARACTER}d")


def test_a_full_queue_refuses_only_its_own(bus_url: str) -> None:
    """Of a window of messages those that a full queue refuses are named, and all others are stored."""
    bus = RabbitBus(bus_url)
    bus.declare(Topology([REQUESTS], [Queue("things", REQUESTS, ["thing.#"])]))
    with pika.BlockingConnection(pika.URLParameters(bus_url)) as connection:
        connection.channel().queue_declare("full", durable=True, arguments={"x-max-length": 1, "x-overflow": "reject-publish"})
    publisher = bus.publisher()
    publisher.publish([Outgoing("first", "", "full", b"{}")])
    messages = [Outgoing(str(n), *(("", "full") if n % 3 == 0 else (REQUESTS, "thing.asked")), str(n).encode()) for n in range(30)]
    lost = Outgoing("lost", REQUESTS, "nobody", b"{}")
    with pytest.raises(Refused) as refusal:
        publisher.publish([*messages, lost])
    assert [m.id for m in refusal.value.refused] == [str(n) for n in range(0, 30, 3)]
    assert [m.id for m in refusal.value.returned] == ["lost"]
    assert sorted(map(int, arrived(bus, 20))) == [n for n in range(30) if n % 3]
    assert not publisher.publish([Outgoing("after", REQUESTS, "thing.asked", b"{}")])
    publisher.close()


def test_what_cannot_be_written_is_named(bus_url: str) -> None:
    """Of messages with texts too long for AMQP all are named before anything is sent, and the publisher goes on."""
    publisher, fine = RabbitBus(bus_url).publisher(), Outgoing("1", "", "nobody", b"{}")
    long = [Outgoing("2", "", "æ" * 130, b"{}"), Outgoing("3", "", "nobody", b"{}", correlation_id="x" * 256)]
    with pytest.raises(Unwritable) as some:
        publisher.publish([fine, *long])
    assert (some.value.messages, publisher.publish([fine])) == (long, [fine])
    publisher.close()


def test_a_forged_address_is_objected_to(bus_url: str) -> None:
    """An answer to an address that makes RabbitMQ end the connection is told apart from a broker that is away."""
    publisher = RabbitBus(bus_url).publisher()
    with pytest.raises(Objection):
        publisher.publish([Outgoing("1", "", "amq.rabbitmq.reply-to.g1hkA.x", b"{}")])


def test_what_was_settled_last_stays_settled(bus_url: str) -> None:
    """A consumer that settles and stops at once, with more on its way to it, leaves nothing behind that it has settled."""
    bus = RabbitBus(bus_url)
    bus.declare(Topology([REQUESTS], [Queue("things", REQUESTS, ["thing.#"])]))
    publisher = bus.publisher()
    publisher.publish([Outgoing(str(n), REQUESTS, "thing.asked", str(n).encode()) for n in range(ROUNDS * AT_ONCE)])
    publisher.close()
    taken = [body for _ in range(ROUNDS) for body in one_batch(bus)]
    assert len(taken) == len(set(taken))


def test_a_broker_that_takes_nothing_is_noticed_at_once(rabbit: RabbitNode, bus_url: str) -> None:
    """A publisher that a broker's alarm blocks does not wait for its end."""
    bus, message = RabbitBus(bus_url), Outgoing("1", REQUESTS, "thing.asked", b"{}")
    bus.declare(Topology([REQUESTS]))
    with rabbit.short_of("memory"), pytest.raises(Unavailable, match="alarm"):
        bus.publisher().publish([message])
    assert bus.publisher().publish([message]) == [message]


def test_the_next_node_is_asked(rabbit: RabbitNode, bus_url: str) -> None:
    """Of several nodes the next one is asked when one does not answer, whichever comes first."""
    bus = RabbitBus(f"{bus_url};{bus_url.replace(str(rabbit.port), str(free_port()))}")
    for _ in range(2):
        assert bus.publisher().publish([message := Outgoing("1", "", "nobody", b"{}")]) == [message]


def test_every_connection_asks_for_the_address(bus_url: str) -> None:
    """Where a secret changes, the next connection is made with the new one."""
    present = [bus_url.replace("guest:guest", "guest:changed")]
    bus = RabbitBus(lambda: present[0])
    with pytest.raises(Unavailable, match="ACCESS_REFUSED"):
        bus.publisher()
    present[0] = bus_url
    bus.publisher().close()


def test_a_thread_for_heartbeats_is_tried_again(bus_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While no thread is left for heartbeats nobody connects, and the next who tries when there is one gets it."""
    begun: list[object] = []
    monkeypatch.setattr(heartbeat, "_started", allocate_lock())
    monkeypatch.setattr(heartbeat, "start_new_thread", Mock(side_effect=RuntimeError("can't start new thread")))
    with pytest.raises(Unavailable, match="no thread left"):
        RabbitBus(bus_url).publisher()
    monkeypatch.setattr(heartbeat, "start_new_thread", lambda run, _arguments: begun.append(run))
    RabbitBus(bus_url).publisher().close()
    assert len(begun) == 1


def test_nobody_beats_on_a_closed_connection(bus_url: str) -> None:
    """Once a connection is closed, its heartbeat goes nowhere, though its socket's number is another's by now."""
    connection = connect(bus_url, "closed")
    guard, transport = connection.deltag_guard, connection.transport
    connection.collect()
    ours, theirs = socketpair()
    with ours, theirs:
        transport.sock = ours  # what the thread would find if it had looked just before
        guard.beat()
        theirs.settimeout(0)
        with pytest.raises(BlockingIOError):
            theirs.recv(1)


def test_what_was_closed_stays_closed(bus_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who closes, keeps alive, or receives on a connection that is gone opens no other one."""
    bus = RabbitBus(bus_url)
    bus.declare(Topology((), [Queue("things", "", ())]))
    publisher, subscription = bus.publisher(), bus.subscribe("things", 1)
    opened = Mock()
    monkeypatch.setattr("amqp.Connection.connect", opened)
    for end in (publisher, subscription):
        end._connection.collect()  # noqa: SLF001 - what every lost connection comes to
        end.close()
    with pytest.raises(Unavailable), pytest.warns(match="was accessed before"):
        publisher.keep_alive()
    with pytest.raises(Unavailable), pytest.warns(match="was accessed before"):
        subscription.receive(1, 0)
    assert not opened.called


@pytest.mark.parametrize(("begin", "how"), [("subscribe", "basic_consume"), ("publisher", "confirm_select")])
def test_who_cannot_begin_hangs_up(bus_url: str, monkeypatch: pytest.MonkeyPatch, begin: str, how: str) -> None:
    """A connection on which consuming or publishing could not begin is closed at once: nobody owns it."""
    bus, connection = RabbitBus(bus_url), connect(bus_url, "begins")
    monkeypatch.setattr("services.chassis.bus.rabbit.first_that_answers", lambda *_: connection)
    monkeypatch.setattr(f"amqp.Channel.{how}", Mock(side_effect=TimeoutError))
    with pytest.raises(Unavailable):
        bus.publisher() if begin == "publisher" else bus.subscribe("things", 1)
    assert not connection.connected


def test_large_messages_come_a_few_at_a_time(bus_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is taken into memory at once is bounded by its size, and one message is never too much."""
    monkeypatch.setattr("services.chassis.bus.rabbit.subscription.BATCH_BYTES", 250_000)
    bus = RabbitBus(bus_url)
    bus.declare(Topology((), [Queue("large", "", ())]))
    publisher = bus.publisher()
    publisher.publish([Outgoing(str(n), "", "large", b"x" * size) for n, size in enumerate([100_000] * 6 + [900_000])])
    publisher.close()
    subscription = bus.subscribe("large", 1_000)
    together: list[list[int]] = []
    while sum(sum(sizes) for sizes in together) < 1_500_000:
        taken = subscription.receive(500, PATIENCE_S)
        together.append([len(delivery.body) for delivery in taken])
        subscription.settle(taken[-1])
    subscription.close()
    assert all(sum(sizes) <= 250_000 or len(sizes) == 1 for sizes in together)


def test_a_huge_message_costs_no_more_by_the_byte(bus_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message of 32 MB takes little computing and lets others have their turn meanwhile; its beginning comes, and then the next one."""
    turns = Mock()
    monkeypatch.setattr("services.chassis.bus.rabbit.subscription.sleep", turns)
    bus = RabbitBus(bus_url)
    bus.declare(Topology((), [Queue("things", "", ())]))
    publisher = bus.publisher()
    publisher.publish([Outgoing(str(n), "", "things", b"x" * size) for n, size in enumerate([32_000_000, 1])])
    publisher.close()
    began = process_time()
    huge, small = arrived(bus, 2)
    assert process_time() - began < COMPUTED_S
    assert turns.call_count > len(huge) / READ_BYTES
    assert (huge[: wire.KEPT], b"32000000" in huge[wire.KEPT :], small) == (b"x" * wire.KEPT, True, b"x")


def test_a_slow_line_keeps_nobody_waiting(bus_url: str, rabbit: RabbitNode) -> None:
    """What has come over a slow line is handed out at once, though half of the next message has come too, and more is on its way."""
    with Proxy(rabbit.port).running() as network:
        bus = RabbitBus(network.url(bus_url))
        bus.declare(Topology((), [Queue("things", "", ())]))
        subscription = bus.subscribe("things", 100)
        network.bytes_per_s = 4 * PIECE
        publisher = RabbitBus(bus_url).publisher()
        publisher.publish([Outgoing(str(n), "", "things", str(n).encode().ljust(1_000)) for n in range(60)])
        publisher.close()
        batches: list[int] = []
        while sum(batches) < 60:
            batches.append(len(subscription.receive(100, PATIENCE_S)))
        subscription.close()
    assert len(batches) > 2


def test_a_slow_message_is_waited_for_no_longer(bus_url: str, rabbit: RabbitNode) -> None:
    """Who receives while a large message comes over a slow line gets his turn again and again until it is whole."""
    with Proxy(rabbit.port).running() as network:
        bus = RabbitBus(network.url(bus_url))
        bus.declare(Topology((), [Queue("things", "", ())]))
        subscription = bus.subscribe("things", 100)
        network.bytes_per_s = 8 * PIECE
        publisher = RabbitBus(bus_url).publisher()
        publisher.publish([Outgoing("1", "", "things", b"x" * 8 * PIECE)])
        publisher.close()
        turns = 0
        while not subscription.receive(100, 0.05):
            turns += 1
        subscription.close()
    assert turns > 2


def test_a_goodbye_holds_nothing(bus_url: str) -> None:
    """Who stops with 40 MB on their way to him drops them as they come, and what he settled last stays settled."""
    bus, subscription = much_on_its_way(bus_url)
    tracemalloc.start()
    subscription.close()
    _, held_at_most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held_at_most < HELD_BYTES
    again = bus.subscribe("things", 1)
    assert again.receive(1, PATIENCE_S)[0].body.startswith(b"1 ")
    again.close()


def test_a_goodbye_has_one_deadline(bus_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However slowly the rest comes, nobody waits longer for it in all than for a broker that says nothing."""
    _, subscription = much_on_its_way(bus_url)
    monkeypatch.setattr("services.chassis.bus.rabbit.subscription.GOODBYE_S", 0.2)
    read = RabbitSubscription._read  # noqa: SLF001 - the network, which is slow
    monkeypatch.setattr(RabbitSubscription, "_read", lambda of: [sleep(0.02), read(of)])  # type: ignore[func-returns-value]
    began = monotonic()
    subscription.close()
    assert monotonic() - began < GOODBYE_S


def test_a_log_of_a_frozen_broker_ends_the_reading(rabbit: RabbitNode, bus_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who reads the log from a broker that freezes meanwhile is told that it is away."""
    bus = a_long_log(bus_url)
    monkeypatch.setattr("services.chassis.bus.heartbeat.SILENT_S", 1.0)
    reading = bus.read_log("deltag.log", idle=0.2)
    next(reading)
    rabbit.pause()
    try:
        assert "silent" in outcome(reading)
    finally:
        rabbit.resume()


def test_a_log_that_does_not_go_on_ends_the_reading(bus_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who reads the log from a broker that gives nothing more, though there is more, is told so; an empty log just ends."""
    monkeypatch.setattr("services.chassis.bus.rabbit.log.DEADLINE_S", 1.0)
    bus = a_long_log(bus_url)
    monkeypatch.setattr("amqp.Channel.basic_ack", Mock())
    assert "does not go on" in outcome(bus.read_log("deltag.log", idle=0.2))
    bus.declare(Topology(["deltag.events"], (), "empty.log"))
    assert list(bus.read_log("empty.log", 10_000, idle=0.2)) == []


def test_an_empty_log_is_told_from_a_frozen_broker(rabbit: RabbitNode, bus_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence from the beginning is the end of an empty log only if the broker answers."""
    bus = RabbitBus(bus_url)
    bus.declare(Topology(["deltag.events"], (), "deltag.log"))
    follow = log._follow  # noqa: SLF001 - the moment to freeze

    def last_of_three(connection: Any, stream: str, offset: Any, into: Any, *, prefetch: int) -> Any:
        channel = follow(connection, stream, offset, into, prefetch=prefetch)
        if offset == "first":
            connection.transport.sock.settimeout(1.0)
            rabbit.pause()
        return channel

    monkeypatch.setattr(log, "_follow", last_of_three)
    try:
        assert outcome(bus.read_log("deltag.log", idle=0.2))
    finally:
        rabbit.resume()


def test_half_a_heartbeat_is_made_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A heartbeat for which there is room only in part goes on before whatever is written next, so the stream stays whole."""
    ours, theirs = socketpair()
    transport = SimpleNamespace(sock=ours, _write=ours.sendall)
    guard = Guarded(cast("Any", SimpleNamespace(transport=transport, collect=ours.close)))
    room = iter([3, 0, 2])
    monkeypatch.setattr(heartbeat, "write", lambda number, data: os.write(number, data[:taken]) if (taken := next(room, 0)) else full())
    with ours, theirs:
        for _ in range(4):
            guard.beat()
        transport._write(b"a frame")  # noqa: SLF001 - what py-amqp writes with
        assert theirs.recv(100) == b"\x08\0\0\0\0\0\0\xcea frame"


def test_heartbeats_are_no_answer(bus_url: str) -> None:
    """A broker that beats and does not answer what it was asked counts as gone."""
    connection = connect(bus_url, "test")
    connection.deltag_guard.expect(0.1)
    with pytest.raises(TimeoutError, match="does not answer"):
        connection.drain_events(timeout=2 * INTERVAL_S)
    connection.collect()


def full() -> int:
    """A socket with no room."""
    raise BlockingIOError


def much_on_its_way(bus_url: str) -> tuple[RabbitBus, RabbitSubscription]:
    """A subscription that took and settled the first of forty messages of 1 MB, and was sent them all."""
    bus = RabbitBus(bus_url)
    bus.declare(Topology((), [Queue("things", "", ())]))
    publisher = bus.publisher()
    publisher.publish([Outgoing(str(n), "", "things", str(n).encode() + b" " * 1_000_000) for n in range(40)])
    publisher.close()
    subscription = bus.subscribe("things", 4_000)
    subscription.settle(subscription.receive(1, PATIENCE_S)[0])
    return bus, subscription


def a_long_log(bus_url: str) -> RabbitBus:
    """A bus with a log of more messages than a reader is sent at once, in several chunks."""
    bus = RabbitBus(bus_url)
    bus.declare(Topology(["deltag.events"], (), "deltag.log"))
    publisher = bus.publisher()
    for _ in range(4):
        publisher.publish([Outgoing(str(n), "deltag.events", "thing.done", b"{}") for n in range(STREAM_PREFETCH)])
    publisher.close()
    return bus


def outcome(reading: Iterator[Delivery]) -> str:
    """How the reading of a log fails, within some seconds."""
    said: list[str] = []
    reader = Thread(target=lambda: said.append(failure(reading)), daemon=True)
    reader.start()
    reader.join(PATIENCE_S)
    assert said, "it goes on for ever"
    return said[0]


def failure(reading: Iterator[Delivery]) -> str:
    """Why it fails, if it does."""
    try:
        for _ in reading:
            pass
    except Unavailable as error:
        return str(error.__cause__)
    return ""


def one_batch(bus: RabbitBus) -> list[bytes]:
    """Take, settle, and go."""
    subscription = bus.subscribe("things", 1_000)
    taken = subscription.receive(AT_ONCE, 5.0)
    subscription.settle(taken[-1])
    subscription.close()
    return [delivery.body for delivery in taken]


def arrived(bus: RabbitBus, count: int) -> list[bytes]:
    """The next bodies in the queue."""
    subscription = bus.subscribe("things", max(count, 10))
    bodies: list[bytes] = []
    deadline = monotonic() + PATIENCE_S
    while len(bodies) < count and monotonic() < deadline:
        bodies += [delivery.body for delivery in subscription.receive(count, 0.5)]
    subscription.close()
    return bodies
