"""A network that swallows, breaks and delays what passes between the services and the broker: they find the way again by themselves."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from time import monotonic

import pytest

from services.chassis.settings import BATCH_SIZE
from tests.reliability import witness
from tests.reliability.clerk import Desk
from tests.reliability.oracle import number, outbox
from tests.reliability.patience import START_WITHIN_S, eventually, lasts
from tests.reliability.stage import Stage, a_stage
from tests.servers.databases import Databases
from tests.servers.proxy import DOWN, PIECE, UP, Proxy
from tests.servers.secure import a_secure_node

LATENCY_S = 0.2
BYTES_PER_S = 10_000
RESETS = 3
BACKLOG = 300
LASTING = 4
"""Connections that both services keep: a relay's and a consumer's each."""
MINUTES = 60
GAVE_UP = '"loop":"relay"'
SHORT_S = 5
ARRIVED_S = 2
"""After so long nothing comes any more of what was beyond the network when it began to swallow."""
TAKEN = "select coalesce(sum(handled + duplicate), 0) from chassis.ledger"
pytestmark = pytest.mark.timeout(5 * MINUTES)


def through(network: Proxy, stage: Stage) -> AbstractContextManager[Desk]:
    """Both services are busy during the block, and reach the broker over this network alone."""
    return stage.at_work(DELTAG_AMQP_URL=network.url(stage.bus_url))


def passed(stage: Stage, ways: Sequence[str]) -> list[int]:
    """How much has come through in these ways: up to the broker the facts, down from it the requests."""
    counted = {UP: stage.witness.waiting([witness.QUEUE]), DOWN: number(stage.contexts["registration"], TAKEN)}
    return [counted[way] for way in ways]


def strike(network: Proxy) -> int:
    """Break all connections that both services keep, when they have all of them; returns how many there were."""
    eventually(lambda: len(network.lines) >= LASTING, within=START_WITHIN_S, what="all connections")
    before = network.lines
    network.reset()
    eventually(lambda: not before & network.lines, what="the end of all connections")
    return len(before)


def test_the_confirms_are_lost(stage: Stage, network: Proxy) -> None:
    """Fault 6: the broker hears everything, and its confirms are lost. After a hard deadline the same ids are published again."""
    with through(network, stage) as desk:
        network.swallow(DOWN)
        eventually(lambda: GAVE_UP in stage.processes[0].log.read_text(), within=START_WITHIN_S, what="a relay that gave up")
        stage.await_trouble()
        desk.await_answers(10)
        network.heal()
        seconds = stage.recovered()
    figures = stage.figures(seconds)
    figures.judge("the broker's confirms lost")
    assert figures.repeated > 0


@pytest.mark.thorough
def test_half_open(stage: Stage, network: Proxy) -> None:
    """Fault 7, half open: connections that both ends take for alive are given up for new ones, by the services and by the broker."""
    with through(network, stage):
        before = network.lines
        network.forget()
        seconds = stage.recovered()
        eventually(lambda: len(network.lines - before) >= LASTING, what="a new connection for each")
    stage.figures(seconds).judge(f"{len(before)} connections half open")
    assert len(before) >= LASTING


@pytest.mark.thorough
def test_broken_connections(stage: Stage, network: Proxy) -> None:
    """Fault 7, resets: connections that break again and again are made again, and nothing is lost or done twice."""
    with through(network, stage) as desk:
        broken = 0
        for _ in range(RESETS):
            broken += strike(network)
            desk.await_answers(10)
        seconds = stage.recovered()
    stage.figures(seconds).judge(f"{RESETS} times all connections broken, {broken} in all")


@pytest.mark.thorough
def test_short_blackhole(stage: Stage, network: Proxy) -> None:
    """Fault 7, a blackhole of 5 s: it is over before anybody has given up, and all goes on where it was."""
    with through(network, stage):
        network.swallow()
        lasts(ARRIVED_S)
        before = passed(stage, (UP, DOWN))
        lasts(SHORT_S - ARRIVED_S)
        assert passed(stage, (UP, DOWN)) == before, "something came through"
        network.heal()
        seconds = stage.recovered()
    stage.figures(seconds).judge(f"a blackhole of {SHORT_S} s")


@pytest.mark.thorough
@pytest.mark.parametrize("ways", [(UP,), (DOWN,), (UP, DOWN)], ids=" and ".join)
@pytest.mark.parametrize("seconds", [30, 120])
def test_long_blackhole(stage: Stage, network: Proxy, ways: tuple[str, ...], seconds: float) -> None:
    """Faults 6 and 7, blackholes of half a minute and more, each way: health says so, HTTP goes on, and after it the flow."""
    with through(network, stage) as desk:
        network.swallow(*ways)
        stage.await_trouble()
        before = passed(stage, ways)
        lasts(seconds)
        desk.await_answers(10)
        assert passed(stage, ways) == before, "something came through"
        network.heal()
        recovered = stage.recovered()
    stage.figures(recovered).judge(f"a blackhole of {seconds} s, {' and '.join(ways)}")


@pytest.mark.thorough
def test_slow_network(stage: Stage, network: Proxy) -> None:
    """Fault 7, 200 ms and 10 kB/s: everything still flows, only slowly, and at full speed as soon as the network does."""
    with through(network, stage) as desk:
        network.latency_s, network.bytes_per_s = LATENCY_S, BYTES_PER_S
        before, began = stage.witness.testimony(), monotonic()
        desk.await_answers(40)
        eventually(lambda: stage.witness.waiting([witness.QUEUE]), what="facts that have come through")
        slow, lasted = stage.witness.testimony(), monotonic() - began
        network.heal()
        seconds = stage.recovered()
    told = sum(len(fact.body) for fact in slow)
    figures = stage.figures(seconds, [*before, *slow])
    figures.judge(f"a network of 200 ms and 10 kB/s, {len(slow)} facts of {told / 1_000:.0f} kB told in {lasted:.1f} s")
    assert told <= BYTES_PER_S * lasted + 2 * PIECE, "it was not slow"


@pytest.mark.thorough
def test_backlog_on_a_slow_network(stage: Stage, network: Proxy) -> None:
    """Fault 7, 200 ms and 10 kB/s while more comes than they carry: hundreds of messages pile up, every connection is kept, and all
    is through soon after the network is fast again.
    """
    pile_up(stage, network, DELTAG_AMQP_URL=network.url(stage.bus_url))


@pytest.mark.thorough
def test_backlog_on_a_slow_network_over_tls(durable_databases: Databases, tmp_path: Path) -> None:
    """Fault 7, the same over TLS, with batches as large as they are in production."""
    with a_secure_node(tmp_path / "secure") as node, a_stage(durable_databases, node.url(node.fresh_vhost()), tmp_path) as stage:
        trusted = {"SSL_CERT_FILE": str(node.authority.file), "DELTAG_BATCH_SIZE": str(BATCH_SIZE)}
        with Proxy(node.secure_port).running() as network:
            pile_up(stage, network, DELTAG_AMQP_URL=network.url(node.secure_url(stage.bus_url)), **trusted)


def pile_up(stage: Stage, network: Proxy, **environment: str) -> None:
    """More comes than the network carries, until it is fast again."""
    registration, _ = stage.start_all("registration", "reporting", **environment)
    with stage.busy(registration, unanswered=BACKLOG) as desk:
        before = network.lines
        network.latency_s, network.bytes_per_s = LATENCY_S, BYTES_PER_S
        eventually(lambda: outbox(stage.contexts["registration"]) >= BACKLOG, within=MINUTES, what="a backlog")
        desk.await_answers(20)
        backlog, kept = outbox(stage.contexts["registration"]) + stage.ledger.unanswered, len(before & network.lines)
        network.heal()
        seconds = stage.recovered()
    stage.figures(seconds).judge(f"a backlog of {backlog} on a network of 200 ms and 10 kB/s, over {kept} connections")
    assert kept == LASTING
    assert not any("loop.paused" in process.log.read_text() for process in stage.processes)
