"""The seam to the bus: a `Publisher` puts messages on it, a `Subscription` takes them off one queue.

Two buses pass the same conformance suite: RabbitMQ (`rabbit/`), and the embedded one (`embedded.py`), whose queues
are kombu's in-memory transport and whose memory is the database.

Guarantees of both. What `publish` accepted without raising is stored, or named among the returned. A delivery is
handed out again, marked `redelivered`, until `settle` has covered it. Within one queue deliveries come in order,
except for what is redelivered. Every wait has a deadline; a bus that is away raises `Unavailable`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from services.chassis.envelope import Outgoing
from services.chassis.errors import DeltagError, Unavailable


@dataclass(slots=True)
class Delivery:
    """A message as it came off a queue: raw bytes, and what the broker said about them."""

    body: bytes
    tag: int
    exchange: str = ""
    routing_key: str = ""
    redelivered: bool = False
    content_type: str | None = None
    reply_to: str | None = None
    correlation_id: str | None = None
    headers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Queue:
    """A durable queue and the topics bound to it; a transient one (for answers) goes when nobody uses it any more."""

    name: str
    exchange: str = ""
    keys: Sequence[str] = ()
    transient: bool = False


@dataclass(frozen=True)
class Topology:
    """What must exist on the bus before a service starts: declared by it, equal for everyone."""

    exchanges: Sequence[str]
    queues: Sequence[Queue] = ()
    log: str | None = None


class Refused(Unavailable):
    """The broker took all but the `refused` ones, for which a queue had no room; of the others no queue wanted the `returned`."""

    def __init__(self, refused: Sequence[Outgoing], returned: Sequence[Outgoing]) -> None:
        super().__init__(
            "refused", da="En kø er fuld; beskeden bliver i udbakken.", en="A queue is full and refused a message; it stays in the outbox."
        )
        self.refused = refused
        self.returned = returned


class Objection(Unavailable):
    """The broker ended the connection over one of the messages, and does not say over which."""


class Unwritable(DeltagError):
    """Nothing was published, since these messages cannot be written: a text of theirs is too long for the bus."""

    def __init__(self, messages: Sequence[Outgoing]) -> None:
        super().__init__("unwritable", da="En besked kan ikke skrives på bussen.", en="A message cannot be written to the bus.")
        self.messages = messages


class Publisher(Protocol):
    """One publishing connection. Not for sharing between threads."""

    def publish(self, messages: Sequence[Outgoing]) -> Sequence[Outgoing]:
        """Store all, in order; returns those of them that no queue wanted: the very same objects.

        Raises `Refused` when all others are stored, `Unavailable` (an `Objection` is one) when any of them may be, and
        `Unwritable` when none is.
        """
        ...

    def keep_alive(self) -> None:
        """For a publisher that has nothing to publish, every few seconds. Raises `Unavailable` when the broker is gone."""
        ...

    def close(self) -> None:
        """Let go of the connection at once; never waits for the broker."""
        ...


class Subscription(Protocol):
    """One consuming connection to one queue. Not for sharing between threads."""

    def receive(self, limit: int, timeout: float) -> Sequence[Delivery]:
        """Up to `limit` deliveries: what is there, or else the first that comes within `timeout` seconds, or none."""
        ...

    def settle(self, last: Delivery) -> None:
        """`last` and everything received before it is done with, for good."""
        ...

    def close(self) -> None:
        """Stop; what was not settled goes back to the queue, to be redelivered."""
        ...


class Bus(Protocol):
    """A way to reach the bus."""

    def declare(self, topology: Topology) -> None:
        """Make sure that it exists. Raises `Unavailable`, or `Conflict` when it exists otherwise."""
        ...

    def publisher(self) -> Publisher:
        """A new publisher."""
        ...

    def subscribe(self, queue: str, prefetch: int) -> Subscription:
        """A new subscription; at most `prefetch` deliveries are in hand unsettled."""
        ...

    def read_log(self, log: str, offset: int = 0, *, idle: float = 2.0) -> Iterator[Delivery]:
        """Everything in the log from `offset` on (the `tag` of a delivery), up to what was there when the reading began.

        It may yield some of what came later. Where the end cannot be known, `idle` seconds of silence are the end.
        """
        ...


def matches(pattern: str, routing_key: str) -> bool:
    """AMQP's topic matching: `*` stands for one word, `#` for any number of them."""
    return _match(pattern.split("."), routing_key.split("."))


def _match(pattern: Sequence[str], words: Sequence[str]) -> bool:
    match pattern:
        case []:
            return not words
        case ["#", *rest]:
            return any(_match(rest, words[n:]) for n in range(len(words) + 1))
        case [word, *rest]:
            return bool(words) and word in ("*", words[0]) and _match(rest, words[1:])
        case _:
            return False
