"""HTTP: one row read by its key, on the chassis and on nameko alone with the same query; sixteen connections, one process."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from benchmarks import wrk
from benchmarks.doors import rows
from benchmarks.machine import Ground, machine
from benchmarks.process import answering
from benchmarks.wanted import Result, Wanted, tell
from services.chassis.database import Database
from services.chassis.migrating import migrate

SECONDS = 5
DOORS = {
    "deltag": ("benchmarks.doors.deltag",),
    "nameko, psycopg2": ("benchmarks.doors.nameko", "psycopg2"),
    "nameko, psycopg3": ("benchmarks.doors.nameko", "psycopg"),
}


def measure(wanted: Wanted) -> Result:
    """Every door in every round, all of them up, one of them under load."""
    with machine() as servers, servers.ground("classic", databases=("door",)) as ground:
        id_ = _table(ground)
        runs = [_run(number, name, ground, id_, wanted) for number in range(wanted.rounds) for name in DOORS]
    return {"rounds": wanted.rounds, "runs": runs}


def _table(ground: Ground) -> str:
    database = Database(ground.urls["door"])
    migrate(database, rows.MIGRATIONS)
    database.close()
    with psycopg.connect(ground.urls["door"]) as connection:
        [[id_]] = connection.execute(rows.ANY_ID)
    return str(id_)


def _run(number: int, name: str, ground: Ground, id_: str, wanted: Wanted) -> Result:
    with _door(name, ground, f"/rows/{id_}") as url:
        wrk.load(url, 1)  # what is made at the first request is made
        run = wrk.load(url, SECONDS * wanted.scale)
    tell(f"{number + 1} one row    {name:20} {run['requests_per_s']:8,.0f}/s p99 {run['p99_ms']:.1f} ms")
    return {"round": number, "name": name, **run}


@contextmanager
def _door(name: str, ground: Ground, path: str) -> Iterator[str]:
    with answering(DOORS[name], ground.environment(), ground.folder, path) as (url, _process):
        yield url
