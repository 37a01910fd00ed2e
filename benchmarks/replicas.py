"""Two replicas of each service beside one: whether they are as fast, and whether counts and order are exact."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice

import psycopg

from benchmarks.contestants.deltag import witness
from benchmarks.contestants.field import DELTAG
from benchmarks.job import Event, events
from benchmarks.machine import Ground, Machine, machine
from benchmarks.pipeline import throughput
from benchmarks.process import started, stop
from benchmarks.running import entered, number
from benchmarks.waiting import until
from benchmarks.wanted import QUEUE_TYPES, Result, Wanted, tell
from services.chassis.database import Database
from services.chassis.migrating import migrate
from services.chassis.topology import topology

REPLICAS = (1, 2)
CHILDREN = 200
MESSAGES = 6_000


def measure(wanted: Wanted) -> Result:
    """The rates in interleaved rounds, and the order once on each type of queue."""
    with machine() as servers:
        runs = [_rate(number, replicas, servers, wanted) for number in range(wanted.rounds) for replicas in REPLICAS]
        orders = {queue_type: _order(servers, queue_type, wanted.of(MESSAGES)) for queue_type in QUEUE_TYPES}
    return {"rounds": wanted.rounds, "runs": runs, "orders": orders}


def _rate(number: int, replicas: int, servers: Machine, wanted: Wanted) -> Result:
    run = throughput(DELTAG, servers, "quorum", wanted.scale, replicas=replicas)
    tell(f"{number + 1} {replicas} of each {run['events_per_s']:8,.0f}/s {'ok' if run['ok'] else 'WRONG'}")
    return {"round": number, "replicas": replicas, **run}


def _order(servers: Machine, queue_type: str, messages: int) -> Result:
    """The facts of few children, seen by two witnesses: how many came out of order, or not once."""
    with servers.ground(queue_type, databases=("enrolment", "insight", "witness")) as ground, ExitStack() as stack:
        _prepare(ground)
        entry = stack.enter_context(entered(DELTAG, ground))
        watched = stack.enter_context(psycopg.connect(ground.urls["witness"], autocommit=True))
        stack.callback(stop, [_started(ground) for _ in range(2)])
        with entry.working(replicas=2):
            entry.send(list(islice(_again_and_again(), messages)))
            until(lambda: number(watched, "select count(*) from seen") >= messages, "the witnesses miss some", every_s=0.2)
            until(entry.is_idle, "something stays on the way")
        found = {"messages": messages, "seen": int(number(watched, "select count(*) from seen"))}
        found["out_of_order"] = int(number(watched, witness.OUT_OF_ORDER))
    tell(f"{queue_type}: {found}")
    return found


def _prepare(ground: Ground) -> None:
    database = Database(ground.urls["witness"])
    migrate(database, witness.SERVICE.migrations)
    database.close()
    ground.bus.declare(topology(witness.SERVICE.listens))


def _started(ground: Ground) -> subprocess.Popen[bytes]:
    return started(("benchmarks.contestants.deltag.process", "witness"), ground.environment(), ground.folder / "witness.log")


def _again_and_again() -> Iterator[Event]:
    """Applications of few children, one after the other and again."""
    coming = events(seed=5)
    children = [event["data"]["child_id"] for event in islice(coming, CHILDREN)]
    for place, event in enumerate(coming):
        event["data"]["child_id"] = children[place % CHILDREN]
        yield event
