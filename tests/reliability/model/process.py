"""One process of the tiny service, whose loops are turned by hand: a relay, a consumer and a sweeper for each queue.

Only its orderly end is not turned by hand: there the loops themselves run, until they see that they shall stop.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

import msgspec

from services.chassis.auditor import Auditor
from services.chassis.bus import Bus, Delivery, Topology
from services.chassis.consumer import PREFETCH, Consumer
from services.chassis.errors import Unavailable
from services.chassis.intake import Intake
from services.chassis.lifecycle import Stop
from services.chassis.loops import Pauses
from services.chassis.relay import Relay
from services.chassis.service import Context
from services.chassis.sweeper import Sweeper
from tests.reliability.model.wire import Wire, WiredPublisher, WiredSubscription, up_to


class Hurried(Stop):
    """A stop that is never set and never waits: pauses are over at once."""

    def wait(self, seconds: float) -> bool:  # noqa: ARG002 - the signature of a stop
        """No time passes."""
        return False


class Ending(Stop):
    """A stop that is set when it was looked at so many times, and never waits."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self._looks = looks

    def is_set(self) -> bool:
        """Whether it is time."""
        self._looks -= 1
        return self._looks < 0

    def wait(self, seconds: float) -> bool:  # noqa: ARG002 - the signature of a stop
        """No time passes; whether it is time."""
        return self.is_set()


class Counted(Intake):
    """Counts also how many are decided at the beginning of a batch that did not come to its end."""

    first = 0

    def settled_first(self, deliveries: Sequence[Delivery]) -> Delivery | None:
        """See `Intake.settled_first`."""
        last = super().settled_first(deliveries)
        self.first += up_to(last, deliveries) if last else 0
        return last

    @property
    def done(self) -> int:
        """How many may have been acknowledged."""
        return self.taken + self.first


class Process:
    """Ends without a word when a fault says so; what it held in memory is gone with it."""

    def __init__(self, context: Context, bus: Bus, wire: Wire, take_over: Callable[[str], bool]) -> None:
        self.context = replace(context, wakers={})
        self._bus = bus
        self._wire = wire
        self._take_over = take_over
        self._publisher: WiredPublisher | None = None
        self._subscriptions: dict[str, WiredSubscription] = {}
        self._borrowed: Sequence[Delivery] = ()
        self._relay = Relay(self.context, bus, Hurried())
        self.intakes = {listen.queue: _impatient(Counted(self.context, listen)) for listen in context.service.listens}
        self._sweepers = {queue: Sweeper(intake, Hurried()) for queue, intake in self.intakes.items()}
        self._auditor = Auditor(self.context, list(self.intakes.values()))
        self.busy_with = ""

    def relay(self) -> int:
        """Publish once; returns how many rows that took."""
        return self._relay.publish_batch(self.publisher())

    def consume(self, queue: str) -> int:
        """Take, settle and acknowledge one batch; returns how many messages came."""
        subscription = self._subscription(queue)
        if subscription is None:
            return 0
        before = self.intakes[queue].taken
        with self._busy(queue):
            Consumer(self.intakes[queue], self, Hurried())._turn(subscription)  # noqa: SLF001 - one turn of its loop
        return self.intakes[queue].taken - before

    def stop(self, turns: int) -> None:
        """SIGTERM while it works: each consumer sees it after so many turns, finishes what is in hand and gives back the rest, and so does
        each sweeper; then the relay publishes what is left.
        """
        for queue in self.intakes:
            with suppress(Unavailable):
                self._consume_until(queue, Ending(turns))
            self._subscriptions.pop(queue, None)
        for sweeper in self._sweepers.values():
            sweeper.give_up()
        with suppress(Unavailable):
            Relay(self.context, self, ended := Ending(0))._session(Pauses(ended))  # noqa: SLF001 - what is left of its loop
        self._publisher = None

    def declare(self, topology: Topology) -> None:
        """See `Bus.declare`. All is declared."""

    def publisher(self) -> WiredPublisher:
        """See `Bus.publisher`: the process has one."""
        if self._publisher is None:
            self._publisher = WiredPublisher(self._bus.publisher(), self._wire)
        return self._publisher

    def subscribe(self, queue: str, prefetch: int) -> WiredSubscription:  # noqa: ARG002 - it is always the same
        """See `Bus.subscribe`: the process has one for each queue."""
        if subscription := self._subscription(queue):
            return subscription
        raise Unavailable(en="Another process is in the middle of a batch.")

    def read_log(self, log: str, offset: int = 0, *, idle: float = 2.0) -> Iterator[Delivery]:
        """See `Bus.read_log`."""
        return self._bus.read_log(log, offset, idle=idle)

    def sweep(self, queue: str) -> int:
        """Come back to what was deferred; returns how many messages were tried."""
        return self._sweepers[queue].sweep()

    def difference(self, queue: str) -> int:
        """What the auditor finds missing."""
        return self._auditor.audit(self.intakes[queue]).difference

    def settle(self, deliveries: Mapping[str, Sequence[Delivery]]) -> None:
        """Settle what a bus has given to two at once; the other one acknowledges it."""
        for queue, same in deliveries.items():
            self._borrowed = same
            self.intakes[queue].settle(same)
        self._borrowed = ()

    def in_hand(self, queue: str) -> Sequence[Delivery]:
        """What was received and not settled."""
        return tuple(self._subscriptions[queue].in_hand) if queue in self._subscriptions else ()

    def suspects(self) -> Sequence[str]:
        """The ids of all that is in hand."""
        in_hand = [delivery for queue in self.intakes for delivery in self.in_hand(queue)]
        return [id_ for delivery in (*in_hand, *self._borrowed) if (id_ := id_of(delivery.body))]

    def let_go(self, queue: str) -> None:
        """Stop consuming; what is unsettled goes back."""
        if subscription := self._subscriptions.pop(queue, None):
            with suppress(Unavailable):
                subscription.close()

    def disconnect(self) -> None:
        """Hang up everywhere."""
        for queue in list(self._subscriptions):
            self.let_go(queue)
        if self._publisher:
            self._publisher.close()
        self._publisher = None
        self._borrowed = ()

    def _consume_until(self, queue: str, stop: Stop) -> None:
        """What was settled is acknowledged, and nothing else is: else it would be done twice, or not at all."""
        intake, subscription = self.intakes[queue], self.subscribe(queue, PREFETCH)
        done, acknowledged = intake.done, subscription.settled
        with self._busy(queue):
            Consumer(intake, self, stop)._session(Pauses(stop))  # noqa: SLF001 - the rest of its loop
        assert intake.done - done == subscription.settled - acknowledged, "settled and acknowledged are not the same"

    @contextmanager
    def _busy(self, queue: str) -> Iterator[None]:
        before, self.busy_with = self.busy_with, queue
        try:
            yield
        finally:
            self.busy_with = before

    def _subscription(self, queue: str) -> WiredSubscription | None:
        if queue not in self._subscriptions:
            if not self._take_over(queue):
                return None
            self._subscriptions[queue] = WiredSubscription(self._bus.subscribe(queue, PREFETCH), queue, self._wire)
        return self._subscriptions[queue]


def id_of(body: bytes) -> str:
    """A message's id, or nothing when it cannot be read."""
    try:
        return str(msgspec.json.decode(body)["id"])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""


def _impatient(intake: Counted) -> Counted:
    intake._retrying.sleep = lambda _seconds: None  # noqa: SLF001 - collisions are tried again at once
    return intake
