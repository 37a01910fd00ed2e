"""What an enrolment request costs registration where a thousand people are known, a hundred thousand, and a million.

They are families that it enrolled itself: for each request a child and a guardian, with everything that is kept of them.
What it tells the other services is thrown away now and then, so that no queue grows long.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import psutil
import psycopg
import sqlalchemy as sa

from benchmarks.machine import Machine, machine
from benchmarks.neighbours import Neighbours
from benchmarks.pipeline import per_1000
from benchmarks.process import started, stop
from benchmarks.town import Town, town
from benchmarks.waiting import until
from benchmarks.wanted import Result, Wanted, tell
from services.chassis.bus.rabbit import RabbitBus
from services.chassis.bus.rabbit.connection import closing, connect
from services.chassis.envelope import Outgoing
from services.chassis.service import REQUESTS
from services.cli.places import NAMES
from tests.reliability.load import REQUESTED
from tests.servers.ports import free_port

KNOWN = (1_000, 100_000, 1_000_000)
OF_A_REQUEST = 2
"""People: a child and its guardian."""
MEASURED = 4_000
SHARE = 50_000
"""After so many, the other services' queues are emptied."""
WINDOW = 1_000
AHEAD = 4_000

_HANDLED = sa.text("select coalesce(sum(handled), 0) from chassis.ledger")
_UNMATCHED = sa.text("select count(*) from unmatched")
_PEOPLE = sa.text("select (select count(*) from child) + (select count(*) from guardian)")


class Sender:
    """Sends requests, each for another family."""

    def __init__(self, place: Town) -> None:
        self.sent = 0
        self._place = place
        self._families = Neighbours()
        self._url = place.environment["DELTAG_AMQP_URL"]
        self._publisher = RabbitBus(self._url).publisher()
        self._others = [listen.queue for name in NAMES if name != "registration" for listen in place.place.context(name).service.listens]

    def send(self, number: int) -> None:
        """So many; returns when all are handled, and nobody of them waits to be compared with those who are alike."""
        for left in range(number, 0, -WINDOW):
            self._publish(min(WINDOW, left))
            self._await(self.sent - AHEAD)
        self._await(self.sent)
        until(lambda: not self._place.number("registration", _UNMATCHED), "nobody looks for duplicates", every_s=0.05)
        self._throw_away()

    def send_until(self, number: int) -> None:
        """As many as are missing for that many in all."""
        while (missing := number - self.sent) > 0:
            self.send(min(missing, SHARE))

    def _publish(self, number: int) -> None:
        requests = [self._families.request() for _ in range(number)]
        self._publisher.publish([Outgoing(request["id"], REQUESTS, REQUESTED, json.dumps(request).encode()) for request in requests])
        self.sent += number

    def _await(self, number: int) -> None:
        until(lambda: self._place.number("registration", _HANDLED) >= number, "registration stands still", every_s=0.05)

    def _throw_away(self) -> None:
        with closing(connect(self._url, "benchmark")) as connection:
            for queue in self._others:
                connection.channel().queue_purge(queue)


def measure(wanted: Wanted) -> Result:
    """One database that grows; at each size so many runs."""
    sizes, requests = [wanted.of(known) for known in KNOWN], wanted.of(MEASURED)
    runs: list[Result] = []
    with machine() as servers, town(servers) as place, _registration(place) as process:
        sender = Sender(place)
        for known in sizes:
            sender.send_until(known // OF_A_REQUEST)
            _settle(place, servers)
            runs += [_run(number, known, sender, requests, partial(servers.cpu, [process])) for number in range(wanted.rounds)]
        ok = place.number("registration", _PEOPLE) == sender.sent * OF_A_REQUEST
    return {"rounds": wanted.rounds, "known": sizes, "runs": [run | {"ok": ok} for run in runs]}


@contextmanager
def _registration(place: Town) -> Iterator[psutil.Process]:
    environment = {**place.environment, "DELTAG_METRICS_ADDRESS": f"127.0.0.1:{free_port()}"}
    process = started(("services.cli", "run", "registration", "--only", "bus"), environment, place.folder / "registration.log")
    try:
        yield psutil.Process(process.pid)
    finally:
        stop([process])


def _settle(place: Town, servers: Machine) -> None:
    """What the growing has left to be done is done now, and not while something is measured."""
    with psycopg.connect(place.environment["DELTAG_REGISTRATION_DATABASE_URL"], autocommit=True) as connection:
        connection.execute("vacuum analyze")
    servers.run("checkpoint")


def _run(number: int, known: int, sender: Sender, requests: int, used: Callable[[], dict[str, float]]) -> Result:
    before = used()
    sender.send(requests)
    costs = per_1000(before, used(), requests)
    python, postgres = costs["cpu_python_s_per_1000"], costs["cpu_postgres_s_per_1000"]
    tell(f"{number + 1} people {known:9,} known: Python {python:.3f}, PostgreSQL {postgres:.3f} s/1000")
    return {"round": number, "known": known, "cpu_both_s_per_1000": python + postgres, **costs}
