"""The idempotent receiver: a batch of deliveries is taken in one transaction, each with exactly one effect.

What is done with each message, `sorting.py` decides. When a batch fails it rolls back and is tried in parts; what fails
alone is deferred or parked, and its neighbours never notice.
"""

import random
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import groupby, takewhile
from time import perf_counter

import sqlalchemy as sa
import structlog
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from services.chassis import deferred, inbox, watchdog
from services.chassis.bus import Delivery
from services.chassis.crashpoints import crash_point
from services.chassis.database import HeldUp, is_collision, is_unstorable
from services.chassis.erasure.forgetting import Forgetting
from services.chassis.errors import Fate, Invalid, Unavailable, fate
from services.chassis.handling import run_handlers, turns
from services.chassis.ids import new_id
from services.chassis.inbox import Name
from services.chassis.instruments import known_type, observe_batch, observe_handled, observe_put_aside
from services.chassis.lifecycle import Stop
from services.chassis.outage import Outage, SlowedDown
from services.chassis.reading import Incoming, Reader
from services.chassis.service import Context, Listen
from services.chassis.sorting import Overtaken, Sorted, Sorter
from services.chassis.storage import UnitOfWork
from services.chassis.suspects import GROUPS, Suspects, chunks, ended_the_process, name

log = structlog.get_logger(__name__)

ALONE = threading.Lock()
"""Held while suspects are in hand: when the process ends then, only these are suspected, and none of another queue."""

PARTS = 10

PART_S = 0.1
"""How long a part of a batch waits for a lock that has waited as a whole: each in turn would make its neighbours wait as long again."""
HELD_UP = 20
"""So many in a row wait for somebody's locks: then it is not one message, and what else is held up is put off together."""

_HURRY = sa.text("select set_config('lock_timeout', :ms, true)")

_COUNT = sa.text(
    "insert into chassis.ledger as l (consumer, process, handled, duplicate, deferred, released, skipped, succeeded)"
    " values (:consumer, :process, :handled, :duplicate, :deferred, :released, :skipped, :succeeded)"
    " on conflict (consumer, process) do update set handled = l.handled + excluded.handled,"
    " duplicate = l.duplicate + excluded.duplicate, deferred = l.deferred + excluded.deferred,"
    " released = l.released + excluded.released, skipped = l.skipped + excluded.skipped,"
    " succeeded = l.succeeded + excluded.succeeded"
)
PROCESS = new_id()
"""This process' row in the ledger: nobody else writes it, so replicas do not wait for one another."""


class Intake:
    """Takes what came off one queue. `settle` returns when everything is settled in the database: then it may be acknowledged."""

    def __init__(self, context: Context, listen: Listen, stop: Stop | None = None) -> None:
        self.context = context
        self.listen = listen
        self.stop = stop or Stop()
        self.consumer = listen.queue
        self.reader = Reader(listen)
        self.outage = Outage(listen.queue)
        self.taken = self.settled = 0
        self._decided: dict[int, Delivery] = {}
        self._held_up = 0
        self._sorter = Sorter(listen)
        self._forgetting = Forgetting(self.reader) if listen.ordered else None
        self._suspects = Suspects(context, self.consumer)
        self._retrying = Retrying(
            retry=retry_if_exception(_is_collision), stop=stop_after_attempt(6), wait=wait_random_exponential(0.01, max=0.5), reraise=True
        )

    def settle(self, deliveries: Sequence[Delivery]) -> None:
        """Handle, ignore, defer or park each of them. Raises `Unavailable`, and then nothing may be acknowledged: try the same again.

        When it is given the same again, it goes on with those that are not decided yet. At a stop it raises `Unavailable` between two
        transactions; what is decided by then, `settled_first` says.
        """
        self._decided = {id(delivery): delivery for delivery in deliveries if id(delivery) in self._decided}
        incoming = [self.reader.read(delivery) for delivery in deliveries if id(delivery) not in self._decided]
        for suspect, group in groupby(incoming, key=lambda m: m.delivery.redelivered):
            settle = self._settle_suspects if suspect else self.settle_batch
            settle(list(group))
        self._suspects.take_back(self._suspects.counted)
        self.taken += len(deliveries)
        self.settled += sum(id(delivery) in self._decided for delivery in deliveries)
        self._decided = {}

    def settled_first(self, deliveries: Sequence[Delivery]) -> Delivery | None:
        """The last of those at the beginning that are decided, after a `settle` that did not come to its end."""
        decided = list(takewhile(lambda delivery: id(delivery) in self._decided, deliveries))
        return decided[-1] if decided else None

    def give_up(self) -> None:
        """What was in hand goes back unsettled, in order: that is nobody's death."""
        with suppress(Unavailable):
            self._suspects.take_back(self._suspects.counted)

    @property
    def forgotten(self) -> int:
        """Deliveries that came off the queue, and were given back to be acknowledged without having been decided."""
        return self.taken - self.settled

    def settle_batch(self, batch: Sequence[Incoming]) -> None:
        """All in one transaction; when that fails, in parts; what fails alone is deferred. While the queue is slowed down, one alone."""
        if self.outage.lasts and len(batch) > 1:
            self._settle_one_after_the_other([message] for message in _mixed(batch))
            return
        try:
            self._retrying(self.take, batch)
        except HeldUp as error:
            self._defer_or_hurry(batch, error)
        except Exception as error:
            if fate(error) is Fate.PAUSE:
                raise
            if len(batch) == 1:
                self._defer_failed(batch, unstorable_data() if is_unstorable(error) else error)
                return
            self._settle_parts(batch)

    def _defer_or_hurry(self, batch: Sequence[Incoming], error: HeldUp) -> None:
        """Somebody holds what at least one of them needs: the others go on."""
        if batch[0].hurried and (len(batch) == 1 or self._held_up >= HELD_UP):
            self._held_up += len(batch)
            self._defer_failed(batch, error)
            return
        self._held_up = self._held_up if batch[0].hurried else 0
        for message in batch:
            message.hurried = PART_S
        self._settle_parts(batch)

    def _settle_parts(self, batch: Sequence[Incoming]) -> None:
        """In tenths, and what fails of those in tenths again: of 2,000, one is found by some thirty transactions."""
        self._settle_one_after_the_other(chunks(batch, max(1, len(batch) // PARTS)))

    def _settle_one_after_the_other(self, parts: Iterable[Sequence[Incoming]]) -> None:
        for part in parts:
            if self.stop.is_set():
                raise Unavailable(en="It is stopping.")
            self.settle_batch(part)

    def take(self, batch: Sequence[Incoming]) -> None:
        """One transaction: sort, move the positions, handle, count."""
        began = perf_counter()
        with self.context.work() as work:
            if batch[0].hurried:
                work.connection.execute(_HURRY, {"ms": f"{batch[0].hurried * 1000:.0f}"})
            if self._forgetting:
                self._forgetting.read(batch, work)
            verdict = self._sorter.sort(batch, work)
            work.be_patient(self._patient(verdict.fit))
            with watchdog.within(self.context.settings.handling_s, self.consumer):
                run_handlers(verdict.fit, work)
            verdict.untake(work.put_off_requests)
            work.flush()
            self._record(verdict, work)
            crash_point("intake.before-commit")
        crash_point("intake.after-commit")
        self._held_up = 0
        self._settled(*verdict.fit, *verdict.duplicates, *verdict.early, *verdict.put_off, *verdict.faulty)
        self._observe(verdict, perf_counter() - began)
        if verdict.succeeded:
            self._succeeded()

    def _settle_suspects(self, suspects: Sequence[Incoming]) -> None:
        """Redelivered messages: one of them may have ended the process, so they are tried in ever smaller groups, and at last alone.

        That a group is tried is counted before it is; a message is parked only after it was in hand alone, so an
        innocent never shares a killer's fate, and after a crash that was nobody's fault the first try takes all.
        """
        with self.context.work() as work:
            known, new = self._sorter.sifted(suspects, work)
        if known:
            self.settle_batch(known)
        for together, deaths in self._suspects.grouped(new):
            with ALONE:
                self._settle_counted(together, deaths)

    def _settle_counted(self, group: Sequence[Incoming], deaths: int) -> None:
        self._suspects.count(group)
        for message in group:
            message.fault = ended_the_process(deaths) if deaths >= len(GROUPS) else message.fault
        try:
            self.settle_batch(group)
        except SlowedDown:
            self._suspects.take_back(map(name, group))
            raise
        self._suspects.forget(group)

    def _patient(self, messages: Iterable[Incoming]) -> Iterator[Name]:
        """The requests that may be put off: those that will be tried once more."""
        attempts = 0 if self.listen.ordered else self.context.settings.retry_attempts
        return (name(m) for m in messages if m.attempts < attempts)

    def _record(self, verdict: Sorted, work: UnitOfWork) -> None:
        who = {"consumer": self.consumer}
        stored = deferred.store_early(work, self.consumer, verdict.early) + deferred.park(work, self.consumer, verdict.faulty)
        if verdict.put_off:
            inbox.untake(work.connection, self.consumer, map(name, verdict.put_off))
            stored += deferred.put_off(work, self.consumer, verdict.put_off)
        again = sum(m.row is None for m in (*verdict.early, *verdict.put_off, *verdict.faulty)) - stored
        released = deferred.release(work, [m.row for m in (*verdict.fit, *verdict.duplicates) if m.row])
        counts = {"handled": len(verdict.fit), "duplicate": len(verdict.duplicates) + again, "deferred": stored}
        more = {"process": PROCESS, "released": released, "skipped": verdict.skipped, "succeeded": verdict.succeeded}
        work.connection.execute(_COUNT, who | counts | more)

    def _observe(self, verdict: Sorted, seconds: float) -> None:
        service = self.context.service.name
        observe_batch(service, self.consumer, seconds)
        observe_handled(service, verdict.fit, verdict.duplicates, self.context.clock())
        observe_put_aside(service, Fate.RETRY, verdict.put_off)
        observe_put_aside(service, Fate.PARK, verdict.faulty)
        for message in verdict.faulty:
            slug = message.fault.slug if message.fault else ""
            log.warning("message.parked", queue=self.consumer, type=known_type(message), message_id=message.id, reason=slug)

    def _settled(self, *messages: Incoming) -> None:
        """Count what came off the queue and is decided; what came from `chassis.deferred` was counted when it went there."""
        self._decided.update((id(message.delivery), message.delivery) for message in messages if message.row is None)

    def _succeeded(self) -> None:
        """What failed while nothing succeeded need not wait any longer."""
        seconds = self.outage.succeeded()
        if seconds is not None:
            with self.context.work() as work:
                deferred.hasten(work, self.consumer, seconds)

    def _defer_failed(self, batch: Sequence[Incoming], error: Exception) -> None:
        """Raises `SlowedDown` when all messages fail. Those that are held up say nothing of that."""
        outcome = Fate.PARK if fate(error) is Fate.PARK else Fate.RETRY
        if outcome is Fate.RETRY and not isinstance(error, HeldUp):
            self.outage.failed(batch[0], error)
        slowed_down = outcome is Fate.RETRY and self.outage.lasts
        with self.context.work() as work:
            stored = sum(deferred.failed(work, self.consumer, message, error) for message in batch)
            counts = {"handled": 0, "duplicate": 0, "deferred": stored, "released": 0, "skipped": 0, "succeeded": 0}
            work.connection.execute(_COUNT, {"consumer": self.consumer, "process": PROCESS} | counts)
        self._settled(*batch)
        for message in batch:
            name_ = type(error).__name__
            log.warning("message.deferred", queue=self.consumer, type=known_type(message), message_id=message.id, error=name_)
        observe_put_aside(self.context.service.name, outcome, batch)
        if slowed_down:
            raise SlowedDown(en=self.outage.trouble)


def _is_collision(error: BaseException) -> bool:
    return isinstance(error, Overtaken) or is_collision(error)


def unstorable_data() -> Invalid:
    """The fault of data that were read, and that no table can hold."""
    return Invalid(
        "unstorable-data",
        field="/data",
        da="Databasen kan ikke gemme indholdet: et tal eller en dato er uden for rækkevidde, der er et NUL-tegn, eller der mangler noget.",
        en="The database cannot keep the data: a number or a date is out of range, there is the character NUL, or something is missing.",
    )


def _mixed(batch: Sequence[Incoming]) -> Iterator[Incoming]:
    """In any order that keeps each aggregate's, so that a row of messages that always fail hides none of those that do not."""
    for turn in turns(batch):
        yield from random.sample(turn, len(turn))
