"""The pipeline: every contestant takes a backlog as fast as it can, and then fifty messages a second; every run checks the counts.

Rate: unique ids by the time from the first row of the inbox to the last one in the other database. CPU: user and system time of the
contestant's processes and of both servers between the same moments, by a thousand ids. Latency: from just before a message is
published until its row is written in the other database, just before the commit.
"""

import os
import time
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import psycopg

from benchmarks.contestants.field import Contestant
from benchmarks.job import Event, backlog, events
from benchmarks.machine import Machine
from benchmarks.running import Entry, entered, number
from benchmarks.waiting import until

LATENCY_HZ = 50
WARM_UP = 30

Run = dict[str, Any]

_FIRST = "select extract(epoch from min(received_at)) from inbox"
_LAST = "select extract(epoch from max(written_at)) from enrolment_fact"
_BEGUN = "select count(*) from (select 1 from inbox limit 1) as first"
_LATENCIES = (
    "select percentile_cont(array[0.5, 0.99, 1]) within group (order by (extract(epoch from written_at) - origin_ts) * 1000)"
    " from (select * from enrolment_fact order by written_at offset %s) as measured"
)


def throughput(contestant: Contestant, machine: Machine, queue_type: str, scale: float = 1.0, *, replicas: int = 1) -> Run:
    """One run on a backlog, by so many of each service."""
    sent = list(backlog(int(contestant.backlog * scale)))
    unique = len({event["id"] for event in sent})
    with machine.ground(queue_type) as ground, entered(contestant, ground) as entry:
        entry.send(sent)
        with entry.working(replicas) as processes:
            until(lambda: bool(number(entry.enrolment, _BEGUN)), f"{contestant.name} does not begin")
            before = machine.cpu(processes)
            until(lambda: entry.facts() >= unique, f"{contestant.name} does not finish", every_s=0.1)
            used = per_1000(before, machine.cpu(processes), unique)
            return {"events_per_s": rate_of(entry.enrolment, entry.insight, unique), **used, **_checked(entry, unique)}


def latency(contestant: Contestant, machine: Machine, queue_type: str, seconds: float = 10.0) -> Run:
    """One run at a steady pace, after a warm-up that does not count."""
    coming = events(seed=11)
    count = int(seconds * LATENCY_HZ)
    with machine.ground(queue_type) as ground, entered(contestant, ground) as entry, entry.working():
        _pace(entry, islice(coming, WARM_UP))
        until(lambda: entry.facts() >= WARM_UP, f"{contestant.name} does not begin")
        _pace(entry, islice(coming, count))
        until(lambda: entry.facts() >= WARM_UP + count, f"{contestant.name} does not finish")
        [[[p50, p99, longest]]] = entry.insight.execute(_LATENCIES, [WARM_UP])
        return {"p50_ms": p50, "p99_ms": p99, "max_ms": longest, **_checked(entry, WARM_UP + count)}


def rate_of(enrolment: psycopg.Connection, insight: psycopg.Connection, unique: int) -> float:
    """Unique ids a second, from the first row to the last."""
    return unique / (number(insight, _LAST) - number(enrolment, _FIRST))


def _pace(entry: Entry, sent: Iterator[Event]) -> None:
    """Send one after the other on the clock; a late one does not shift the rest."""
    began = time.monotonic()
    for place, event in enumerate(sent):
        time.sleep(max(0.0, began + place / LATENCY_HZ - time.monotonic()))
        event["data"]["origin_ts"] = time.time()
        entry.send([event])


def per_1000(before: Mapping[str, float], after: Mapping[str, float], unique: int) -> dict[str, float]:
    """CPU seconds of each part between two looks, and of all together."""
    used = {part: (after[part] - before[part]) / unique * 1000 for part in before}
    return {f"cpu_{part}_s_per_1000": seconds for part, seconds in (used | {"all": sum(used.values())}).items()}


def _checked(entry: Entry, unique: int) -> Run:
    """`ok` when every id had one effect in every table, and nothing is left on the way."""
    until(entry.is_idle, f"{entry.contestant.name} leaves something on the way")
    counts = entry.counts()
    return {"ok": set(counts.values()) == {unique}, "unique": unique, **counts, "load": os.getloadavg()[0]}


def failed(error: Exception) -> Run:
    """A run that did not come to its end."""
    return {"ok": False, "error": f"{type(error).__name__}: {error}"}
