"""What a bus promises: RabbitMQ (quorum and classic queues) and the embedded bus pass the same suite."""

from collections.abc import Iterator
from threading import Thread
from typing import Any
from unittest.mock import Mock
from uuid import uuid4

import pytest
import sqlalchemy as sa

from services.chassis.bus import Bus, Delivery, Publisher, Queue, Subscription, Topology, embedded, matches
from services.chassis.bus.embedded import EmbeddedBus
from services.chassis.bus.rabbit import RabbitBus
from services.chassis.database import Database
from services.chassis.envelope import Outgoing
from services.chassis.errors import Unavailable
from tests.servers.databases import Databases

EVENTS, REQUESTS = "deltag.events", "deltag.requests"
THINGS = Queue("things", EVENTS, ["other.thing.#"])
PATIENCE_S = 5.0

pytestmark = pytest.mark.server


@pytest.fixture(params=["quorum", "classic", "embedded"])
def bus(request: pytest.FixtureRequest) -> Iterator[Bus]:
    """A bus with one queue."""
    if request.param == "embedded":
        with request.getfixturevalue("databases").copied() as url:
            database = Database(url)
            yield declared(EmbeddedBus(database))
            database.close()
    else:
        yield declared(RabbitBus(request.getfixturevalue("bus_url"), queue_type=request.param))


def declared(bus: Bus) -> Bus:
    """The bus with what the tests need on it."""
    bus.declare(Topology([EVENTS, REQUESTS], [THINGS], "deltag.log"))
    return bus


@pytest.fixture
def publisher(bus: Bus) -> Iterator[Publisher]:
    """A publisher, closed at the end."""
    publisher = bus.publisher()
    yield publisher
    publisher.close()


@pytest.fixture
def subscription(bus: Bus) -> Iterator[Subscription]:
    """A subscription to the queue, closed at the end."""
    subscription = bus.subscribe("things", 1_000)
    yield subscription
    subscription.close()


def thing(body: str = "{}", key: str = "other.thing.done.v1", exchange: str = EVENTS) -> Outgoing:
    """A message on its way out."""
    return Outgoing(str(uuid4()), exchange, key, body.encode())


def take(subscription: Subscription, count: int) -> list[Delivery]:
    """The next `count` deliveries."""
    taken: list[Delivery] = []
    while len(taken) < count:
        got = subscription.receive(count - len(taken), PATIENCE_S)
        assert got, f"only {len(taken)} of {count} came"
        taken += got
    return taken


def bodies(deliveries: list[Delivery]) -> list[str]:
    """What they say."""
    return [delivery.body.decode() for delivery in deliveries]


def test_published_is_delivered_in_order(publisher: Publisher, subscription: Subscription) -> None:
    """What was published comes in the same order, bytes unchanged."""
    sent = [f'{{"n": {n}, "text": "æøå"}}' for n in range(1_200)]
    publisher.publish([thing(body) for body in sent])
    assert bodies(take_all(subscription, 1_200)) == sent


def take_all(subscription: Subscription, count: int) -> list[Delivery]:
    """The next `count`, each batch settled."""
    taken: list[Delivery] = []
    while len(taken) < count:
        got = take(subscription, min(100, count - len(taken)))
        subscription.settle(got[-1])
        taken += got
    return taken


def test_unroutable_is_named(publisher: Publisher) -> None:
    """What no queue wants is returned, and only that."""
    lost, gone, fine = thing(exchange=REQUESTS), thing(key="no-such-queue", exchange=""), thing()
    assert list(publisher.publish([lost, fine, gone])) == [lost, gone]


def test_unroutable_is_not_its_namesake(bus: Bus, publisher: Publisher) -> None:
    """Of a request and an answer with one id and one routing key only that one is returned which no queue wanted."""
    bus.declare(Topology([], [Queue("asked.v1")]))
    request, answer = (Outgoing("1", exchange, "asked.v1", b"{}") for exchange in (REQUESTS, ""))
    assert [message.exchange for message in publisher.publish([request, answer])] == [REQUESTS]


def test_log_wants_every_fact(bus: Bus, publisher: Publisher) -> None:
    """A fact that no service wants is kept in the log, and so not returned."""
    assert list(publisher.publish([thing("unwanted", key="nobody.wants.this.v1")])) == []
    assert bodies(list(bus.read_log("deltag.log", idle=0.5))) == ["unwanted"]


def test_direct_to_a_queue(publisher: Publisher, subscription: Subscription) -> None:
    """The nameless exchange reaches a queue by its name."""
    publisher.publish([thing("direct", key="things", exchange="")])
    assert bodies(take(subscription, 1)) == ["direct"]


def test_what_came_with_it_arrives(publisher: Publisher, subscription: Subscription) -> None:
    """The sender's reply address, correlation, content type and headers arrive with the message."""
    message = Outgoing(
        "1", EVENTS, "other.thing.done.v1", b"{}", correlation_id="c", reply_to="r", content_type="application/json", headers={"ce-id": "1"}
    )
    publisher.publish([message])
    (delivery,) = take(subscription, 1)
    assert (delivery.correlation_id, delivery.reply_to, delivery.content_type) == ("c", "r", "application/json")
    assert (dict(delivery.headers), delivery.routing_key, delivery.exchange) == ({"ce-id": "1"}, "other.thing.done.v1", EVENTS)


def test_waiting_has_an_end(subscription: Subscription) -> None:
    """An empty queue gives nothing after the time that was asked for."""
    assert list(subscription.receive(10, 0.05)) == []


def test_unsettled_comes_again(bus: Bus, publisher: Publisher) -> None:
    """What was handed out and not settled comes again, marked, before what is new; what was settled does not."""
    first = bus.subscribe("things", 1_000)
    publisher.publish([thing("1"), thing("2"), thing("3")])
    first.settle(take(first, 3)[0])
    first.close()
    publisher.publish([thing("4")])
    second = bus.subscribe("things", 1_000)
    taken = take(second, 3)
    second.close()
    assert bodies(taken) == ["2", "3", "4"]
    assert [d.redelivered for d in taken[:2]] == [True, True]


def test_settling_covers_everything_before(bus: Bus, publisher: Publisher) -> None:
    """One settlement covers all that was received before it."""
    first = bus.subscribe("things", 1_000)
    publisher.publish([thing("1"), thing("2"), thing("3")])
    first.settle(take(first, 3)[-1])
    first.close()
    second = bus.subscribe("things", 1_000)
    assert list(second.receive(10, 0.1)) == []
    second.close()


def test_prefetch_bounds_what_is_in_hand(bus: Bus, publisher: Publisher) -> None:
    """No more is handed out unsettled than was agreed."""
    subscription = bus.subscribe("things", 2)
    publisher.publish([thing(str(n)) for n in range(5)])
    assert len(take(subscription, 2)) == 2
    assert list(subscription.receive(10, 0.1)) == []
    subscription.close()


def test_idle_publisher_keeps_its_connection(publisher: Publisher, subscription: Subscription) -> None:
    """A publisher that had nothing to say for a while can still publish."""
    publisher.keep_alive()
    publisher.publish([thing("1")])
    publisher.keep_alive()
    assert bodies(take(subscription, 1)) == ["1"]


def test_declaring_again_changes_nothing(bus: Bus, publisher: Publisher) -> None:
    """What exists already may be declared again, and what is in it stays."""
    publisher.publish([thing("kept")])
    declared(bus)
    subscription = bus.subscribe("things", 10)
    assert bodies(take(subscription, 1)) == ["kept"]
    subscription.close()


def test_log_holds_what_passed(bus: Bus, publisher: Publisher, subscription: Subscription) -> None:
    """The log gives everything that passed `deltag.events` in order, and from any offset, whoever consumed it."""
    publisher.publish([thing(str(n)) for n in range(3)])
    subscription.settle(take(subscription, 3)[-1])
    logged = list(bus.read_log("deltag.log", idle=0.5))
    rest = list(bus.read_log("deltag.log", logged[1].tag, idle=0.5))
    assert bodies(logged) == ["0", "1", "2"]
    assert bodies(rest)[-1] == "2"
    assert len(rest) < 3


def test_log_ends_while_more_comes(bus: Bus, publisher: Publisher) -> None:
    """Who reads the log comes to an end even if for each message that he reads another one is published."""
    publisher.publish([thing(str(n)) for n in range(20)])
    read = []
    for delivery in bus.read_log("deltag.log", idle=5):
        read.append(delivery)
        publisher.publish([thing("newer")])
        assert len(read) < 100
    assert bodies(read)[:20] == [str(n) for n in range(20)]


def test_transient_queue_takes_answers(bus: Bus, publisher: Publisher) -> None:
    """A queue for answers can be made at any time and is reached by its name."""
    bus.declare(Topology([], [Queue("answers", transient=True)]))
    publisher.publish([thing("yes", key="answers", exchange="")])
    subscription = bus.subscribe("answers", 10)
    assert bodies(take(subscription, 1)) == ["yes"]
    subscription.close()


def test_embedded_queue_survives_its_process(databases: Databases) -> None:
    """The embedded bus gives back after a restart what was published and not settled."""
    with databases.copied() as url:
        database = Database(url)
        before = declared(EmbeddedBus(database))
        before.publisher().publish([thing("1"), thing("2"), thing("3", key="nobody.wants.v1")])
        subscription = before.subscribe("things", 10)
        subscription.settle(take(subscription, 1)[0])
        after = declared(EmbeddedBus(database)).subscribe("things", 10)
        assert [(d.body, d.redelivered) for d in take(after, 1)] == [(b"2", True)]
        assert list(after.receive(1, 0.05)) == []
        database.close()


def test_embedded_idle_queue_holds_nothing_back(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    """A queue to which nothing comes goes along with the log: what was kept for nobody goes, and no start reads what all had settled."""
    monkeypatch.setattr(embedded, "PASS_EVERY", 10)
    with databases.copied() as url:
        database = Database(url)
        settle_all(beside_idle(EmbeddedBus(database)), 100)
        assert passing(database) <= 20
        reader = Mock(side_effect=embedded._since)  # noqa: SLF001 - what a start reads
        monkeypatch.setattr(embedded, "_since", reader)
        beside_idle(EmbeddedBus(database))
        assert all(call.args[1] >= 80 for call in reader.call_args_list)
        database.close()


def test_embedded_queue_in_which_something_waits_stays(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much passes by a queue, what waits in it comes again after a restart, and after another one."""
    monkeypatch.setattr(embedded, "PASS_EVERY", 10)
    with databases.copied() as url:
        database = Database(url)
        bus = beside_idle(EmbeddedBus(database))
        bus.publisher().publish([thing("waits", key="idle", exchange="")])
        settle_all(bus, 100)
        settle_all(beside_idle(EmbeddedBus(database)), 100)
        assert bodies(take(beside_idle(EmbeddedBus(database)).subscribe("idle", 10), 1)) == ["waits"]
        database.close()


def beside_idle(bus: EmbeddedBus) -> EmbeddedBus:
    """The bus with a queue beside which another one is idle."""
    bus.declare(Topology([EVENTS, REQUESTS], [THINGS, Queue("idle", REQUESTS, ["never.#"])]))
    return bus


def settle_all(bus: EmbeddedBus, count: int) -> None:
    """So many messages that are no facts, a few at a time, each settled as it comes."""
    publisher, subscription = bus.publisher(), bus.subscribe("things", 10)
    for _ in range(count // 5):
        publisher.publish([thing(key="things", exchange="")] * 5)
        subscription.settle(take(subscription, 5)[-1])
    subscription.close()


def passing(database: Database) -> int:
    """How many messages that are no facts are still in the log."""
    with database.engine.connect() as connection:
        return int(connection.execute(sa.text("select count(*) from log where exchange <> :facts"), {"facts": EVENTS}).scalar_one())


def test_embedded_queue_gets_back_its_own_first(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is published while a queue gets back its own comes behind that, so no settlement covers what nobody handled."""
    with databases.copied() as url:
        database = Database(url)
        declared(EmbeddedBus(database)).publisher().publish([thing("1"), thing("2")])
        after, since = EmbeddedBus(database), embedded._since  # noqa: SLF001 - the moment to publish
        late = Thread(target=lambda: after.publisher().publish([thing("late")]))

        def slow(*asked: Any) -> Any:
            if not late.ident:
                late.start()
                late.join(0.2)
            return since(*asked)

        monkeypatch.setattr(embedded, "_since", slow)
        subscription = declared(after).subscribe("things", 10)
        late.join()
        assert bodies(take(subscription, 3)) == ["1", "2", "late"]
        database.close()


@pytest.mark.parametrize(
    ("pattern", "key", "fits"),
    [
        ("a.b.#", "a.b.c.v1", True),
        ("a.b.#", "a.b", True),
        ("a.b.#", "a.c.d", False),
        ("a.*.c", "a.x.c", True),
        ("a.*.c", "a.c", False),
        ("#", "", True),
        ("#.c", "a.b.c", True),
    ],
)
def test_topic_matching(pattern: str, key: str, fits: bool) -> None:  # noqa: FBT001 - a table
    """Topics match as AMQP says."""
    assert matches(pattern, key) is fits


def test_silent_broker_is_noticed(bus_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker that says nothing, not even a heartbeat, counts as gone, for those who wait and for those who are idle."""
    bus = declared(RabbitBus(bus_url))
    publisher, subscription = bus.publisher(), bus.subscribe("things", 10)
    monkeypatch.setattr("services.chassis.bus.heartbeat.SILENT_S", -1.0)
    with pytest.raises(Unavailable, match="silent"):
        subscription.receive(1, 0.01)
    with pytest.raises(Unavailable, match="silent"):
        publisher.keep_alive()
