"""A contestant at work: its processes, the way to its queues, and what its tables say."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import amqp
import psutil
import psycopg

from benchmarks.contestants.field import Contestant
from benchmarks.contestants.wire import Route
from benchmarks.job import Event
from benchmarks.machine import Ground
from benchmarks.process import started, stop
from benchmarks.waiting import until
from services.chassis.bus.rabbit.connection import connect
from services.chassis.bus.rabbit.publisher import RabbitPublisher
from services.chassis.envelope import Outgoing


@dataclass
class Entry:
    """A contestant on a ground of its own."""

    contestant: Contestant
    ground: Ground
    enrolment: psycopg.Connection
    insight: psycopg.Connection
    channel: amqp.Channel
    publisher: RabbitPublisher

    def send(self, events: Sequence[Event]) -> None:
        """Publish with confirms; returns when all are confirmed."""
        returned = self.publisher.publish([_outgoing(event, self.contestant.intake) for event in events])
        if returned:
            raise LookupError(f"{len(returned)} messages had no queue to go to")

    @contextmanager
    def working(self, replicas: int = 1) -> Iterator[list[psutil.Process]]:
        """Its processes, the second service's first, so that nobody waits for it to start."""
        processes: list[subprocess.Popen[bytes]] = []
        try:
            for name, queue in (("insight", self.contestant.facts), ("enrolment", self.contestant.intake.queue)):
                processes += [self._start(name) for _ in range(replicas)]
                until(lambda queue=queue: self._consumed(queue) >= replicas, f"{self.contestant.name} does not consume {queue}")  # type: ignore[misc]
            yield [psutil.Process(process.pid) for process in processes]
        finally:
            stop(processes)

    def facts(self) -> int:
        """How many enrolments are written down in the second database."""
        return int(number(self.insight, "select count(*) from enrolment_fact"))

    def handled(self) -> int:
        """The same by the ledger of a service of ours: to count a million rows costs more than to write a thousand."""
        return int(number(self.insight, "select coalesce(sum(handled), 0) from chassis.ledger"))

    def is_idle(self) -> bool:
        """Whether nothing is on its way any more."""
        waiting = sum(self._queue(name).message_count for name in (self.contestant.intake.queue, self.contestant.facts))
        return not waiting and not number(self.enrolment, "select count(*) from outbox")

    def counts(self) -> dict[str, int]:
        """The rows of each table."""
        tables = {"inbox": self.enrolment, "enrolment": self.enrolment, "enrolment_fact": self.insight}
        return {table: int(number(connection, f"select count(*) from {table}")) for table, connection in tables.items()}  # noqa: S608

    def _consumed(self, queue: str) -> int:
        return int(self._queue(queue).consumer_count)

    def _queue(self, name: str) -> Any:
        return self.channel.queue_declare(name, passive=True)

    def _start(self, service: str) -> subprocess.Popen[bytes]:
        module = (f"benchmarks.contestants.{self.contestant.name}.process", service)
        return started(module, self.ground.environment(), self.ground.folder / f"{self.contestant.name}.log")


def _outgoing(event: Event, intake: Route) -> Outgoing:
    return Outgoing(event["id"], intake.exchange, intake.key, json.dumps(event).encode(), content_type="application/json")


@contextmanager
def entered(contestant: Contestant, ground: Ground) -> Iterator[Entry]:
    """Its queues and tables are made, and nothing runs."""
    contestant.prepare(ground)
    connection = connect(ground.amqp_url, "benchmark")
    publisher = ground.bus.publisher()
    with _database(ground, "enrolment") as enrolment, _database(ground, "insight") as insight:
        yield Entry(contestant, ground, enrolment, insight, connection.channel(), publisher)
    publisher.close()
    connection.collect()


def _database(ground: Ground, name: str) -> psycopg.Connection:
    return psycopg.connect(ground.urls[name], autocommit=True)


def number(connection: psycopg.Connection, query: str) -> float:
    """The one number that a query gives."""
    [[found]] = connection.execute(query.encode())
    return float(found)
