"""Whether a message costs the same when a thousand enrolments are stored and when a million are: rows, ids and sequences in every table."""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg

from benchmarks.contestants.deltag import enrolment, insight
from benchmarks.contestants.field import DELTAG
from benchmarks.job import backlog
from benchmarks.machine import Machine, machine
from benchmarks.pipeline import per_1000
from benchmarks.running import Entry, entered
from benchmarks.waiting import until
from benchmarks.wanted import Result, Wanted, tell

STORED = (1_000, 1_000_000)
MESSAGES = 20_000

_IN_ENROLMENT = (
    (
        "insert into enrolment (child_id, programme_id, institution_id, track, status, guardian_email, start_date, last_event_id)"
        " select gen_random_uuid(), g %% 5 + 1, 'boernehus-' || g %% 10, 'A', 'accepted', 'g' || g || '@example.dk', '2026-02-01',"
        " gen_random_uuid() from generate_series(1, %(stored)s) as g"
    ),
    "insert into chassis.aggregate_sequence (key, last) select 'enrolment/' || child_id, 1 from enrolment",
)
_IN_INSIGHT = (
    (
        "insert into enrolment_fact (event_id, child_id, programme_id, institution_id, track, start_date, origin_ts)"
        " select gen_random_uuid(), gen_random_uuid(), g %% 5 + 1, 'boernehus-' || g %% 10, 'A', '2026-02-01', 0"
        " from generate_series(1, %(stored)s) as g"
    ),
    "insert into chassis.position (consumer, key, last) select %(consumer)s, 'enrolment/' || child_id, 1 from enrolment_fact",
)
_INBOX = (
    "insert into chassis.inbox (consumer, source, id, content) select %(consumer)s, '/ballerup/selvbetjening',"
    " gen_random_uuid()::text, md5(g::text) from generate_series(1, %(stored)s) as g"
)


def measure(wanted: Wanted) -> Result:
    """Both in every round."""
    with machine() as servers:
        runs = [_run(turn, stored, servers, wanted.of(MESSAGES)) for turn in range(wanted.rounds) for stored in STORED]
    return {"rounds": wanted.rounds, "runs": runs}


def _run(turn: int, stored: int, servers: Machine, messages: int) -> Result:
    sent = list(backlog(messages))
    with servers.ground("quorum") as ground, entered(DELTAG, ground) as entry:
        _store(entry, stored)
        servers.run("checkpoint")
        used = _worked_off(entry, servers, sent)
        counts = entry.counts()
    tell(f"{turn + 1} {stored:9,} stored: {used['cpu_all_s_per_1000']:.3f} s/1000, of it PostgreSQL {used['cpu_postgres_s_per_1000']:.3f}")
    return {"round": turn, "stored": stored, **used, "ok": set(counts.values()) == {stored + _unique(sent)}}


def _worked_off(entry: Entry, servers: Machine, sent: Sequence[Any]) -> Mapping[str, float]:
    unique = _unique(sent)
    with entry.working() as processes:
        before = servers.cpu(processes)
        entry.send(sent)
        until(lambda: entry.handled() >= unique, "the work does not end", every_s=0.1)
        return per_1000(before, servers.cpu(processes), unique)


def _store(entry: Entry, stored: int) -> None:
    _fill(entry.enrolment, (*_IN_ENROLMENT, _INBOX), {"stored": stored, "consumer": enrolment.QUEUE})
    _fill(entry.insight, (*_IN_INSIGHT, _INBOX), {"stored": stored, "consumer": insight.QUEUE})


def _fill(connection: psycopg.Connection, statements: Sequence[str], known: Mapping[str, object]) -> None:
    for statement in statements:
        connection.execute(statement.encode(), known)
    connection.execute("vacuum analyze")


def _unique(sent: Sequence[Any]) -> int:
    return len({event["id"] for event in sent})
