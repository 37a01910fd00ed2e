"""Two processes of the tiny service on one database and one bus, with a nemesis between all of them."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic
from typing import Any, LiteralString, Protocol

import amqp
import kombu.transport.memory
import psycopg
import pytest
import sqlalchemy as sa
import structlog
from psycopg.rows import namedtuple_row

from services.chassis import consumer, intake, outage, relay
from services.chassis.bus import Bus, Delivery, Queue, Topology
from services.chassis.bus.embedded import EmbeddedBus
from services.chassis.bus.rabbit import RabbitBus
from services.chassis.bus.rabbit.connection import connect
from services.chassis.consumer import PREFETCH
from services.chassis.database import Database
from services.chassis.errors import Unavailable
from services.chassis.service import EVENTS, REQUESTS, Context
from services.chassis.topology import topology
from tests.chassis import tiny
from tests.reliability.model.faults import Crash, Fault, Nemesis
from tests.reliability.model.patients import Patients
from tests.reliability.model.process import Process
from tests.reliability.model.wire import Wire

FACTS, REQUESTED = tiny.FACTS, tiny.REQUESTS
AUDIENCE = "model.audience"
RELAYED_AT_ONCE = 4
IN_A_ROW = 4
"""So few failures make an outage that it is often one."""
TRUNCATE_EVERY = 200
TOLD_EVERY = 250
REST_WITHIN_S = 60.0

TOPOLOGY = Topology((EVENTS, REQUESTS, "deltag.personal"), [*topology(tiny.SERVICE.listens).queues, Queue(AUDIENCE, EVENTS, ["tiny.#"])])
TABLES = ("effect", *(f"chassis.{name}" for name in (
    "outbox", "aggregate_sequence", "position", "inbox", "deferred", "attempt", "ledger", "operator_action"
)))  # fmt: skip


_LEFT_TO_DO: LiteralString = """
with later as (update chassis.deferred set due_at = due_at - interval '1 day' where kind in ('retry', 'early'))
select (select count(*) from chassis.outbox) as outbox,
 count(*) filter (where kind = 'retry') as retry, count(*) filter (where kind = 'early') as early from chassis.deferred
"""


class Ground(Protocol):
    """A bus that can be made again after the process ended, and emptied between two runs."""

    exclusive: bool
    wait_s: float

    def bus(self) -> Bus:
        """What a process that starts finds."""
        ...

    def reset(self) -> None:
        """Empty it."""
        ...

    def unsettled(self, wire: Wire, queue: str) -> int:
        """How many messages are under way that a consumer may not find yet."""
        ...


class EmbeddedGround:
    """The embedded bus: it ends with its process, and comes back from its database."""

    exclusive = True
    wait_s = 0.0

    def __init__(self, database: Database) -> None:
        self.database = database
        self.bus()

    def bus(self) -> Bus:
        """What a restarted process finds."""
        bus = EmbeddedBus(self.database)
        bus.declare(TOPOLOGY)
        return bus

    def reset(self) -> None:
        """Forget everything, also what kombu would remember for as long as the process lives."""
        kombu.transport.memory.Transport.global_state.clear()
        kombu.transport.memory.Channel.queues.clear()
        with self.database.engine.begin() as connection:
            connection.execute(sa.text("delete from log"))
            connection.execute(sa.text("delete from cursor"))

    def unsettled(self, wire: Wire, queue: str) -> int:  # noqa: ARG002 - a turn that finds nothing says it
        """Nothing is under way that a turn would not find."""
        return 0


class RabbitGround:
    """RabbitMQ: it stays when a process ends."""

    exclusive = False
    wait_s = 0.05

    def __init__(self, url: str, queue_type: str) -> None:
        self._bus = RabbitBus(url, queue_type=queue_type)
        self._bus.declare(TOPOLOGY)
        self._channel: amqp.Channel = connect(url, "model").channel()

    def bus(self) -> Bus:
        """The same as before."""
        return self._bus

    def reset(self) -> None:
        """Empty the queues."""
        self._channel.connection.deltag_guard.attend()
        for queue in TOPOLOGY.queues:
            self._channel.queue_purge(queue.name)

    def unsettled(self, wire: Wire, queue: str) -> int:
        """What was put into the queue and not settled."""
        return wire.unsettled[queue]


@dataclass
class Theatre:
    """What all runs share: databases and a bus are made once, and emptied in a millisecond."""

    context: Context
    ground: Ground
    nemesis: Nemesis
    patients: Patients
    onlooker: psycopg.Connection[Any]
    runs: int = 0
    steps: int = 0
    faults: int = 0

    def figures(self) -> str:
        """What was played so far."""
        return f"{self.runs} runs, {self.steps} steps, {self.faults} faults: clean"

    def reset(self) -> None:
        """An empty scene."""
        if self.runs and self.runs % TOLD_EVERY == 0:
            print(self.figures(), flush=True)  # noqa: T201 - thousands of runs take their time
        self.runs += 1
        self.patients.forget()
        self.ground.reset()
        empty = "truncate {} restart identity" if self.runs % TRUNCATE_EVERY == 0 else "delete from {}"
        self.onlooker.execute("; ".join(empty.format(table) for table in TABLES))


class Scene:
    """One run's processes. Everything done here is done to the end: between two steps nothing is under way."""

    def __init__(self, theatre: Theatre, batch_size: int) -> None:
        theatre.reset()
        self.theatre = theatre
        self.nemesis = theatre.nemesis
        self.wire = Wire(TOPOLOGY.queues, theatre.nemesis.bus)
        self.context = replace(theatre.context, settings=replace(theatre.context.settings, batch_size=batch_size))
        self.deaths: Counter[str] = Counter()
        self._troubles: dict[int, BaseException] = {}
        self.bus = theatre.ground.bus()
        self.processes = [self._process(), self._process()]

    def attempt(self, number: int, step: Callable[[Process], Any], fault: Fault | None = None) -> bool:
        """Let a process do something while something goes wrong; True when it came to its end."""
        process, other = self.processes[number], self.processes[1 - number]
        self._troubles = {}
        self.nemesis.arm(fault, lambda: self._play(1 - number, other, somebody_elses(fault, process)))
        self._play(number, process, step)
        self.theatre.steps += 1
        self.theatre.faults += self.nemesis.struck is not None
        self.nemesis.disarm()
        troubles = sorted(self._troubles.items())
        for _, error in troubles:
            if not isinstance(error, Crash | Unavailable):
                raise error
        self._blame([fallen for fallen, error in troubles if isinstance(error, Crash)])
        for fallen, error in troubles:
            self._recover(fallen, error)
        return number not in self._troubles

    def pass_time(self, seconds: float) -> None:
        """What is due then is due now."""
        self.theatre.onlooker.execute("update chassis.deferred set due_at = due_at - %s * interval '1 second'", [seconds])

    def release(self) -> None:
        """What the bus held back arrives."""
        publisher = self.bus.publisher()
        self.wire.release(publisher)
        publisher.close()

    def restart(self, number: int, turns: int = 0, fault: Fault | None = None) -> None:
        """A process stops in order, perhaps while something goes wrong, and another takes its place."""
        everybody = self._everybody_with(number)
        if all(self.attempt(n, partial(Process.stop, turns=turns), fault if n == number else None) for n in everybody):
            self._replace(everybody)

    def assert_conserved(self) -> None:
        """Nobody has forgotten what he took off a queue, and the auditor, who looks at one queue after the other, finds nothing missing."""
        forgotten = [intake.forgotten for process in self.processes for intake in process.intakes.values()]
        difference = self.processes[0].difference((FACTS, REQUESTED)[self.theatre.steps % 2])
        assert (sum(forgotten), difference) == (0, 0)

    def drain(self, comes_by: Callable[[], None]) -> None:
        """Let everything happen that can still happen, by the same steps as before.

        What heals is only what lies outside the service: nothing more goes wrong, the bus gives back what it held and holds nothing
        more, one process stops in order, and time passes for what is to be retried. Messages that ail go on to ail, and while some
        of them wait, others `comes_by` that are well: else nobody could know whose fault it is, and none would ever be parked.
        """
        self.wire.treatments = ()
        self.release()
        self.restart(1)
        until(partial(self._came_to_rest, comes_by))

    def heard(self) -> Sequence[Delivery]:
        """All that the service has told the world."""
        subscription, heard = self.bus.subscribe(AUDIENCE, PREFETCH), list[Delivery]()
        until(partial(self._hear, subscription, heard))
        subscription.close()
        return heard

    def rows(self, query: LiteralString) -> Sequence[Any]:
        """What the database says."""
        return self.theatre.onlooker.execute(query).fetchall()

    def end(self) -> None:
        """The curtain falls."""
        self.nemesis.disarm()
        for process in self.processes:
            process.disconnect()

    def _process(self) -> Process:
        return Process(self.context, self.bus, self.wire, self._take_over)

    def _take_over(self, queue: str) -> bool:
        """On a bus that lets one consume a queue, the other lets go, unless he is in the middle of a batch."""
        if not self.theatre.ground.exclusive:
            return True
        if any(process.busy_with == queue for process in self.processes):
            return False
        for process in self.processes:
            process.let_go(queue)
        return True

    def _bury(self, number: int) -> None:
        """A process is gone, and with the embedded bus everybody in it."""
        self._replace(self._everybody_with(number))

    def _everybody_with(self, number: int) -> Sequence[int]:
        """Who ends when this one does: with the embedded bus everybody in its process."""
        return [number, 1 - number] if self.theatre.ground.exclusive else [number]

    def _replace(self, numbers: Sequence[int]) -> None:
        for n in numbers:
            self.processes[n].disconnect()
        self.bus = self.theatre.ground.bus()
        for n in numbers:
            self.processes[n] = self._process()

    def _blame(self, fallen: Sequence[int]) -> None:
        """All that were in hand when a process ended are suspected, and not without reason: once for each process that had them."""
        if fallen:
            self.deaths.update(id_ for process in self.processes for id_ in process.suspects())
        tried = [row.message_id for row in self.rows("select message_id from chassis.deferred where attempts > 0")]
        self.deaths.update(tried * len(fallen))

    def _play(self, number: int, process: Process, step: Callable[[Process], Any]) -> None:
        try:
            step(process)
        except BaseException as error:  # noqa: BLE001 - raised again when the step is over, which may be on a thread of its own
            self._troubles[number] = error

    def _recover(self, number: int, error: BaseException) -> None:
        if isinstance(error, Crash):
            self._bury(number)
        else:
            self.processes[number].disconnect()

    def _came_to_rest(self, comes_by: Callable[[], None]) -> bool:
        (left,) = self.rows(_LEFT_TO_DO)
        if left.retry:
            comes_by()
        useful = {"relay": left.outbox + left.retry, "sweep": left.retry + left.early, "consume": True}
        moved = sum(self._tried(step) for name, step in STEPS.items() if useful[name.split()[0]])
        under_way = sum(self.theatre.ground.unsettled(self.wire, queue) for queue in (FACTS, REQUESTED))
        return not (moved or left.outbox or left.retry or under_way)

    def _tried(self, step: Callable[[Process], int]) -> int:
        """How much there was to do; an end before the end was something too."""
        moved: list[int] = []
        ended = self.attempt(0, lambda process: moved.append(step(process)))
        return sum(moved) + (not ended)

    def _hear(self, subscription: Any, heard: list[Delivery]) -> bool:
        got = subscription.receive(1_000, self.theatre.ground.wait_s)
        heard += got
        if got:
            subscription.settle(got[-1])
        return not got and self.theatre.ground.unsettled(self.wire, AUDIENCE) <= len(heard)


SAME = "same"
STEPS: dict[str, Callable[[Process], int]] = {
    "relay": Process.relay,
    "consume facts": partial(Process.consume, queue=FACTS),
    "consume requests": partial(Process.consume, queue=REQUESTED),
    "sweep facts": partial(Process.sweep, queue=FACTS),
    "sweep requests": partial(Process.sweep, queue=REQUESTED),
}


def somebody_elses(fault: Fault | None, process: Process) -> Callable[[Process], Any]:
    """What another process does in the middle of this one's step; perhaps the bus gave it the same messages."""
    same = partial(Process.settle, deliveries={queue: process.in_hand(queue) for queue in process.intakes})
    return STEPS.get(fault.other if fault else SAME, same)


def until(condition: Callable[[], bool]) -> None:
    """Go on without a pause until it holds."""
    deadline = monotonic() + REST_WITHIN_S
    while not condition():
        assert monotonic() < deadline, "it never came to rest"


@contextmanager
def a_theatre(context: Context, ground: Ground, server_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Theatre]:
    """The tiny service with the nemesis in its database, its bus and its crash points, and with nobody writing a log."""
    nemesis, patients = Nemesis(server_url), context.resources
    nemesis.watch(context.database.engine)
    if isinstance(ground, EmbeddedGround):
        nemesis.watch(ground.database.engine)
    monkeypatch.setattr(tiny, "stumble", patients.suffer)
    monkeypatch.setattr(relay, "crash_point", nemesis.point)
    monkeypatch.setattr(intake, "crash_point", nemesis.point)
    monkeypatch.setattr(outage, "IN_A_ROW", IN_A_ROW)
    monkeypatch.setattr(relay, "BATCH", RELAYED_AT_ONCE)
    monkeypatch.setattr(consumer, "IDLE_S", ground.wait_s)
    with _silence(), psycopg.connect(context.database.url, autocommit=True, row_factory=namedtuple_row) as onlooker:
        yield Theatre(context, ground, nemesis, patients, onlooker)
    nemesis.close()


@contextmanager
def _silence() -> Iterator[None]:
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)
