"""Another system that asks for enrolments, withdraws some of them, and keeps a ledger of what it knows.

It speaks AMQP by pika, which has nothing in common with the code under test. It publishes with confirms, sends every
tenth request twice, withdraws every third child when its answer has come, and keeps a bounded number of requests unanswered.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from itertools import count
from threading import Event
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

import pika
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from pika.exceptions import AMQPError
from pika.spec import PERSISTENT_DELIVERY_MODE, BasicProperties

from tests.reliability.beside import beside

SOURCE = "https://daycare-administration.example"
ANSWERS = "answers.daycare-administration"
REQUESTED = "enrolment.requested.v1"
WITHDRAWAL = "enrolment.withdrawal-requested.v1"
PATIENCE_S = 240.0
"""The longest fault, and then some: so long the other system waits for an answer, or for the broker."""
STRUCTURED = "application/cloudevents+json"

_FIRST_BIRTHDAY = date(2019, 7, 1)
_BIRTHDAYS = 1_500

Request = dict[str, Any]


@dataclass
class Ledger:
    """What the sender knows: how often he sent each request, which ones were confirmed, and which answers came.

    `told` is how many of the answers came over the bus.
    """

    attempted: Counter[str] = field(default_factory=Counter)
    acknowledged: set[str] = field(default_factory=set)
    answers: dict[str, str] = field(default_factory=dict)
    answered_again: int = 0
    told: int = 0

    @property
    def unanswered(self) -> int:
        """How many requests have no answer yet."""
        return len(self.attempted) - len(self.answers)


class Families:
    """Enrolment requests, each for another child. CPR numbers are replacement numbers, which nobody has."""

    def __init__(self, first: int = 0) -> None:
        self._numbers = count(first)

    def request(self) -> Request:
        """The next one, as a CloudEvent."""
        return event(REQUESTED, self.details())

    def details(self) -> dict[str, Any]:
        """What it asks for."""
        number = next(self._numbers)
        born = _FIRST_BIRTHDAY + timedelta(days=number % _BIRTHDAYS)
        cpr_number = f"{born.day + 60:02d}{born:%m%y}-{4_000 + number // _BIRTHDAYS:04d}"
        guardian = {"given_name": "Mona", "family_name": "Test", "email": f"mona.{number}@example.org", "language": "da", "custody": True}
        return {
            "programme": "sammen-om-boern",
            "track": "A",
            "institution": "151001",
            "start_date": "2024-03-01",
            "child": {"cpr_number": cpr_number, "birth_date": born.isoformat(), "given_name": "Asta", "family_name": "Test"},
            "guardians": [guardian],
        }


def event(type_: str, data: Any) -> Request:
    """A CloudEvent of the sender, with an id of its own."""
    return {"specversion": "1.0", "id": str(uuid4()), "source": SOURCE, "type": type_, "data": data}


def withdrawal(enrolment_id: str) -> Request:
    """A request to end an enrolment."""
    return event(WITHDRAWAL, {"enrolment_id": enrolment_id, "reason": "moved", "effective_date": "2024-06-01"})


@dataclass(frozen=True)
class Raw:
    """A message as any client may send it, well-formed or not."""

    exchange: str
    key: str | bytes
    body: bytes
    properties: BasicProperties = field(default_factory=lambda: BasicProperties(STRUCTURED, delivery_mode=PERSISTENT_DELIVERY_MODE))


def publish(url: str, messages: Iterable[Raw]) -> int:
    """Publish each with a confirm; returns how many the broker has."""
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        sent = [channel.basic_publish(m.exchange, m.key, m.body, m.properties, mandatory=True) for m in messages]
    return len(sent)


class Sender:
    """One connection of the other system. Not for sharing between threads."""

    def __init__(self, url: str, ledger: Ledger, families: Families, *, unanswered: int = 60) -> None:
        self.ledger = ledger
        self._families = families
        self._most_unanswered = unanswered
        self._accepted = 0
        self.abandoned = False
        self._url = url
        self._connect()

    def run(self, requests: int | None, stop: Event) -> None:
        """Send this many requests (None: until the stop), as answers allow; then wait for the answers that are left."""
        for number in count() if requests is None else range(requests):
            if stop.is_set() or self.abandoned:
                break
            self._await_room(self._most_unanswered)
            request = self._families.request()
            for _ in range(1 + (number % 10 == 0)):
                self.send(request)
        self._await_room(1)

    def send_all(self, requests: Iterable[Request]) -> None:
        """Publish these, whatever is unanswered."""
        for request in requests:
            self.send(request)

    def send(self, request: Request) -> None:
        """Publish; when this returns, the broker has it."""
        self.ledger.attempted[request["id"]] += 1
        properties = BasicProperties(STRUCTURED, delivery_mode=PERSISTENT_DELIVERY_MODE, reply_to=ANSWERS, correlation_id=request["id"])
        self._channel.basic_publish("deltag.requests", request["type"], json.dumps(request).encode(), properties, mandatory=True)
        self.ledger.acknowledged.add(request["id"])

    def take_answers(self) -> None:
        """Read what has come, and withdraw every third child."""
        while (taken := self._channel.basic_get(ANSWERS))[0] is not None:
            method, properties, body = taken
            self._note(properties.correlation_id, json.loads(body)["data"])
            self._channel.basic_ack(method.delivery_tag)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _connect(self) -> None:
        self._connection = pika.BlockingConnection(pika.URLParameters(self._url))
        self._channel = self._connection.channel()
        self._channel.queue_declare(ANSWERS, durable=True)
        self._channel.confirm_delivery()

    def _note(self, request_id: str, answer: dict[str, Any]) -> None:
        if request_id in self.ledger.answers:
            self.ledger.answered_again += 1
            return
        self.ledger.answers[request_id] = answer["status"]
        self.ledger.told += 1
        if answer["status"] == "accepted":
            self._accepted += 1
            if self._accepted % 3 == 0:
                self.send(withdrawal(answer["enrolment_id"]))

    def _await_room(self, unanswered: int) -> None:
        deadline = monotonic() + PATIENCE_S
        self.take_answers()
        while self.ledger.unanswered >= unanswered and not self.abandoned:
            assert monotonic() < deadline, f"{self.ledger.unanswered} requests have no answer"
            sleep(0.01)
            self.take_answers()


class Steadfast(Sender):
    """The other system when it goes on whatever happens to the broker: it connects again, and sends again what was not confirmed."""

    def __init__(self, url: str, ledger: Ledger, families: Families, *, unanswered: int = 60) -> None:
        super().__init__(f"{url}?heartbeat=4&blocked_connection_timeout=4&socket_timeout=4", ledger, families, unanswered=unanswered)

    def send(self, request: Request) -> None:
        """Publish until the broker has it."""
        self._insist(partial(super().send, request))

    def take_answers(self) -> None:
        """Read what has come; an answer whose receipt the broker did not hear of comes again."""
        self._insist(super().take_answers)

    def close(self) -> None:
        """Hang up, if there is a connection."""
        with suppress(AMQPError):
            super().close()

    def _insist(self, act: Callable[[], None]) -> None:
        while not self.abandoned and not _done(act):
            self._reconnect()

    def _reconnect(self) -> None:
        deadline = monotonic() + PATIENCE_S
        while not self.abandoned and not _done(self._connect):
            assert monotonic() < deadline, "the broker does not come back"
            sleep(0.1)


def _done(act: Callable[[], None]) -> bool:
    with suppress(AMQPError, AMQPConnectorException, OSError):
        act()
        return True
    return False


@contextmanager
def flowing(sender: Sender, requests: int | None = None) -> Iterator[None]:
    """Requests flow during the block; at its end (or when `requests` are sent) the last answers are awaited."""
    never = Event()
    with beside(lambda stop: sender.run(requests, never if requests else stop)):
        try:
            yield
        except BaseException:
            sender.abandoned = True
            raise
