"""A long run with faults at random, one after another: `make soak MINUTES=30`.

Which faults, whom they hit and how long they last comes from the seed that is printed; with the same seed the same faults
come again in the same order (what they meet differs, as it does in life). After each one everything must flow again in
time, without a hand on anything but what was killed; at the end the oracle counts.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from random import Random
from signal import SIGCONT, SIGSTOP
from time import monotonic

import pytest

from services.chassis.postgres import EmbeddedPostgres
from tests.reliability.chance import seed
from tests.reliability.load import Steadfast, flowing
from tests.reliability.patience import lasts
from tests.reliability.processes import Process
from tests.reliability.report import SIZE
from tests.reliability.sabotage import frozen, kill_a_backend, stop_at_once, terminate_one
from tests.reliability.stage import Stage
from tests.servers.databases import Databases
from tests.servers.proxy import Proxy
from tests.servers.rabbit import RabbitNode

MINUTES = float(os.environ.get("DELTAG_SOAK_MINUTES") or 3)
ENOUGH_S = 900
REPLICAS = ("registration", "registration", "reporting", "reporting")
POINTS = ("intake.before-commit", "intake.after-commit", "relay.before-publish", "relay.after-publish", "relay.after-confirm")


@dataclass
class World:
    """Everything that a fault can hit."""

    stage: Stage
    broker: RabbitNode
    network: Proxy
    postgres: EmbeddedPostgres
    chance: Random

    @property
    def way(self) -> dict[str, str]:
        """The setting by which a process reaches the broker over the bad network."""
        return {"DELTAG_AMQP_URL": self.network.url(self.stage.bus_url)}

    def start(self, *names: str) -> list[Process]:
        """Processes, ready."""
        return self.stage.start_all(*names, **self.way)

    def victim(self) -> Process:
        """One of those that run."""
        return self.chance.choice(self.stage.running)

    def database(self) -> str:
        """The address of one of the databases."""
        return self.chance.choice([context.settings.database_url for context in self.stage.contexts.values()])

    def look_again(self) -> None:
        """The test's own connections to the database are new ones from here."""
        for context in self.stage.contexts.values():
            context.database.close()

    def a_while(self) -> None:
        """Some seconds, as chance has it."""
        lasts(self.chance.uniform(1, 8))


def kill_a_process(world: World) -> None:
    """Kill -9, and another in its place."""
    victim = world.victim()
    victim.kill()
    world.start(victim.name)


def stop_a_process(world: World) -> None:
    """SIGTERM: it drains, and another takes its place."""
    victim = world.victim()
    victim.stop()
    world.start(victim.name)


def crash_a_process(world: World) -> None:
    """One more process, which dies at a named point."""
    point = f"{world.chance.choice(POINTS)}:{world.chance.randint(1, 5)}"
    world.stage.start("registration", **world.way, DELTAG_CRASH_POINT=point).await_death()


def freeze_a_process(world: World) -> None:
    """A process that hangs for a while, and then goes on as if nothing had been."""
    victim = world.victim()
    os.kill(victim.pid, SIGSTOP)
    world.a_while()
    os.kill(victim.pid, SIGCONT)


def kill_the_broker(world: World) -> None:
    """Kill -9, and again with its data."""
    world.broker.kill()
    world.a_while()
    world.broker.start()


def restart_the_broker(world: World) -> None:
    """Stopped in order, and started."""
    world.broker.stop()
    world.broker.start()


def freeze_the_broker(world: World) -> None:
    """Connections stay open, and nothing is answered."""
    world.broker.pause()
    world.a_while()
    world.broker.resume()


def alarm_the_broker(world: World) -> None:
    """It takes no messages for a while."""
    with world.broker.short_of(world.chance.choice(("memory", "disk"))):
        world.a_while()


def swallow(world: World) -> None:
    """Nothing passes between the services and the broker, in one direction or both."""
    world.network.swallow(*world.chance.choice((("up",), ("down",), ())))
    world.a_while()
    world.network.heal()


def reset(world: World) -> None:
    """All connections to the broker break."""
    world.network.reset()


def forget(world: World) -> None:
    """All connections to the broker are half open."""
    world.network.forget()


def slow_down(world: World) -> None:
    """A network of the kind that one has on an island."""
    world.network.latency_s = 0.2
    world.a_while()
    world.network.heal()


def stop_the_database(world: World) -> None:
    """An immediate stop, and started again."""
    stop_at_once(world.postgres)
    world.postgres.start()
    world.look_again()


def kill_a_database_process(world: World) -> None:
    """Kill -9 of one that serves us: it ends all others, and recovers."""
    kill_a_backend(world.postgres, world.database())
    world.look_again()


def freeze_the_database(world: World) -> None:
    """Connections stay open, and nothing is answered."""
    with frozen(world.postgres):
        world.a_while()


def terminate_connections(world: World) -> None:
    """Some connections to the database end."""
    for _ in range(world.chance.randint(1, 8)):
        terminate_one(world.database(), world.chance)


FAULTS: tuple[Callable[[World], None], ...] = (
    kill_a_process,
    stop_a_process,
    crash_a_process,
    freeze_a_process,
    kill_the_broker,
    restart_the_broker,
    freeze_the_broker,
    alarm_the_broker,
    swallow,
    reset,
    forget,
    slow_down,
    stop_the_database,
    kill_a_database_process,
    freeze_the_database,
    terminate_connections,
)


@pytest.fixture(scope="module")
def durable_postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL that only the soak uses."""
    with EmbeddedPostgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture(scope="module")
def all_durable_databases(durable_postgres_server: EmbeddedPostgres) -> Databases:
    """Its databases."""
    return Databases(durable_postgres_server)


@pytest.fixture
def world(stage: Stage, rabbit: RabbitNode, durable_postgres_server: EmbeddedPostgres) -> Iterator[World]:
    """Two replicas of each service at work, and a network between them and the broker."""
    with Proxy(rabbit.port).running() as network:
        world = World(stage, rabbit, network, durable_postgres_server, Random(seed()))
        world.start(*REPLICAS)
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
        for fault in until(monotonic() + MINUTES * 60, world.chance):
            print(f"{sum(suffered.values())}: {fault.__name__}", flush=True)  # noqa: T201 - where a run stands
            fault(world)
            suffered[fault.__name__] += 1
            slowest = max(slowest, world.stage.recovered())
    sender.close()
    told = ", ".join(f"{times} {name}" for name, times in suffered.most_common())
    world.stage.figures(slowest).judge(f"{MINUTES:g} minutes, {sum(suffered.values())} faults ({told}); the slowest")


def until(end: float, chance: Random) -> Iterator[Callable[[World], None]]:
    """Faults, one after another: each kind once in every round, in an order that chance makes."""
    for _ in count():
        for fault in chance.sample(FAULTS, len(FAULTS)):
            if monotonic() > end:
                return
            yield fault
