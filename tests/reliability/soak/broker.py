"""What happens to the broker, and to the network before it."""

from tests.reliability.patience import START_WITHIN_S, eventually
from tests.reliability.soak.processes import stop_all
from tests.reliability.soak.world import QUEUE_OF, Blow, World
from tests.servers.proxy import DOWN, UP

ROOM = 10
WAYS = {"up": (UP,), "down": (DOWN,), "both ways": (UP, DOWN)}
SLOWNESS = {"200 ms": {"latency_s": 0.2}, "10 kB/s": {"bytes_per_s": 10_000.0}}


def kill_the_broker(world: World, blow: Blow) -> None:
    """Kill -9, and again with its data."""
    world.broker.kill()
    blow.lasts()
    world.broker.start()


def restart_the_broker(world: World, _blow: Blow) -> None:
    """Stopped in order, and started."""
    world.broker.stop()
    world.broker.start()


def freeze_the_broker(world: World, blow: Blow) -> None:
    """Connections stay open, and nothing is answered."""
    world.broker.pause()
    blow.lasts()
    world.broker.resume()


def alarm_the_broker(world: World, blow: Blow) -> None:
    """It takes no messages for a while, short of memory or disk."""
    with world.broker.short_of(blow.target):
        blow.lasts()


def fill_a_queue(world: World, blow: Blow) -> None:
    """Nobody consumes a queue, and it refuses what it has no room for, until somebody comes."""
    stop_all(world, blow.target)
    with world.broker.room_for(world.stage.vhost, QUEUE_OF[blow.target], ROOM):
        eventually(lambda: _is_full(world, blow.target), within=START_WITHIN_S, what="a full queue")
        blow.lasts()
    world.start_again(blow.target)


def swallow(world: World, blow: Blow) -> None:
    """Nothing passes between the services and the broker, in one direction or both."""
    world.network.swallow(*WAYS[blow.target])
    blow.lasts()
    world.network.heal()


def slow_down(world: World, blow: Blow) -> None:
    """A network of the kind that one has on an island."""
    vars(world.network).update(SLOWNESS[blow.target])
    blow.lasts()
    world.network.heal()


def reset(world: World, _blow: Blow) -> None:
    """All connections to the broker break."""
    world.network.reset()


def forget(world: World, _blow: Blow) -> None:
    """All connections to the broker are half open."""
    world.network.forget()


def _is_full(world: World, name: str) -> bool:
    return world.stage.witness.waiting([QUEUE_OF[name]]) >= ROOM
