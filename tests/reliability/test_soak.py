"""A long run with faults at random, one after another: `make soak MINUTES=30`.

Which faults, whom they hit and how long they last comes from the seed that is printed; with the same seed the same faults
come again in the same order (what they meet differs, as it does in life). After each one everything must flow again in
time, without a hand on anything but what was killed; at the end the oracle counts.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from time import monotonic

import pytest

from services.chassis.postgres import EmbeddedPostgres
from tests.reliability.chance import seed
from tests.reliability.load import Steadfast, flowing
from tests.reliability.report import SIZE
from tests.reliability.soak.plan import TARGETS, Fault, plan
from tests.reliability.soak.world import REPLICAS, SERVICES, Blow, World
from tests.reliability.stage import Stage
from tests.servers.databases import Databases
from tests.servers.proxy import Proxy
from tests.servers.rabbit import RabbitNode

MINUTES = float(os.environ.get("DELTAG_SOAK_MINUTES") or 3)
ENOUGH_S = 900
ROUND = sum(map(len, TARGETS.values()))


@pytest.fixture(scope="module")
def durable_postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL that only the soak uses."""
    with EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), options={"deadlock_timeout": "100ms"}) as server:
        yield server


@pytest.fixture(scope="module")
def all_durable_databases(durable_postgres_server: EmbeddedPostgres) -> Databases:
    """Its databases."""
    return Databases(durable_postgres_server)


@pytest.fixture
def world(stage: Stage, rabbit: RabbitNode, durable_postgres_server: EmbeddedPostgres) -> Iterator[World]:
    """Two replicas of each service at work, and a network between them and the broker."""
    with Proxy(rabbit.port).running() as network:
        world = World(stage, rabbit, network, durable_postgres_server)
        world.start(*SERVICES * REPLICAS)
        yield world


@pytest.mark.thorough
@pytest.mark.timeout(MINUTES * 60 + ENOUGH_S)
def test_soak(world: World, record_property: Callable[[str, object], None]) -> None:
    """Faults at random under load, for as long as asked: nothing is lost, nothing has two effects, and after each one all flows again."""
    record_property(SIZE, MINUTES)
    suffered: Counter[str] = Counter()
    slowest = 0.0
    with flowing(sender := Steadfast(world.stage.bus_url, world.stage.ledger, world.stage.families)):
        world.stage.await_progress()
        for fault, blow in until(monotonic() + MINUTES * 60, plan(seed())):
            print(f"{suffered.total()}: {fault.__name__}: {blow}", flush=True)  # noqa: T201 - where a run stands
            fault(world, blow)
            slowest = max(slowest, seconds := world.stage.recovered())
            print(f"{suffered.total()}: recovered in {seconds:.1f} s", flush=True)  # noqa: T201 - the same
            suffered[fault.__name__] += 1
    sender.close()
    told = ", ".join(f"{times} {name}" for name, times in suffered.most_common())
    figures = world.stage.figures(slowest, world.facts)
    figures.judge(f"{MINUTES:g} minutes, {suffered.total()} faults ({told}); the slowest", parked=world.parked.total())


def until(end: float, faults: Iterator[tuple[Fault, Blow]]) -> Iterator[tuple[Fault, Blow]]:
    """These, until it is time."""
    while monotonic() < end:
        yield next(faults)


def test_the_same_seed_gives_the_same_faults() -> None:
    """A soak can be had again: the same seed gives the same faults on the same targets, for as long; another seed gives others."""
    first, again, other = (list(islice(plan(seed), 3 * ROUND)) for seed in (7, 7, 8))
    assert first == again != other


def test_a_round_leaves_nobody_out() -> None:
    """In every round of the soak each fault hits each of its targets once."""
    drawn = plan(7)
    for _ in range(3):
        assert Counter((fault, blow.target) for fault, blow in islice(drawn, ROUND)) == Counter(
            (fault, target) for fault, targets in TARGETS.items() for target in targets
        )
