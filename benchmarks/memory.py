"""Memory of the four services themselves: at rest, and over a million enrolment requests, which give each of them a million messages.

Registration takes the requests, events and reporting the facts of them, notifications the guardians' sealed contact cards.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from time import monotonic

import psutil
import sqlalchemy as sa

from benchmarks.machine import machine
from benchmarks.process import answering
from benchmarks.town import Town, town
from benchmarks.waiting import until
from benchmarks.wanted import Result, Wanted, tell
from services.chassis.bus.rabbit import RabbitBus
from services.chassis.bus.rabbit.publisher import RabbitPublisher
from services.chassis.envelope import Outgoing
from services.chassis.service import REQUESTS
from services.cli.places import NAMES
from tests.reliability.load import REQUESTED, Families

SHARES = 10
SHARE = 100_000
WINDOW = 1_000
AHEAD = 5_000
"""How far the sender is ahead of the slowest service: nobody waits for him, and no queue grows long."""
MB = 1_000_000

_HANDLED = dict.fromkeys(NAMES, sa.text("select coalesce(sum(handled), 0) from chassis.ledger"))
"""By the ledgers, which cost little to read, and which count the programme's own facts too."""
_KEPT = {
    "registration": sa.text("select count(*) from enrolment"),
    "events": sa.text("select count(*) from enrolment"),
    "notifications": sa.text("select count(*) from contact_card"),
    "reporting": sa.text("select count(*) from enrolment"),
}

Megabytes = Mapping[str, float]
"""Resident, by service."""


def measure(wanted: Wanted) -> Result:
    """Of each service's process, with all its doors and timers: when it is ready, and after each tenth of a million."""
    share = wanted.of(SHARE)
    with machine() as servers, town(servers) as place, _running(place) as processes:
        at_rest = _resident(processes, "at rest")
        began = monotonic()
        stream = list(_after_each(share, place, processes))
        rate = SHARES * share / (monotonic() - began)
        kept = {name: place.number(name, rows) for name, rows in _KEPT.items()}
    return {"at_rest": at_rest, "chunk": share, "stream": stream, "requests_per_s": rate, "ok": set(kept.values()) == {SHARES * share}}


@contextmanager
def _running(place: Town) -> Iterator[Mapping[str, psutil.Process]]:
    with ExitStack() as stack:
        running = {name: answering(("services.cli", "run", name), place.environment, place.folder) for name in NAMES}
        yield {name: stack.enter_context(door)[1] for name, door in running.items()}


def _after_each(share: int, place: Town, processes: Mapping[str, psutil.Process]) -> Iterator[Megabytes]:
    publisher, families = RabbitBus(place.environment["DELTAG_AMQP_URL"]).publisher(), Families()
    for done in range(share, (SHARES + 1) * share, share):
        for sent in range(done - share, done, WINDOW):
            _publish(min(WINDOW, done - sent), families, publisher)
            _await(sent - AHEAD, place, _HANDLED)
        _await(done, place, _KEPT)
        yield _resident(processes, f"{done:,} requests")
    publisher.close()


def _publish(number: int, families: Families, publisher: RabbitPublisher) -> None:
    requests = [families.request() for _ in range(number)]
    publisher.publish([Outgoing(request["id"], REQUESTS, REQUESTED, json.dumps(request).encode()) for request in requests])


def _await(number: int, place: Town, counts: Mapping[str, sa.TextClause]) -> None:
    for name, count in counts.items():
        until(lambda name=name, count=count: place.number(name, count) >= number, f"{name} stands still", every_s=0.1)  # type: ignore[misc]


def _resident(processes: Mapping[str, psutil.Process], when: str) -> Megabytes:
    found = {name: process.memory_info().rss / MB for name, process in processes.items()}
    tell(f"{when:20} " + ", ".join(f"{name} {megabytes:.1f} MB" for name, megabytes in found.items()))
    return found
