"""The consumer: off one queue, into the intake, acknowledged; and the sweeper that comes back to what was deferred.

Batches form by themselves: what arrived while the last transaction ran is the next batch, so there is no waiting
for a batch to fill. While the database is away nothing is acknowledged and nothing more is fetched; the same batch
is tried again until it answers. While the broker is away the consumer asks for it again on a growing delay.
"""

import random
from collections.abc import Callable, Sequence
from time import monotonic

import structlog

from services.chassis import deferred
from services.chassis.bus import Bus, Delivery, Queue, Subscription, Topology
from services.chassis.deferred import Claimed
from services.chassis.errors import DeltagError, Unavailable
from services.chassis.intake import ALONE, Intake
from services.chassis.lifecycle import Stop
from services.chassis.outage import SlowedDown
from services.chassis.pace import Bounds, Pace
from services.chassis.reading import Incoming
from services.chassis.service import EVENTS, PERSONAL, REQUESTS, Listen
from services.chassis.suspects import ended_the_process

log = structlog.get_logger(__name__)

PREFETCH = 4_000
"""Two batches of the largest size: while one is in hand, the next arrives."""
IDLE_S = 0.25
"""How long the consumer waits for a message before it looks whether to stop."""
LONGEST_PAUSE_S = 5.0
GOOD_S = 0.5
"""A transaction that lasts longer took too many messages: what is in hand at a stop has to be done well before the drain's end."""
SWEEP_S = 0.5
RARELY = 10
"""To find what is due takes a quarter of a second with 100,000 early messages, so that is done for a tenth of the time at most."""
EARLY = 1_000
"""Early messages that one sweep takes at most."""
RETRY_S = 2 * GOOD_S
"""How long a retry waits for a lock: longer than its neighbours' transactions last, shorter than it would make others wait that are due."""
DECLARE_EVERY_S = 10.0
EXCHANGES = (EVENTS, REQUESTS, PERSONAL)
NOT_YET = "not connected yet"


class Consumer:
    """Runs until `stop`; `process(deliveries)` handles one batch (a host may put its own worker around it)."""

    def __init__(self, intake: Intake, bus: Bus, stop: Stop, process: Callable[[Sequence[Delivery]], None] | None = None) -> None:
        self.intake = intake
        self.bus = bus
        self.stop = stop
        self.process = process or intake.settle
        self.trouble = NOT_YET
        self._pauses = Pauses(stop)
        self._pace = Pace(Bounds(first=100, least=1, most=intake.context.settings.batch_size, good_s=GOOD_S))

    def run(self) -> None:
        """Consume until stopped, whatever goes away meanwhile. What is in hand at the stop is finished and acknowledged."""
        persist(self._session, self.stop, self._note, loop="consumer", queue=self.intake.consumer)

    def _note(self, trouble: str) -> None:
        self.trouble = trouble

    def _session(self, pauses: "Pauses") -> None:
        self._declare()
        subscription = self.bus.subscribe(self.intake.consumer, PREFETCH)
        self.trouble = ""
        try:
            while not self.stop.is_set():
                self._turn(subscription)
                pauses.reset()
                if monotonic() > self._declared_at + DECLARE_EVERY_S:
                    self._declare()
        finally:
            subscription.close()

    def _declare(self) -> None:
        """Also while all seems well: a binding that somebody took away is missed by nobody who only waits for messages."""
        self.bus.declare(topology([self.intake.listen]))
        self._declared_at = monotonic()

    def _turn(self, subscription: Subscription) -> None:
        deliveries = subscription.receive(self._pace.limit, IDLE_S)
        if deliveries:
            last = deliveries[-1] if self._settled_in_good_time(deliveries) else self.intake.settled_first(deliveries)
            if last:
                subscription.settle(last)

    def _settled_in_good_time(self, deliveries: Sequence[Delivery]) -> bool:
        with self._pace.kept():
            self._pace.take(len(deliveries))
            return self._settled(deliveries)

    def _settled(self, deliveries: Sequence[Delivery]) -> bool:
        """Try until the database answers, and all are tried; give up (unacknowledged) only when told to stop."""
        while True:
            try:
                self.process(deliveries)
            except Unavailable as away:
                log.warning("consumer.paused", queue=self.intake.consumer, reason=str(away))
                self.trouble = "" if self.intake.outage.lasts else str(away)
                if self._pauses.wait():
                    self.intake.give_up()
                    return False
            else:
                self.trouble = ""
                if not self.intake.outage.lasts:
                    self._pauses.reset()
                return True


class Sweeper:
    """Comes back to what the intake deferred: early messages whose turn has come, and retries that are due."""

    def __init__(self, intake: Intake, stop: Stop) -> None:
        self.intake = intake
        self.stop = stop
        self._in_hand: Sequence[Claimed] = ()
        self._untried: Sequence[Claimed] = ()
        self._claimed_in_s = 0.0
        self._pace = Pace(Bounds(first=100, least=1, most=EARLY, good_s=GOOD_S))

    def run(self) -> None:
        """Sweep until stopped; a database that is away is asked again later."""
        persist(self._session, self.stop, lambda _trouble: None, loop="sweeper", queue=self.intake.consumer)

    def _session(self, pauses: "Pauses") -> None:
        while not self.stop.wait(max(SWEEP_S, min(RARELY * self._claimed_in_s, LONGEST_PAUSE_S))):
            while self.sweep() and not self.stop.is_set():
                pass
            if not self.intake.outage.lasts:
                pauses.reset()

    def sweep(self) -> int:
        """One round; returns how many messages it tried."""
        return self.sweep_early() + self.sweep_retries()

    def sweep_early(self) -> int:
        """Take the early messages whose turn has come, as one batch. One that was in hand before, when that ended badly, is tried alone.

        While the database is away nobody ends: what was in hand is given back when it answers, and claimed as if for the first time.
        """
        with self._pace.kept():
            due = self._claim_early()
            self._pace.take(len(due))
            fresh = [claimed for claimed in due if claimed.attempts == 1]
            try:
                self._settle(fresh)
            except Unavailable:
                self._untried = fresh
                raise
        return len(due)

    def _claim_early(self) -> Sequence[Claimed]:
        began = monotonic()
        with self.intake.context.work() as work:
            deferred.give_back(work, [claimed.row for claimed in self._untried])
            due = deferred.claim_early(work, self.intake.consumer, self._pace.limit)
            if suspects := [claimed.row for claimed in due if claimed.attempts > 1]:
                deferred.try_alone(work, suspects)
        self._untried, self._claimed_in_s = (), monotonic() - began
        return due

    def sweep_retries(self) -> int:
        """Try the retry that is most due, alone; its attempt was counted before, so one that ends the process is parked too.

        While the database is away it stays in hand: that is nobody's attempt, so none is counted for trying the same again. While the
        queue is slowed down it goes back, and another is tried after the pause.
        """
        with ALONE:
            due, self._in_hand = self._in_hand or self._claim_retry(), ()
            try:
                self._settle(due, hurried=RETRY_S)
            except SlowedDown:
                raise
            except Unavailable:
                self._in_hand = due
                raise
        return len(due)

    def _claim_retry(self) -> Sequence[Claimed]:
        with self.intake.context.work() as work:
            return deferred.claim_retry(work, self.intake.consumer)

    def _settle(self, due: Sequence[Claimed], *, hurried: float = 0.0) -> None:
        if due:
            self.intake.settle_batch([self._read(claimed, hurried=hurried) for claimed in due])

    def _read(self, claimed: Claimed, *, hurried: float) -> Incoming:
        message = self.intake.reader.read(claimed.delivery)
        message.row, message.attempts, message.hurried = claimed.row, claimed.attempts, hurried
        if claimed.attempts > self.intake.context.settings.retry_attempts:
            message.fault = ended_the_process(claimed.attempts)
        return message


def topology(listens: Sequence[Listen], log: str | None = None) -> Topology:
    """What these queues need on the bus."""
    return Topology(EXCHANGES, [Queue(listen.queue, listen.exchange, tuple(listen.keys)) for listen in listens], log)


def persist(session: Callable[["Pauses"], None], stop: Stop, note: Callable[[str], None], **who: str) -> None:
    """Run sessions until the stop; after one that failed, say so, wait (longer each time), and begin the next.

    A dependency that is away is expected; anything else is a fault of ours, logged with its trace, and no reason to
    give up either. Of a library's text, which may hold somebody's data, nothing is noted but its name.
    """
    pauses = Pauses(stop)
    while not stop.is_set():
        try:
            session(pauses)
        except Unavailable as away:
            note(str(away))
            log.warning("loop.paused", reason=str(away), **who)
            pauses.wait()
        except Exception as error:
            note(str(error) if isinstance(error, DeltagError) else type(error).__name__)
            log.exception("loop.failed", **who)
            pauses.wait()


class Pauses:
    """Growing pauses with jitter, cut short by the stop."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self._next = 0.1

    def wait(self) -> bool:
        """Wait; True means that it is time to stop."""
        pause, self._next = self._next, min(self._next * 2, LONGEST_PAUSE_S)
        return self._stop.wait(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret

    def reset(self) -> None:
        """All is well again: the next pause is short."""
        self._next = 0.1
