"""One process of the tiny service, whose loops are turned by hand: a relay, a consumer and a sweeper for each queue."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

import msgspec

from services.chassis.auditor import Auditor
from services.chassis.bus import Bus, Delivery
from services.chassis.consumer import PREFETCH, Consumer, Sweeper
from services.chassis.errors import Unavailable
from services.chassis.intake import Intake
from services.chassis.lifecycle import Stop
from services.chassis.relay import Relay
from services.chassis.service import Context
from tests.reliability.model.wire import Wire, WiredPublisher, WiredSubscription


class Hurried(Stop):
    """A stop that is never set and never waits: pauses are over at once."""

    def wait(self, seconds: float) -> bool:  # noqa: ARG002 - the signature of a stop
        """No time passes."""
        return False


class Process:
    """Ends without a word when a fault says so; what it held in memory is gone with it."""

    def __init__(self, context: Context, bus: Bus, wire: Wire, take_over: Callable[[str], bool]) -> None:
        self.context = replace(context, wakers={})
        self._bus = bus
        self._wire = wire
        self._take_over = take_over
        self._publisher: WiredPublisher | None = None
        self._subscriptions: dict[str, WiredSubscription] = {}
        self._relay = Relay(self.context, bus, Hurried())
        self.intakes = {listen.queue: _impatient(Intake(self.context, listen)) for listen in context.service.listens}
        self._sweepers = {queue: Sweeper(intake, Hurried()) for queue, intake in self.intakes.items()}
        self._auditor = Auditor(self.context, list(self.intakes.values()))
        self.busy_with = ""

    def relay(self) -> int:
        """Publish once; returns how many rows that took."""
        if self._publisher is None:
            self._publisher = WiredPublisher(self._bus.publisher(), self._wire)
        return self._relay.publish_batch(self._publisher)

    def consume(self, queue: str) -> int:
        """Take, settle and acknowledge one batch; returns how many messages came."""
        subscription = self._subscription(queue)
        if subscription is None:
            return 0
        before, self.busy_with = self.intakes[queue].taken, queue
        try:
            Consumer(self.intakes[queue], self._bus, Hurried())._turn(subscription)  # noqa: SLF001 - one turn of its loop
        finally:
            self.busy_with = ""
        return self.intakes[queue].taken - before

    def sweep(self, queue: str) -> int:
        """Come back to what was deferred; returns how many messages were tried."""
        return self._sweepers[queue].sweep()

    def difference(self, queue: str) -> int:
        """What the auditor finds missing."""
        return self._auditor.audit(self.intakes[queue]).difference

    def settle(self, deliveries: Mapping[str, Sequence[Delivery]]) -> None:
        """Settle what a bus has given to two at once; the other one acknowledges it."""
        for queue, same in deliveries.items():
            self.intakes[queue].settle(same)

    def in_hand(self, queue: str) -> Sequence[Delivery]:
        """What was received and not settled."""
        return tuple(self._subscriptions[queue].in_hand) if queue in self._subscriptions else ()

    def suspects(self) -> Sequence[str]:
        """The ids of all that is in hand."""
        return [id_ for queue in self.intakes for delivery in self.in_hand(queue) if (id_ := id_of(delivery.body))]

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


def _impatient(intake: Intake) -> Intake:
    intake._retrying.sleep = lambda _seconds: None  # noqa: SLF001 - collisions are tried again at once
    return intake
