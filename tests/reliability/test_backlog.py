"""After a long absence: a large outbox, a long queue. Both go at a steady rate and in flat memory, and the metrics say how old they are."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from threading import Event
from time import monotonic

import psutil
import psycopg
import pytest

from services.chassis.bus.rabbit import RabbitBus
from services.chassis.envelope import Outgoing
from tests.reliability.beside import beside
from tests.reliability.oracle import number, outbox
from tests.reliability.patience import START_WITHIN_S, eventually
from tests.reliability.processes import Process
from tests.reliability.ward import Ward, fact

THOROUGH = (pytest.mark.thorough, pytest.mark.timeout(2_400))
LOOK_S = 0.1
AN_HOUR_S = 3_600
GROWS_AT_MOST_MB = 60
"""What one batch may take, in hand and on its way: however long the backlog is."""
SLOWEST_PER_S = 300

_FILL = """
insert into chassis.outbox (exchange, routing_key, key, message_id, type, body, created_at)
select 'deltag.events', t, 'tiny.echo/old-' || n, 'old-' || n, t,
    json_build_object('specversion', '1.0', 'id', 'old-' || n, 'source', '/0151/tiny', 'type', t, 'subject', 'old-' || n,
        'sequence', '0000000001', 'data', json_build_object('number', 1))::text, clock_timestamp() - make_interval(secs => %(age)s)
from generate_series(1, %(rows)s) as n, (values ('tiny.echo.made.v1')) as type(t);
"""
_EFFECTS = "insert into effect (subject, number, message) select 'old-' || n, 1, 'old-' || n from generate_series(1, %(rows)s) as n"


class Drain:
    """What was seen of a backlog while it went: how much was left when, and how large the process was."""

    def __init__(self) -> None:
        self.left: list[tuple[float, int]] = []
        self.megabytes: list[float] = []

    @property
    def rates(self) -> tuple[float, float]:
        """Messages a second, in the first half of the backlog and in the second."""
        middle = min(range(len(self.left)), key=lambda n: abs(self.left[n][1] - self.left[0][1] / 2))
        return _rate(self.left[: middle + 1]), _rate(self.left[middle:])

    @property
    def grown(self) -> float:
        """Megabytes from the first look to the largest."""
        return max(self.megabytes) - self.megabytes[0]

    def told(self) -> str:
        """One line for a person."""
        first, second = self.rates
        return f"{first:.0f} and then {second:.0f} messages/s, {self.megabytes[0]:.0f} MB at first and {self.grown:.0f} MB more at most"

    def judge(self) -> None:
        """Fail when it slowed down, or grew with the backlog."""
        first, second = self.rates
        assert second > max(first / 2, SLOWEST_PER_S), self.told()
        assert self.grown < GROWS_AT_MOST_MB, self.told()


@contextmanager
def observed(process: Process, left: Callable[[], int]) -> Iterator[Drain]:
    """Look again and again during the block."""
    drain, size = Drain(), psutil.Process(process.pid)

    def look(stop: Event) -> None:
        while not stop.wait(LOOK_S):
            drain.left.append((monotonic(), left()))
            drain.megabytes.append(size.memory_info().rss / 2**20)

    with beside(look):
        yield drain


@pytest.mark.parametrize("rows", [20_000, pytest.param(1_000_000, marks=THOROUGH)])
def test_large_outbox(ward: Ward, rows: int) -> None:
    """Fault 33: rows that have waited in the outbox for an hour. The metrics say so, and then they leave at a steady rate."""
    with psycopg.connect(ward.context.database.url) as person:
        person.execute(_FILL.encode(), {"rows": rows, "age": AN_HOUR_S})
        person.execute(_EFFECTS.encode(), {"rows": rows})
        person.commit()
        person.execute("select from chassis.outbox for update")
        process = ward.start()
        process.await_ready()
        eventually(lambda: process.measured("deltag_outbox_pending") == rows, within=START_WITHIN_S, what="the number of rows")
        age = oldest(process)
    with observed(process, lambda: outbox(ward.context)) as drain:
        seconds = eventually(lambda: outbox(ward.context) == 0, within=rows / SLOWEST_PER_S, what="an empty outbox", told=drain.told)
    eventually(lambda: oldest(process) == 0, what="an age of nothing")
    drain.judge()
    assert AN_HOUR_S < age < AN_HOUR_S + 2 * START_WITHIN_S + rows / SLOWEST_PER_S
    ward.figures({f"old-{n + 1}" for n in range(rows)}).judge(
        f"{rows} rows, said to be {age:.0f} s old, in {seconds:.0f} s: {drain.told()}"
    )


@pytest.mark.parametrize("messages", [5_000, pytest.param(100_000, marks=THOROUGH)])
def test_long_queue(ward: Ward, messages: int) -> None:
    """Fault 33: messages that waited in the queue while nobody consumed. They are handled at a steady rate, in flat memory."""
    sent = dict(fact(f"child-{n:06d}", 1) for n in range(messages))
    backlog = (Outgoing(id_, raw.exchange, str(raw.key), raw.body) for id_, raw in sent.items())
    publisher = RabbitBus(ward.bus_url).publisher()
    while window := list(islice(backlog, 1_000)):
        publisher.publish(window)
    publisher.close()
    process = ward.start()
    eventually(lambda: number(ward.context, "select count(*) from effect"), within=START_WITHIN_S, what="the first effects")
    with observed(process, lambda: messages - number(ward.context, "select count(*) from effect")) as drain:
        seconds = ward.settle(effects=messages, within=START_WITHIN_S + messages / SLOWEST_PER_S)
    drain.judge()
    ward.figures(sent).judge(f"{messages} messages in {seconds:.0f} s: {drain.told()}")


def oldest(process: Process) -> float:
    """What the metric says about the oldest row of the outbox."""
    return process.measured("deltag_outbox_oldest_age_seconds")


def _rate(seen: list[tuple[float, int]]) -> float:
    (began, most), (ended, least) = seen[0], seen[-1]
    return (most - least) / max(ended - began, LOOK_S)
