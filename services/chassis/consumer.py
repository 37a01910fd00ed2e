"""The consumer: off one queue, into the intake, acknowledged.

Batches form by themselves: what arrived while the last transaction ran is the next batch, so there is no waiting
for a batch to fill. While the database is away nothing is acknowledged and nothing more is fetched; the same batch
is tried again until it answers. While the broker is away the consumer asks for it again on a growing delay.
"""

from collections.abc import Callable, Sequence
from time import monotonic

import structlog

from services.chassis.bus import Bus, Delivery, Subscription
from services.chassis.errors import Unavailable
from services.chassis.intake import Intake
from services.chassis.lifecycle import Stop
from services.chassis.loops import NOT_YET, Pauses, persist
from services.chassis.pace import GOOD_S, Bounds, Pace
from services.chassis.topology import topology

log = structlog.get_logger(__name__)

PREFETCH = 4_000
"""Two batches of the usual largest size: while one is in hand, the next arrives. No batch is larger than this,
whatever `DELTAG_BATCH_SIZE` says."""
IDLE_S = 0.25
"""How long the consumer waits for a message before it looks whether to stop."""
DECLARE_EVERY_S = 10.0


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

    def _session(self, pauses: Pauses) -> None:
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
