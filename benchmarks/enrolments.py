"""HTTP: enrolment requests, one at a time and 500 in bulk, beside a door that takes each in a transaction of its own.

Deltag's door is registration's: it checks the contract, decides by the programme's rules, seals names and numbers, and tells of it.
The other door is nameko's with an ORM session for each enrolment, and keeps three plain rows of it: less work, in the usual style.
Both get the same load: as many callers at the same time, each of whom waits for his answer.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

import psycopg

from benchmarks import wrk
from benchmarks.job import ENROLMENT_TABLES, events
from benchmarks.machine import Machine, machine
from benchmarks.process import answering
from benchmarks.running import number
from benchmarks.town import town
from benchmarks.wanted import Result, Wanted, tell
from tests.reliability.load import Families

SINGLES = 12_000
BULKS = 300
"""More than are sent: one that came before would be answered without any work."""
AT_ONCE = 500
CALLERS, SECONDS = {1: 16, AT_ONCE: 2}, {1: 6, AT_ONCE: 20}


class Door(NamedTuple):
    """Where it is, a token for it, and how many enrolments it has stored."""

    url: str
    token: str
    stored: Callable[[], int]


def measure(wanted: Wanted) -> Result:
    """Both doors in every round."""
    with machine() as servers:
        runs = [_run(turn, name, servers, at_once, wanted) for turn in range(wanted.rounds) for at_once in CALLERS for name in DOORS]
    return {"rounds": wanted.rounds, "runs": runs}


def _run(turn: int, name: str, servers: Machine, at_once: int, wanted: Wanted) -> Result:
    opened, bodies = DOORS[name]
    with opened(servers) as door:
        script = wrk.posting(servers.folder, name, _posted(bodies(), at_once), door.token)
        url = door.url if at_once == 1 else f"{door.url}/bulk"
        run = wrk.load(url, SECONDS[at_once] * wanted.scale, connections=CALLERS[at_once], script=script)
        unanswered = door.stored() - run["requests"] * at_once  # each caller may have one under way when time is up
        run["ok"] = run["ok"] and 0 <= unanswered <= CALLERS[at_once] * at_once
    rate, said = run["requests_per_s"] * at_once, "ok" if run["ok"] else "WRONG"
    tell(f"{turn + 1} enrolments {name:12} {at_once:4} at once {rate:8,.0f}/s p99 {run['p99_ms']:,.0f} ms {said}")
    return {"round": turn, "name": name, "at_once": at_once, "callers": CALLERS[at_once], "enrolments_per_s": rate, **run}


def _posted(bodies: Iterator[Any], at_once: int) -> Sequence[Any]:
    if at_once == 1:
        return list(islice(bodies, SINGLES))
    return [{"requests": list(islice(bodies, AT_ONCE))} for _ in range(BULKS)]


@contextmanager
def _registration(servers: Machine) -> Iterator[Door]:
    with town(servers) as place:
        command = ("services.cli", "run", "registration", "--only", "http")
        with answering(command, place.environment, place.folder) as (url, _process):
            stored = partial(_stored, place.environment["DELTAG_REGISTRATION_DATABASE_URL"])
            yield Door(url.replace("/health/ready", "/v1/enrolment-requests"), place.token, stored)


@contextmanager
def _nameko(servers: Machine) -> Iterator[Door]:
    with servers.ground("classic", databases=("door",)) as ground:
        with psycopg.connect(ground.urls["door"], autocommit=True) as connection:
            connection.execute(ENROLMENT_TABLES)
        with answering(("benchmarks.doors.nameko",), ground.environment(), ground.folder, "/alive") as (url, _process):
            yield Door(url.replace("/alive", "/enrolments"), "", partial(_stored, ground.urls["door"]))


def _stored(database: str) -> int:
    with psycopg.connect(database) as connection:
        return int(number(connection, "select count(*) from enrolment"))


def _requests() -> Iterator[Any]:
    families = Families()
    while True:
        request = families.request()
        yield {"id": request["id"], "data": request["data"]}


DOORS = {"registration": (_registration, _requests), "nameko": (_nameko, events)}
