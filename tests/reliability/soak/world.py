"""Everything that a fault of the soak can hit, and what chance says about one blow."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import TypeVar

from services.chassis.postgres import EmbeddedPostgres
from services.chassis.service import Context
from tests.reliability.oracle import deferred
from tests.reliability.patience import START_WITHIN_S, eventually, lasts
from tests.reliability.processes import Process
from tests.reliability.stage import Stage
from tests.reliability.witness import Passed
from tests.servers.proxy import Proxy
from tests.servers.rabbit import RabbitNode

SERVICES = ("registration", "reporting")
QUEUE_OF = {"registration": "registration.requests", "reporting": "reporting.facts"}
REPLICAS = 2
"""Processes of each service; every fault leaves as many as it found."""
QUICKLY_PARKED = {"DELTAG_RETRY_ATTEMPTS": "3", "DELTAG_RETRY_BASE_S": "0.2"}

T = TypeVar("T")


@dataclass(frozen=True)
class Blow:
    """All that is chance's about one fault: whom or what it hits, for how long, and a number for whatever else is to be chosen."""

    target: str
    replica: int
    seconds: float
    lot: int

    def one_of(self, choices: Sequence[T]) -> T:
        """The one of these that it is."""
        return choices[self.lot % len(choices)]

    def chance(self) -> Random:
        """For choices among what nobody can know beforehand: they are this blow's own, and change none after it."""
        return Random(self.lot)

    def lasts(self, times: float = 1.0) -> None:
        """Its seconds pass."""
        lasts(times * self.seconds)

    def __str__(self) -> str:
        return f"{self.target}, replica {self.replica}, {self.seconds:.1f} s, lot {self.lot}"


@dataclass
class World:
    """Two replicas of each service, the broker and the network before it, the databases. `parked` are the messages that must stay so."""

    stage: Stage
    broker: RabbitNode
    network: Proxy
    postgres: EmbeddedPostgres
    parked: Counter[str] = field(default_factory=Counter)
    facts: list[Passed] = field(default_factory=list)

    def start(self, *names: str, **environment: str) -> list[Process]:
        """Processes that reach the broker over the bad network, ready."""
        return self.stage.start_all(*names, **self._way(), **environment)

    def start_doomed(self, name: str, crash_point: str) -> Process:
        """One more process, which will end at a crash point, perhaps before it is ready."""
        return self.stage.start(name, **self._way(), DELTAG_CRASH_POINT=crash_point)

    def start_again(self, name: str) -> None:
        """As many processes of a service as there were."""
        self.start(*[name] * REPLICAS)

    def victim(self, blow: Blow) -> Process:
        """The process that it hits."""
        return self.replicas(blow.target)[blow.replica]

    def replicas(self, name: str) -> Sequence[Process]:
        """The processes of a service, the oldest first."""
        return [process for process in self.stage.running if process.name == name]

    def context(self, name: str) -> Context:
        """The test's own view into a service."""
        return self.stage.contexts[name]

    def database(self, name: str) -> str:
        """The address of a service's database."""
        return self.context(name).database.url

    def look_again(self) -> None:
        """The test's own connections to the databases are new ones from here."""
        for context in self.stage.contexts.values():
            context.database.close()

    def await_parked(self, name: str) -> None:
        """Wait until a service has put aside for good what must be, and nothing else."""
        context, wanted = self.context(name), self.parked[name]
        eventually(lambda: deferred(context, kinds=["parked"]) == wanted, within=START_WITHIN_S, what=f"{wanted} parked")

    def hear(self) -> list[Passed]:
        """What has passed since the last time, remembered without its content."""
        facts = self.stage.witness.testimony()
        self.facts += [replace(fact, body=b"") for fact in facts]
        return facts

    def _way(self) -> dict[str, str]:
        return {"DELTAG_AMQP_URL": self.network.url(self.stage.bus_url)} | QUICKLY_PARKED
