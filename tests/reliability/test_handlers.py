"""Handlers that fail, hang, compute or grow: the message that asks for it is parked or waits, and its neighbours never notice."""

from collections.abc import Iterator
from contextlib import contextmanager
from operator import itemgetter
from random import Random

import pytest

from services.chassis.bus.heartbeat import INTERVAL_S
from services.chassis.testing import parked
from tests.reliability.chance import seed
from tests.reliability.lethal import BUSY, HANG, LEAK, LEAK_MB, OUTAGE, SPIN
from tests.reliability.load import Raw, publish
from tests.reliability.patience import START_WITHIN_S, eventually, lasts
from tests.reliability.ward import RETRIES, Begun, Fault, Ward, fact, request
from tests.servers.proxy import Proxy
from tests.servers.rabbit import RabbitNode

FACTS = 100
LEAKS = 8
AT_REST_MB = 130
BUSY_S = 3 * INTERVAL_S
AT_ONCE = {"DELTAG_RETRY_BASE_S": "0.1"}
ALL_RETRIES_S = sum(2**n for n in range(RETRIES - 1))
"""How long a message is retried at most that is tried again after a second."""
BAD = 60
LONG_S = 8


def test_handler_always_fails(ward: Ward) -> None:
    """Fault 17: a handler that always raises, for one message in a hundred. It is tried as often as was set while others are handled,
    and parked, alone.
    """
    sent = dict(fact(f"child-{n:02d}", 1, "defect" if n == 49 else "") for n in range(FACTS))
    publish(ward.bus_url, sent.values())
    ward.start(**AT_ONCE)
    sent |= ward.flow_until_parked(1)
    ward.settle(effects=len(sent) - 1, parked=1)
    ward.figures(sent).judge("a handler that always raises", parked=1)
    assert [(p["message_id"], p["slug"], p["attempts"]) for p in parked(ward.context)] == [("child-49-1", "unexpected-error", RETRIES)]


@pytest.mark.parametrize("trouble", [HANG, pytest.param(SPIN, marks=pytest.mark.thorough)])
def test_handler_hangs(ward: Ward, fault: Fault, trouble: str) -> None:
    """Fault 17: a handler that waits, or computes, without end. Its process ends itself in time, and all is handled when it is healed."""
    sent = dict([request("beside"), *(fact(f"child-{n:02d}", 1, trouble if n == 49 else "") for n in range(FACTS))])
    publish(ward.bus_url, sent.values())
    hanging = ward.start(DELTAG_HANDLING_S="1", **fault.variables)
    eventually(lambda: hanging.ended, within=START_WITHIN_S, what="its end")
    fault.heal()
    ward.supervise(effects=len(sent))
    assert "watchdog.ended" in hanging.log.read_text()
    ward.figures(sent).judge(f"a handler that did {trouble}, {ward.deaths} processes ended")


def test_handler_leaks(ward: Ward) -> None:
    """Fault 17: a handler that keeps what it was given. Above its limit the process stops in order; the next goes on."""
    sent = dict(fact(f"child-{n:02d}", 1, LEAK) for n in range(LEAKS))
    publish(ward.bus_url, sent.values())
    leaking = ward.start(DELTAG_MEMORY_MB=str(AT_REST_MB + LEAKS // 2 * LEAK_MB), DELTAG_BATCH_SIZE="1")
    eventually(lambda: leaking.ended, within=START_WITHIN_S, what="its end")
    ward.supervise(effects=len(sent))
    figures = ward.figures(sent)
    figures.judge(f"{len(sent)} times {LEAK_MB} MB leaked, {ward.deaths} processes recycled")
    assert figures.repeated == 0


def test_handlers_fail_for_longer_than_all_retries(ward: Ward, fault: Fault) -> None:
    """Fault 17: what all handlers need is away for longer than any message is retried. Health says so, nothing is parked, and all
    is handled soon after it is back.
    """
    sent = dict(fact(f"child-{n:03d}", 1, OUTAGE) for n in range(3 * FACTS))
    process = ward.start(DELTAG_RETRY_BASE_S="1", **fault.variables)
    process.await_ready()
    publish(ward.bus_url, sent.values())
    eventually(lambda: "Slowed down" in process.trouble(), what="it in its health", told=process.trouble)
    lasts(2 * ALL_RETRIES_S)
    assert parked(ward.context) == []
    fault.heal()
    ward.figures(sent, ward.settle(effects=len(sent))).judge(f"an outage of {2 * ALL_RETRIES_S} s and more for {len(sent)} messages")


def test_many_messages_fail_among_others(ward: Ward) -> None:
    """Fault 17: sixty messages that always fail among three hundred others and more. They are not taken for an outage: only they are
    parked.
    """
    facts = [*(fact(f"bad-{n:03d}", 1, "defect") for n in range(BAD)), *(fact(f"child-{n:03d}", 1) for n in range(3 * FACTS))]
    sent = dict(Random(seed()).sample(facts, len(facts)))
    ward.start(**AT_ONCE).await_ready()
    publish(ward.bus_url, sent.values())
    sent |= ward.flow_until_parked(BAD)
    good = len(sent) - BAD
    seconds = ward.settle(effects=good, parked=BAD)
    ward.figures(sent, seconds).judge(f"{BAD} messages that always fail among {good}", parked=BAD)


def test_handler_computes_for_longer_than_two_heartbeats(ward: Ward) -> None:
    """Fault 18: a handler keeps the interpreter busy for longer than two heartbeats. The connection survives, and nothing comes again.

    That holds without TLS: over `amqps://` the broker ends the connection, and what was in hand comes again and has its one effect.
    """
    sent = dict([fact("busy", 1, BUSY), *(fact(f"child-{n:02d}", 1) for n in range(FACTS))])
    ward.start(LETHAL_BUSY_S=str(BUSY_S), DELTAG_BATCH_SIZE="1").await_ready()
    publish(ward.bus_url, sent.values())
    ward.settle(effects=len(sent), within=START_WITHIN_S)
    figures = ward.figures(sent)
    figures.judge(f"busy for {BUSY_S} s with a heartbeat of {INTERVAL_S} s")
    assert figures.taken_again == 0


@pytest.mark.thorough
def test_handler_takes_longer_than_the_broker_allows(ward: Ward, rabbit: RabbitNode, begun: Begun) -> None:
    """Fault 19: the broker takes a message back whose handler is still at work. No handler begins with it a second time, and it has
    one effect.
    """
    sent = dict([fact("busy", 1, BUSY), request("beside"), *(fact(f"child-{n:02d}", 1) for n in range(FACTS))])
    with broker_with(rabbit, consumer_timeout=2_000, channel_tick_interval=500):
        for process in [ward.start(LETHAL_BUSY_S=f"{LONG_S}", **begun.variables) for _ in range(2)]:
            process.await_ready()
        publish(ward.bus_url, sent.values())
        ward.settle(effects=len(sent), within=START_WITHIN_S)
    figures = ward.figures(sent)
    figures.judge(f"a handler of {LONG_S} s, of which the broker allows 2")
    assert figures.taken_again > 0
    assert begun.times("busy-1") == 1


@pytest.mark.thorough
@pytest.mark.parametrize("long", [fact("new", 1, BUSY), fact("known", 2, BUSY), request("asked", BUSY)], ids=itemgetter(0))
def test_another_gets_what_is_in_hand(ward: Ward, network: Proxy, begun: Begun, long: tuple[str, Raw]) -> None:
    """Fault 19: connections break while a handler is at work (with the first fact of an aggregate, a later one, a request), and the
    broker gives its message to another process at once. No handler begins with it a second time, and it has one effect.
    """
    sent = dict([fact("known", 1), long])
    through = {"DELTAG_AMQP_URL": network.url(ward.bus_url), "LETHAL_BUSY_S": f"{LONG_S}", **begun.variables}
    publish(ward.bus_url, [sent["known-1"]])
    for process in [ward.start(**through) for _ in range(2)]:
        process.await_ready()
    ward.settle(effects=1)
    publish(ward.bus_url, [sent[long[0]]])
    eventually(lambda: begun.times(long[0]), what="its beginning")
    network.reset()
    seconds = ward.settle(effects=len(sent), within=START_WITHIN_S)
    figures = ward.figures(sent)
    figures.judge(f"{long[0]}, given to another while a handler of {LONG_S} s had it, was done with after {seconds:.1f} s")
    assert figures.taken_again > 0
    assert begun.times(long[0]) == 1


@contextmanager
def broker_with(rabbit: RabbitNode, **settings: int) -> Iterator[None]:
    """During the block the broker offers other values to those who connect."""
    before = {name: rabbit.rabbitmqctl("eval", f"{{ok, V}} = application:get_env(rabbit, {name}), V.").strip() for name in settings}
    _set(rabbit, settings)
    try:
        yield
    finally:
        _set(rabbit, before)


def _set(rabbit: RabbitNode, settings: dict[str, int] | dict[str, str]) -> None:
    orders = (f"application:set_env(rabbit, {name}, {value})" for name, value in settings.items())
    rabbit.rabbitmqctl("eval", ", ".join(orders) + ".")
