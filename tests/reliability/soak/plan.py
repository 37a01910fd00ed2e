"""What the soak does to whom, for how long: all of it is drawn from a seed, before anything of it is done.

So the same seed gives the same faults on the same targets in the same order, whatever they meet; and in every round each
fault hits each of its targets once.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import repeat
from random import Random

from tests.reliability.soak.broker import (
    SLOWNESS,
    WAYS,
    alarm_the_broker,
    fill_a_queue,
    forget,
    freeze_the_broker,
    kill_the_broker,
    reset,
    restart_the_broker,
    slow_down,
    swallow,
)
from tests.reliability.soak.database import (
    collide,
    deadlock,
    freeze_the_databases,
    kill_a_database_process,
    stop_the_databases,
    terminate_connections,
)
from tests.reliability.soak.messages import replay_what_is_parked, send_poison, storm_with_facts, storm_with_requests
from tests.reliability.soak.processes import (
    crash_a_process,
    freeze_a_process,
    kill_a_process,
    kill_a_service,
    stop_a_process,
    stop_a_service,
)
from tests.reliability.soak.world import REPLICAS, SERVICES, Blow, World

Fault = Callable[[World, Blow], None]

SHORTEST_S, LONGEST_S = 1.0, 8.0
BROKER, NETWORK, DATABASES = ("the broker",), ("the network",), ("both databases",)

TARGETS: Mapping[Fault, Sequence[str]] = {
    kill_a_process: SERVICES,
    stop_a_process: SERVICES,
    crash_a_process: SERVICES,
    freeze_a_process: SERVICES,
    kill_a_service: SERVICES,
    stop_a_service: SERVICES,
    kill_the_broker: BROKER,
    restart_the_broker: BROKER,
    freeze_the_broker: BROKER,
    alarm_the_broker: ("memory", "disk"),
    fill_a_queue: SERVICES,
    swallow: tuple(WAYS),
    slow_down: tuple(SLOWNESS),
    reset: NETWORK,
    forget: NETWORK,
    stop_the_databases: DATABASES,
    kill_a_database_process: SERVICES,
    freeze_the_databases: DATABASES,
    terminate_connections: SERVICES,
    collide: SERVICES,
    deadlock: SERVICES,
    send_poison: SERVICES,
    storm_with_requests: ("registration",),
    storm_with_facts: ("reporting",),
    replay_what_is_parked: SERVICES,
}


def plan(seed: int) -> Iterator[tuple[Fault, Blow]]:
    """Faults without end, round after round, each round in an order of its own."""
    chance = Random(seed)
    for pairs in repeat([(fault, target) for fault, targets in TARGETS.items() for target in targets]):
        for fault, target in chance.sample(pairs, len(pairs)):
            yield fault, Blow(target, chance.randrange(REPLICAS), chance.uniform(SHORTEST_S, LONGEST_S), chance.getrandbits(32))
