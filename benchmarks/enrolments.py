"""HTTP: enrolment requests, one at a time and 500 in bulk, beside a door that takes each in a transaction of its own.

Deltag's door is registration's: it checks the contract, decides by the programme's rules, seals names and numbers, and tells of it.
The other door is nameko's with an ORM session for each enrolment, and keeps three plain rows of it: less work, in the usual style.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import psycopg

from benchmarks import wrk
from benchmarks.job import ENROLMENT_TABLES, events
from benchmarks.machine import Machine, machine
from benchmarks.process import answering
from benchmarks.town import town
from benchmarks.wanted import Result, Wanted, tell
from tests.reliability.load import Families

SINGLES = 8_000
BULKS = 60
AT_ONCE = 500
CONNECTIONS, SECONDS = {1: 16, AT_ONCE: 2}, {1: 6, AT_ONCE: 20}

Door = tuple[str, str]
"""A URL, and a token for it."""


def measure(wanted: Wanted) -> Result:
    """Both doors in every round."""
    with machine() as servers:
        runs = [
            _run(number, name, servers, at_once, wanted) for number in range(wanted.rounds) for name in DOORS for at_once in CONNECTIONS
        ]
    return {"rounds": wanted.rounds, "runs": runs}


def _run(number: int, name: str, servers: Machine, at_once: int, wanted: Wanted) -> Result:
    door, bodies = DOORS[name]
    with door(servers) as (url, token):
        script = wrk.posting(servers.folder, name, _posted(bodies(), at_once), token)
        path = url if at_once == 1 else f"{url}/bulk"
        run = wrk.load(path, SECONDS[at_once] * wanted.scale, connections=CONNECTIONS[at_once], script=script)
    rate = run["requests_per_s"] * at_once
    tell(
        f"{number + 1} enrolments {name:12} {at_once:4} at once {rate:8,.0f}/s p99 {run['p99_ms']:,.0f} ms {'ok' if run['ok'] else 'WRONG'}"
    )
    return {"round": number, "name": name, "at_once": at_once, "enrolments_per_s": rate, **run}


def _posted(bodies: Iterator[Any], at_once: int) -> Sequence[Any]:
    if at_once == 1:
        return list(islice(bodies, SINGLES))
    return [{"requests": list(islice(bodies, AT_ONCE))} for _ in range(BULKS)]


@contextmanager
def _registration(servers: Machine) -> Iterator[Door]:
    with town(servers) as place:
        command = ("services.cli", "run", "registration", "--only", "http")
        with answering(command, place.environment, place.folder) as (url, _process):
            yield url.replace("/health/ready", "/v1/enrolment-requests"), place.token


@contextmanager
def _nameko(servers: Machine) -> Iterator[Door]:
    with servers.ground("classic", databases=("door",)) as ground:
        with psycopg.connect(ground.urls["door"], autocommit=True) as connection:
            connection.execute(ENROLMENT_TABLES)
        with answering(("benchmarks.doors.nameko",), ground.environment(), ground.folder, "/alive") as (url, _process):
            yield url.replace("/alive", "/enrolments"), ""


def _requests() -> Iterator[Any]:
    families = Families()
    while True:
        request = families.request()
        yield {"id": request["id"], "data": request["data"]}


DOORS = {"registration": (_registration, _requests), "nameko": (_nameko, events)}
