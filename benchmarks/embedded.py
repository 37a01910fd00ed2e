"""Everything in one process: messages a second over the embedded bus, and how soon after `deltag up` a request is accepted."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from benchmarks import asking
from benchmarks.job import backlog
from benchmarks.machine import Machine, machine
from benchmarks.pipeline import rate_of
from benchmarks.process import answering, started, stop
from benchmarks.running import number
from benchmarks.town import PROGRAMME
from benchmarks.waiting import until
from benchmarks.wanted import Result, Wanted, tell
from services.chassis.settings import development_secrets
from tests.servers.ports import free_port

BACKLOG = 10_000
UP = ("services.cli", "up")


def measure(wanted: Wanted) -> Result:
    """The rate on databases of our own; the starts in a folder that was used before."""
    with machine() as servers:
        rates = [_rate(turn, servers, wanted.of(BACKLOG)) for turn in range(wanted.rounds)]
    with TemporaryDirectory(prefix="deltag-bench-") as place:
        starts = list(_starts(Path(place), wanted.rounds))
    return {"rounds": wanted.rounds, "runs": rates, "start_s": starts}


def _rate(turn: int, servers: Machine, messages: int) -> Result:
    unique = len({event["id"] for event in backlog(messages)})
    with servers.ground("classic", databases=("enrolment", "insight", "bus")) as ground:
        process = started(("benchmarks.contestants.deltag.together", str(messages)), ground.environment(), servers.folder / "together.log")
        try:
            with (
                psycopg.connect(ground.urls["enrolment"], autocommit=True) as one,
                psycopg.connect(ground.urls["insight"], autocommit=True) as two,
            ):
                until(lambda: _exists(two), "the embedded services do not start")
                until(lambda: number(two, "select count(*) from enrolment_fact") >= unique, "they do not finish", every_s=0.1)
                rate, taken = rate_of(one, two, unique), number(one, "select count(*) from enrolment")
        finally:
            stop([process])
    tell(f"embedded   {rate:8,.0f} messages/s")
    return {"round": turn, "events_per_s": rate, "ok": taken == unique}


def _exists(connection: psycopg.Connection) -> bool:
    return bool(number(connection, "select count(*) from pg_tables where tablename = 'enrolment_fact'"))


def _starts(folder: Path, rounds: int) -> Iterator[float]:
    """The first start makes the folder and loads the programme, and does not count."""
    development_secrets(folder)
    with _up(folder) as _url:
        _load(folder)
    for _ in range(rounds):
        began = time.monotonic()
        with _up(folder) as url:
            until(lambda url=url: asking.is_accepted(url, folder), "no request is accepted")  # type: ignore[misc]
            took = time.monotonic() - began
        tell(f"deltag up  {took:8.1f} s to the first accepted request")
        yield took


@contextmanager
def _up(folder: Path) -> Iterator[str]:
    with answering(UP, _environment(folder), folder, "/") as (url, _process):
        yield url


def _environment(folder: Path) -> Mapping[str, str]:
    return {**os.environ, "DELTAG_DATA_DIR": str(folder), "DELTAG_METRICS_ADDRESS": f"127.0.0.1:{free_port()}"}


def _load(folder: Path) -> None:
    process = started(("services.cli", "programme", "load", str(PROGRAMME)), _environment(folder), folder / "load.log")
    until(lambda: process.poll() is not None, "the programme is not loaded")
