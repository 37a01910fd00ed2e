"""The ward of the lethal service: processes that share its queues, and a supervisor that replaces the dead."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from services.chassis.bus.rabbit import RabbitBus
from services.chassis.service import EVENTS, REQUESTS, Context
from services.chassis.suspects import GROUPS
from services.chassis.testing import event, parked
from services.chassis.topology import topology
from tests.chassis.tiny import ASKED, DONE
from tests.reliability.lethal import SERVICE
from tests.reliability.load import Raw, publish
from tests.reliability.oracle import Figures, deferred, difference, duplicates, outbox, rows
from tests.reliability.patience import RECOVERED_WITHIN_S, START_WITHIN_S, eventually
from tests.reliability.processes import Process, environment_of
from tests.reliability.witness import Passed, Witness, repeated

QUEUES = [listen.queue for listen in SERVICE.listens]
ECHO = "tiny.echo/"
MOST_DEATHS = 8
"""So often may a message kill until it is parked."""
RETRIES = 3


class Fault:
    """What is wrong with all handlers, for as long as it lasts; a process that is to have it is started with `variables`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.variables = {"LETHAL_FAULT": str(file)}
        file.touch()

    def heal(self) -> None:
        """It lasts no longer."""
        self._file.unlink()


class Begun:
    """What the handlers have begun with, whatever became of it; a process that is to tell is started with `variables`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.variables = {"LETHAL_BEGUN": str(file)}
        file.touch()

    def times(self, message: str) -> int:
        """How often a handler has begun with this message."""
        return self._file.read_text().splitlines().count(message)

    def again(self) -> set[str]:
        """The messages that handlers have begun with more than once."""
        return {message for message, times in Counter(self._file.read_text().splitlines()).items() if times > 1}


class Clock:
    """The clock of those processes that are started with `variables`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.variables = {"LETHAL_CLOCK": str(file)}
        self.jump(0)

    def jump(self, seconds: float) -> None:
        """From now on it is so far off."""
        ready = self._file.with_suffix(".new")
        ready.write_text(str(seconds))
        ready.replace(self._file)


class Ward:
    """What the lethal service did is in the table of its effects, in order."""

    def __init__(self, context: Context, bus_url: str, folder: Path) -> None:
        self.context = context
        self.bus_url = bus_url
        self.deaths = 0
        self.witness = Witness(bus_url)
        self._log = folder / "lethal.log"
        self._processes: list[Process] = []
        self._chosen: dict[str, str] = {}
        RabbitBus(bus_url).declare(topology(SERVICE.listens))

    def start(self, **environment: str) -> Process:
        """Start one more process; those that take the place of the dead get the environment of the last one."""
        self._chosen = environment
        variables = {"DELTAG_AMQP_URL": self.bus_url, "DELTAG_RETRY_ATTEMPTS": str(RETRIES)} | environment
        known = environment_of(self.context.settings)
        process = Process(SERVICE.name, ["-m", "tests.reliability.lethal_process"], environment=known | variables, log=self._log)
        self._processes.append(process)
        return process

    def retire(self, process: Process) -> float:
        """Stop one in order, for good; returns the seconds that it took."""
        seconds = process.stop()
        self._processes.remove(process)
        return seconds

    def supervise(self, *, effects: int, parked: int = 0) -> None:
        """Replace each process that dies, until there are so many effects and parked messages. Each may take its time to start."""

        def wanted() -> bool:
            self._replace_the_dead()
            return self._has(effects, parked)

        eventually(wanted, within=len(GROUPS) * START_WITHIN_S, what=f"{effects} effects", told=self._progress)

    def flow_until_parked(self, messages: int) -> dict[str, Raw]:
        """Send one good fact after the other until so many messages are parked; returns what was sent, by its ids."""
        sent: dict[str, Raw] = {}

        def all_parked() -> bool:
            id_, message = fact("flowing", len(sent) + 1)
            publish(self.bus_url, [message])
            sent[id_] = message
            return len(parked(self.context)) >= messages

        eventually(all_parked, within=START_WITHIN_S, what=f"{messages} parked", told=self._progress)
        return sent

    def settle(self, effects: int, parked: int = 0, within: float = RECOVERED_WITHIN_S) -> float:
        """Wait for so many effects and parked messages, and for nothing else to be under way; returns the seconds that it took."""
        return eventually(lambda: self._has(effects, parked), within=within, what=f"{effects} effects", told=self._progress)

    def figures(self, sent: Collection[str], seconds: float | None = None, facts: Sequence[Passed] = (), *, sent_again: int = 0) -> Figures:
        """Stop and count, by the ids of the messages that were sent and of those that effects came from; `facts` are
        those that the witness gave away before, `sent_again` how many of the messages were sent that had been sent before.
        """
        for process in self._processes:
            process.await_ready()
            process.stop()
        effects = rows(self.context, "select subject, number, message from effect order by id")
        echoes = [fact for fact in (*facts, *self.witness.testimony()) if fact.key.startswith(ECHO)]
        told = len({fact.id for fact in echoes})
        handled, aside = Counter(effect.message for effect in effects), {p["message_id"] for p in parked(self.context)}
        return Figures(
            attempted=len(sent),
            acknowledged=len(sent),
            handled=len(handled),
            sent_again=sent_again,
            repeated=repeated(echoes),
            taken_again=max(0, duplicates(self.context) - sent_again),
            lost=len(set(sent) - set(handled) - aside),
            unexpected=len(set(handled) - set(sent)),
            double_effects=len(effects) - len(handled),
            out_of_order=_out_of_order(effects),
            ghosts=max(0, told - len(effects)),
            zombies=max(0, len(effects) - told),
            difference=difference(self.context),
            outbox=outbox(self.context),
            queued=self.witness.waiting(QUEUES),
            deferred=deferred(self.context, kinds=("early", "retry")),
            parked=len(aside),
            seconds=seconds,
        )

    def discard(self) -> None:
        """Leave nothing running."""
        for process in self._processes:
            process.discard()

    def _replace_the_dead(self) -> None:
        for process in [process for process in self._processes if process.ended]:
            self._processes.remove(process)
            self.deaths += 1
            assert self.deaths <= MOST_DEATHS, "it kills and kills"
            self._expire_leases()
            self.start(**self._chosen)

    def _expire_leases(self) -> None:
        """Let the minute pass for which the dead process had leased what it retried; all times are the database's."""
        with self.context.work() as work:
            work.connection.execute(sa.text("update chassis.deferred set due_at = clock_timestamp() where kind = 'retry'"))

    def _has(self, effects: int, aside: int) -> bool:
        waiting = deferred(self.context, kinds=("early", "retry")) + outbox(self.context) + self.witness.waiting(QUEUES)
        return self._progress() >= (effects, aside) and not waiting

    def _progress(self) -> tuple[int, int]:
        return len(rows(self.context, "select from effect")), len(parked(self.context))


def fact(subject: str, sequence: int, trouble: str = "") -> tuple[str, Raw]:
    """A fact, and its id, which tells where it belongs."""
    id_ = f"{subject}-{sequence}"
    body = event(DONE, {"number": sequence, "trouble": trouble}, subject=subject, sequence=sequence, id=id_)
    return id_, Raw(EVENTS, DONE, body)


def newer_fact(subject: str, sequence: int, type_: str, data: dict[str, Any]) -> tuple[str, Raw]:
    """A fact as the next version of its sender tells it, and its id."""
    id_ = f"{subject}-{sequence}"
    return id_, Raw(EVENTS, type_, event(type_, data, subject=subject, sequence=sequence, id=id_))


def request(id_: str, trouble: str = "") -> tuple[str, Raw]:
    """A request of another system, and its id."""
    return id_, Raw(REQUESTS, ASKED, event(ASKED, {"number": 1, "trouble": trouble}, subject=id_, id=id_))


def _out_of_order(effects: Sequence[Any]) -> int:
    """How many effects came before one that precedes them in their aggregate."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for effect in effects:
        numbers[effect.subject].append(effect.number)
    return sum(early > late for found in numbers.values() for early, late in pairwise(found))
