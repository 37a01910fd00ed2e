"""Everything in one process: the job on the embedded bus."""

import psycopg

from benchmarks.job import backlog
from benchmarks.machine import Machine, machine
from benchmarks.pipeline import rate_of
from benchmarks.process import started, stop
from benchmarks.running import number
from benchmarks.waiting import until
from benchmarks.wanted import Result, Wanted, tell

BACKLOG = 10_000


def measure(wanted: Wanted) -> Result:
    """Every round on databases of its own."""
    with machine() as servers:
        runs = [_rate(turn, servers, wanted.of(BACKLOG)) for turn in range(wanted.rounds)]
    return {"rounds": wanted.rounds, "runs": runs}


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
                rate = rate_of(one, two, unique)
                taken = {number(one, "select count(*) from enrolment"), number(two, "select count(*) from enrolment_fact")}
        finally:
            stop([process])
    tell(f"embedded   {rate:8,.0f} messages/s")
    return {"round": turn, "events_per_s": rate, "ok": taken == {unique}}


def _exists(connection: psycopg.Connection) -> bool:
    return bool(number(connection, "select count(*) from pg_tables where tablename = 'enrolment_fact'"))
