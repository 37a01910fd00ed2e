"""After a long absence: a large outbox, a long queue. Both go at a steady rate and in flat memory, and the metrics say how old they are."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any

import psycopg
import pytest

from services.chassis.bus.rabbit import RabbitBus
from services.chassis.envelope import Outgoing
from tests.reliability.drain import LOOK_S, Drain, observed
from tests.reliability.load import Raw
from tests.reliability.oracle import number, outbox, rows
from tests.reliability.patience import START_WITHIN_S, eventually
from tests.reliability.processes import Process
from tests.reliability.sabotage import OF_SERVICES
from tests.reliability.ward import QUEUES, Ward, fact

THOROUGH = (pytest.mark.thorough, pytest.mark.timeout(4_000))
AN_HOUR_S = 3_600
SHORT = 5_000
"""A backlog that is none yet: what its messages cost is what the others may be compared with."""
PUBLISHED_PER_S, HANDLED_PER_S = 1_000, 300
"""Less than this is never right: a machine that has nothing else to do is ten times as fast."""
LOOKED_AT_PER_S = 200_000
"""Counting what is left takes time itself, the more the more there is."""

_FILL = """
insert into chassis.outbox (exchange, routing_key, key, message_id, type, body, created_at)
select 'deltag.events', t, 'tiny.echo/old-' || n, 'old-' || n, t,
    json_build_object('specversion', '1.0', 'id', 'old-' || n, 'source', '/0151/tiny', 'type', t, 'subject', 'old-' || n,
        'sequence', '0000000001', 'data', json_build_object('number', 1))::text, clock_timestamp() - make_interval(secs => %(age)s)
from generate_series(%(first)s::int, %(last)s::int) as n, (values ('tiny.echo.made.v1')) as type(t);
"""
_EFFECTS = """
insert into effect (subject, number, message) select 'old-' || n, 1, 'old-' || n from generate_series(%(first)s::int, %(last)s::int) as n
"""
_HANDLED = "select count(*) from effect"
_LARGEST_BATCH = "select max(written) from (select count(*) as written from effect group by xmin::text) as batch"
_END_CONNECTIONS = f"select pg_terminate_backend(pid) from pg_stat_activity where {OF_SERVICES}"
DRAINED_WITHIN_S = 5.0


@contextmanager
def backlog(ward: Ward, first: int, last: int) -> Iterator[psycopg.Connection[Any]]:
    """Rows in the outbox, of so many effects, which the relay cannot have before the connection is rolled back."""
    with psycopg.connect(ward.context.database.url) as person:
        for statement in (_FILL, _EFFECTS):
            person.execute(statement.encode(), {"first": first, "last": last, "age": AN_HOUR_S})
        person.commit()
        person.execute("select from chassis.outbox for update")
        yield person


def started(ward: Ward) -> Process:
    """A process that is ready."""
    process = ward.start()
    process.await_ready()
    return process


def relayed(ward: Ward, process: Process, person: psycopg.Connection[Any], rows: int) -> Drain:
    """What was seen while these left."""
    with observed(process, ward.context, lambda: outbox(ward.context), max(LOOK_S, rows / LOOKED_AT_PER_S)) as drain:
        person.rollback()
        eventually(lambda: outbox(ward.context) == 0, within=rows / PUBLISHED_PER_S + START_WITHIN_S, what="an empty outbox")
    return drain


@pytest.mark.parametrize("rows", [20_000, pytest.param(1_000_000, marks=THOROUGH)])
def test_large_outbox(ward: Ward, rows: int) -> None:
    """Fault 33: rows that have waited in the outbox for an hour. The metrics say so, and then they leave at a steady rate, each at
    the price of one that leaves a short outbox.
    """
    with backlog(ward, 1, SHORT) as person:
        short = relayed(ward, process := started(ward), person, SHORT)
    ward.retire(process)
    with backlog(ward, SHORT + 1, SHORT + rows) as person:
        process = started(ward)
        eventually(lambda: process.measured("deltag_outbox_pending") == rows, within=START_WITHIN_S, what="the number of rows")
        age = oldest(process)
        drain = relayed(ward, process, person, rows)
    eventually(lambda: oldest(process) == 0, what="an age of nothing")
    drain.judge(short, slowest_per_s=PUBLISHED_PER_S)
    assert AN_HOUR_S < age < AN_HOUR_S + 2 * START_WITHIN_S + rows / PUBLISHED_PER_S
    ward.figures({f"old-{n + 1}" for n in range(SHORT + rows)}).judge(
        f"{rows} rows, said to be {age:.0f} s old: {drain.told()} (of {SHORT} rows {short.cost_ms:.2f} ms each)"
    )


@pytest.mark.parametrize("messages", [10_000, pytest.param(100_000, marks=THOROUGH)])
def test_long_queue(ward: Ward, messages: int) -> None:
    """Fault 33: messages that waited in the queue while nobody consumed. They are handled at a steady rate, in flat memory, each at
    the price of one from a short queue.
    """
    few, many = (dict(fact(f"child-{kind}-{n:06d}", 1) for n in range(length)) for kind, length in (("few", SHORT), ("many", messages)))
    short = handled(ward, few)
    drain = handled(ward, many)
    drain.judge(short, slowest_per_s=HANDLED_PER_S)
    ward.figures(few | many).judge(f"{messages} messages: {drain.told()} (of {SHORT} messages {short.cost_ms:.2f} ms each)")


@pytest.mark.parametrize("messages", [5_000, pytest.param(100_000, marks=THOROUGH)])
def test_long_queue_meets_every_end(ward: Ward, messages: int) -> None:
    """Faults 20 and 27: in the middle of a long queue, with large batches in hand, SIGTERM, then the end of all connections to the
    database, then kill -9. The drain ends in time and leaves nothing to be taken again; all is handled once, and nothing is parked.
    """
    facts = dict(fact(f"child-{n:06d}", 1) for n in range(messages))
    queue(ward, facts)
    process = ward.start()
    await_handled(ward, messages // 8)
    seconds = ward.retire(process)
    left = messages - number(ward.context, _HANDLED)
    eventually(lambda: ward.witness.waiting(QUEUES) == left, what=f"{left} messages that are back in the queue")
    process = ward.start()
    await_handled(ward, 2 * messages // 8)
    rows(ward.context, _END_CONNECTIONS)
    await_handled(ward, 3 * messages // 8)
    process.kill()
    assert number(ward.context, _HANDLED) < messages, "it was killed too late"
    ward.supervise(effects=messages)
    largest = number(ward.context, _LARGEST_BATCH)
    ward.figures(facts).judge(f"{messages} messages, up to {largest} at a time, {left} left by a stop of {seconds:.1f} s")
    assert seconds < DRAINED_WITHIN_S


def await_handled(ward: Ward, messages: int) -> None:
    """Wait until so many are."""
    within = START_WITHIN_S + messages / HANDLED_PER_S
    eventually(lambda: number(ward.context, _HANDLED) >= messages, within=within, what=f"{messages} messages handled")


def handled(ward: Ward, facts: Mapping[str, Raw]) -> Drain:
    """What was seen while a process that finds these in its queue handled them."""
    queue(ward, facts)
    before = number(ward.context, _HANDLED)
    process = ward.start()
    eventually(lambda: number(ward.context, _HANDLED) > before, within=START_WITHIN_S, what="the first effects")
    all_of_them = before + len(facts)
    with observed(process, ward.context, lambda: all_of_them - number(ward.context, _HANDLED)) as drain:
        ward.settle(effects=all_of_them, within=START_WITHIN_S + len(facts) / HANDLED_PER_S)
    process.await_ready()
    ward.retire(process)
    return drain


def queue(ward: Ward, facts: Mapping[str, Raw]) -> None:
    """Put these in the queue, as fast as may be."""
    messages = (Outgoing(id_, raw.exchange, str(raw.key), raw.body) for id_, raw in facts.items())
    publisher = RabbitBus(ward.bus_url).publisher()
    while window := list(islice(messages, 1_000)):
        publisher.publish(window)
    publisher.close()


def oldest(process: Process) -> float:
    """What the metric says about the oldest row of the outbox."""
    return process.measured("deltag_outbox_oldest_age_seconds")
