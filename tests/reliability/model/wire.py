"""What lies between the relay and the queues: a bus on which messages are late, doubled, and held back for a while.

What a bus promises holds all the same: what it took it has, and what no queue wants is returned at once.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum

from services.chassis.bus import Delivery, Publisher, Queue, Subscription, matches
from services.chassis.envelope import Outgoing

NO_TIME_S = 0.001
"""How long a message is waited for that nobody has sent."""


class Treatment(StrEnum):
    """What happens to a message on its way."""

    PROMPT = "prompt"
    LATE = "late"
    DOUBLED = "doubled"
    HELD = "held"
    HELD_COPY = "held copy"


_NOW = {Treatment.PROMPT, Treatment.DOUBLED, Treatment.HELD_COPY}
_AFTERWARDS = {Treatment.LATE, Treatment.DOUBLED}
_HELD = {Treatment.HELD, Treatment.HELD_COPY}


class Wire:
    """Treats what is published as `treatments` say, the first message by the first of them, and so on, round and round."""

    def __init__(self, queues: Sequence[Queue], moment: Callable[[], None]) -> None:
        self._queues = queues
        self.moment = moment
        self.treatments: Sequence[Treatment] = ()
        self.held: list[Outgoing] = []
        self.unsettled: Counter[str] = Counter()

    def publish(self, publisher: Publisher, messages: Sequence[Outgoing]) -> Sequence[Outgoing]:
        """Publish them in two pieces, so that the bus may fail with only the first one stored."""
        on_their_way = self._arranged(messages)
        middle = len(on_their_way) // 2
        returned: list[Outgoing] = []
        for piece in (on_their_way[:middle], on_their_way[middle:]):
            self.moment()
            returned += self._put(publisher, piece)
        self.moment()
        return [message for message in messages if message in returned]

    def release(self, publisher: Publisher) -> None:
        """Let go of what was held back, the last first."""
        held, self.held = self.held[::-1], []
        assert not self._put(publisher, held)

    def _arranged(self, messages: Sequence[Outgoing]) -> Sequence[Outgoing]:
        treated = [(message, self._treatment(n, message)) for n, message in enumerate(messages)]
        self.held += [message for message, treatment in treated if treatment in _HELD]
        now = [message for message, treatment in treated if treatment in _NOW]
        return now + [message for message, treatment in reversed(treated) if treatment in _AFTERWARDS]

    def _treatment(self, number: int, message: Outgoing) -> Treatment:
        if not self.treatments or not self._wanted_by(message):
            return Treatment.PROMPT
        return self.treatments[number % len(self.treatments)]

    def _put(self, publisher: Publisher, messages: Sequence[Outgoing]) -> Sequence[Outgoing]:
        returned = publisher.publish(messages) if messages else ()
        self.unsettled.update(queue for message in messages for queue in self._wanted_by(message))
        return returned

    def _wanted_by(self, message: Outgoing) -> Sequence[str]:
        if not message.exchange:
            return [message.routing_key]
        return [queue.name for queue in self._queues if queue.exchange == message.exchange and _bound(queue, message)]


def _bound(queue: Queue, message: Outgoing) -> bool:
    return any(matches(key, message.routing_key) for key in queue.keys)


class WiredPublisher:
    """A publisher whose messages go over the wire."""

    def __init__(self, inner: Publisher, wire: Wire) -> None:
        self._inner = inner
        self._wire = wire

    def publish(self, messages: Sequence[Outgoing]) -> Sequence[Outgoing]:
        """See `Publisher.publish`."""
        return self._wire.publish(self._inner, messages)

    def keep_alive(self) -> None:
        """See `Publisher.keep_alive`."""
        self._inner.keep_alive()

    def close(self) -> None:
        """See `Publisher.close`."""
        self._inner.close()


class WiredSubscription:
    """A subscription that knows what is in hand, and comes by the moments of a fault."""

    def __init__(self, inner: Subscription, queue: str, wire: Wire) -> None:
        self._inner = inner
        self._queue = queue
        self._wire = wire
        self.in_hand: list[Delivery] = []
        self.settled = 0

    def receive(self, limit: int, timeout: float) -> Sequence[Delivery]:
        """See `Subscription.receive`."""
        self._wire.moment()
        received = self._inner.receive(limit, timeout if self._wire.unsettled[self._queue] else NO_TIME_S)
        self.in_hand += received
        return received

    def settle(self, last: Delivery) -> None:
        """See `Subscription.settle`."""
        self._wire.moment()
        self._inner.settle(last)
        done = up_to(last, self.in_hand)
        self.in_hand = self.in_hand[done:]
        self.settled += done
        self._wire.unsettled[self._queue] -= done
        self._wire.moment()

    def close(self) -> None:
        """See `Subscription.close`."""
        self._inner.close()


def up_to(last: Delivery, deliveries: Iterable[Delivery]) -> int:
    """How many these are, to this one."""
    return next(n for n, delivery in enumerate(deliveries, start=1) if delivery is last)
