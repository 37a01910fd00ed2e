"""What happens to the databases: to the server that holds both, to their connections, to their transactions."""

from tests.reliability.patience import START_WITHIN_S, eventually
from tests.reliability.sabotage import (
    deadlocks,
    frozen,
    kill_a_backend,
    make_collisions,
    stop_at_once,
    stop_collisions,
    terminate_one,
)
from tests.reliability.soak.world import Blow, World

LAST_WRITTEN = {"registration": "chassis.outbox", "reporting": "chassis.ledger"}
"""What a transaction of a service comes to after its enrolments."""
MOST_ENDED = 8
DEADLOCKS = 2


def stop_the_databases(world: World, blow: Blow) -> None:
    """An immediate stop, and started again."""
    stop_at_once(world.postgres)
    blow.lasts()
    world.postgres.start()
    world.look_again()


def kill_a_database_process(world: World, blow: Blow) -> None:
    """Kill -9 of one that serves us: it ends all others, and recovers."""
    kill_a_backend(world.postgres, world.database(blow.target))
    world.look_again()


def freeze_the_databases(world: World, blow: Blow) -> None:
    """Connections stay open, and nothing is answered."""
    with frozen(world.postgres):
        blow.lasts()


def terminate_connections(world: World, blow: Blow) -> None:
    """Some connections to a database end, whatever they are in the middle of."""
    chance = blow.chance()
    for _ in range(chance.randint(1, MOST_ENDED)):
        terminate_one(world.database(blow.target), chance)


def collide(world: World, blow: Blow) -> None:
    """Transactions fail as if they had collided with others, every third."""
    url, table = world.database(blow.target), LAST_WRITTEN[blow.target]
    make_collisions(url, table)
    blow.lasts()
    stop_collisions(url, table)


def deadlock(world: World, blow: Blow) -> None:
    """Somebody locks two tables the other way round than a service does, until that was some deadlocks."""
    with deadlocks(world.database(blow.target), "enrolment", LAST_WRITTEN[blow.target]) as counted:
        wanted = counted() + DEADLOCKS
        eventually(lambda: counted() >= wanted, within=START_WITHIN_S, what="deadlocks")
