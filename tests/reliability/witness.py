"""A witness on the bus: everything that passed, as anybody could see it."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pika

from services.chassis.storage import aggregate_key

QUEUE = "witness"
PREFETCH = 1_000
BINDINGS = (("deltag.events", "#"), ("deltag.personal", "#"))


@dataclass(frozen=True)
class Passed:
    """One message that passed: its id, and its place among its aggregate's messages."""

    id: str
    key: str
    sequence: int
    body: bytes = b""

    @property
    def subject(self) -> str:
        """The aggregate's id."""
        return self.key.partition("/")[2]


def passed(body: bytes) -> Passed:
    """A fact, as the witness notes it."""
    fact: Mapping[str, Any] = json.loads(body)
    return Passed(fact["id"], aggregate_key(fact["type"], fact["subject"]), int(fact["sequence"]), body)


class Witness:
    """A queue of the test's own beside those of the services."""

    def __init__(self, url: str) -> None:
        self._url = url
        with self._channel() as channel:
            for exchange in {exchange for exchange, _ in BINDINGS} | {"deltag.requests"}:
                channel.exchange_declare(exchange, "topic", durable=True)
            channel.queue_declare(QUEUE, durable=True)
            for exchange, key in BINDINGS:
                channel.queue_bind(QUEUE, exchange, key)

    def testimony(self) -> list[Passed]:
        """Everything that passed since the last time, in the order in which it passed."""
        with self._channel() as channel:
            return [passed(body) for body in _all(channel)]

    def waiting(self, queues: Iterable[str]) -> int:
        """How many messages wait in these queues. What a consumer has in hand is not among them: stop the services before."""
        with self._channel() as channel:
            return sum(int(channel.queue_declare(queue, passive=True).method.message_count) for queue in queues)

    def _channel(self) -> "_Channel":
        return _Channel(self._url)


class _Channel:
    def __init__(self, url: str) -> None:
        self._url = url

    def __enter__(self) -> Any:
        self._connection = pika.BlockingConnection(pika.URLParameters(self._url))
        return self._connection.channel()

    def __exit__(self, *_: object) -> None:
        self._connection.close()


def _all(channel: Any) -> Iterator[bytes]:
    count = channel.queue_declare(QUEUE, passive=True).method.message_count
    channel.basic_qos(prefetch_count=PREFETCH)
    for number, (method, _, body) in enumerate(islice(channel.consume(QUEUE), count), start=1):
        yield body
        if number % (PREFETCH // 2) == 0 or number == count:
            channel.basic_ack(method.delivery_tag, multiple=True)
    channel.cancel()


def by_place(facts: Iterable[Passed]) -> dict[tuple[str, int], set[str]]:
    """The ids that were seen in each place: more than one is an effect that happened twice."""
    places: dict[tuple[str, int], set[str]] = defaultdict(set)
    for fact in facts:
        places[fact.key, fact.sequence].add(fact.id)
    return places


def repeated(facts: Sequence[Passed]) -> int:
    """How many came more than once."""
    return len(facts) - len({fact.id for fact in facts})
