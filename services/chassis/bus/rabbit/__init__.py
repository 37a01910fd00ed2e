"""The bus on RabbitMQ, by py-amqp: pipelined confirms out, multi-acks in, and a deadline on every wait.

Messages are published and taken by `bus/wire.py`; everything else is py-amqp's, tuned in one place (`connection.py`).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count

import amqp

from services.chassis.bus import Delivery, Topology
from services.chassis.bus.rabbit.connection import away, closing, first_that_answers, hang_up
from services.chassis.bus.rabbit.log import read_stream
from services.chassis.bus.rabbit.publisher import RabbitPublisher
from services.chassis.bus.rabbit.subscription import RabbitSubscription
from services.chassis.bus.rabbit.topology import declare


class RabbitBus:
    """RabbitMQ at an `amqp://` or `amqps://` URL, or at one for each node of a cluster, with semicolons between them.

    Instead of a text, `url` may be what says it: every connection asks again, and goes to the next node that takes it.
    `queue_type` is `quorum` (replicated, the default) or `classic`.
    """

    def __init__(self, url: str | Callable[[], str], *, queue_type: str = "quorum", name: str = "deltag") -> None:
        self._url = url
        self._turns = count()
        self.queue_type = queue_type
        self.name = name

    def declare(self, topology: Topology) -> None:
        """See `Bus.declare`."""
        with away(), closing(self._connect(self.name)) as connection:
            declare(connection, topology, self.queue_type)

    def publisher(self) -> RabbitPublisher:
        """See `Bus.publisher`."""
        with self._opened(f"{self.name} relay") as connection:
            return RabbitPublisher(connection)

    def subscribe(self, queue: str, prefetch: int) -> RabbitSubscription:
        """See `Bus.subscribe`."""
        with self._opened(f"{self.name} {queue}") as connection:
            return RabbitSubscription(connection, queue, prefetch)

    def read_log(self, log: str, offset: int = 0, *, idle: float = 2.0) -> Iterator[Delivery]:
        """See `Bus.read_log`."""
        return read_stream(partial(self._connect, f"{self.name} {log}"), log, offset, idle)

    @contextmanager
    def _opened(self, name: str) -> Iterator[amqp.Connection]:
        """A connection that stays open, unless the block fails: else nobody would own it, and it would go on beating."""
        with away():
            connection = self._connect(name)
            try:
                yield connection
            except BaseException:
                hang_up(connection)
                raise

    def _connect(self, name: str) -> amqp.Connection:
        nodes = (self._url() if callable(self._url) else self._url).split(";")
        first = next(self._turns) % len(nodes)
        return first_that_answers([*nodes[first:], *nodes[:first]], name)
