"""What happens to the services' processes: any replica of either service, or all of one at once."""

import os
from signal import SIGCONT, SIGSTOP

from tests.reliability.soak.world import Blow, World

AROUND_COMMITS = ("intake.before-commit", "intake.after-commit")
AROUND_PUBLISHING = ("relay.before-publish", "relay.after-publish", "relay.after-confirm")
POINTS = {"registration": AROUND_COMMITS + AROUND_PUBLISHING, "reporting": AROUND_COMMITS}
"""Reporting tells nobody anything."""
LATEST = 5
FROZEN = 2.0
"""So many times as long as other faults, so that some live on after their connections were given up."""


def kill_a_process(world: World, blow: Blow) -> None:
    """Kill -9, and another in its place."""
    world.victim(blow).kill()
    world.start(blow.target)


def stop_a_process(world: World, blow: Blow) -> None:
    """SIGTERM: it drains, and another takes its place."""
    world.victim(blow).stop()
    world.start(blow.target)


def crash_a_process(world: World, blow: Blow) -> None:
    """One more process, which dies at a named point."""
    point = f"{blow.one_of(POINTS[blow.target])}:{blow.chance().randint(1, LATEST)}"
    world.start_doomed(blow.target, point).await_death()


def freeze_a_process(world: World, blow: Blow) -> None:
    """SIGSTOP: it hangs for a while, and then goes on as if nothing had been."""
    victim = world.victim(blow)
    os.kill(victim.pid, SIGSTOP)
    blow.lasts(FROZEN)
    os.kill(victim.pid, SIGCONT)


def kill_a_service(world: World, blow: Blow) -> None:
    """Kill -9 of all its processes at once; it is away for a while."""
    for process in world.replicas(blow.target):
        process.kill()
    blow.lasts()
    world.start_again(blow.target)


def stop_a_service(world: World, blow: Blow) -> None:
    """All its processes stop in order; it is away for a while."""
    stop_all(world, blow.target)
    blow.lasts()
    world.start_again(blow.target)


def stop_all(world: World, name: str) -> None:
    """SIGTERM to all processes of a service at once, and wait."""
    replicas = world.replicas(name)
    for process in replicas:
        process.terminate()
    for process in replicas:
        process.await_end()
