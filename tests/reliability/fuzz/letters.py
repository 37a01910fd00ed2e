"""Deliveries: a contract's example, mutated, in either mode of CloudEvents, with whatever properties chance gives it."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from itertools import count
from random import Random
from typing import Any
from uuid import UUID

from services.chassis.bus import Delivery
from services.chassis.bus.headers import text
from services.chassis.contracts import FOLDER, by_type, read
from services.chassis.envelope import STRUCTURED
from services.chassis.service import Listen
from tests.reliability.fuzz.mutations import garbled, mutated, perturbed, written
from tests.reliability.fuzz.oddities import CONTENT_TYPES, TEXTS
from tests.reliability.load import Families

ANSWERS = "answers.fuzz"
_HEADERS: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**63 - 1,
    1.5,
    "",
    b"",
    b"\0",
    b"\xff\xfe",
    b"1.0",
    Decimal("1.5"),
    [],
    [1, ["a"]],
    {"a": {"b": b"\0"}},
)
_TIMES = (
    datetime(2024, 3, 1),  # noqa: DTZ001 - as py-amqp hands over a time
    datetime(2024, 3, 1, tzinfo=UTC),
    datetime(1, 1, 1, tzinfo=UTC),
    1_700_000_000_000,
    2**62,
    -(2**62),
    "2024-03-01T00:00:00",
    b"\0",
)
_PREFIXES = ("cloudEvents_", "cloudEvents:", "ce-", "ce_", "CE-", "cloudEvents")

Event = dict[str, Any]


@cache
def examples(type_: str) -> Sequence[Event]:
    """The good example of a message type, several times, and the ones that break its contract."""
    folder = FOLDER / by_type()[type_].partition("/")[0]
    return [read(folder / "v1.example.json")] * 5 + [read(path) for path in sorted((folder / "invalid").glob("*.json"))]


class Letters:
    """Everything that comes to one queue, good and bad."""

    def __init__(self, listen: Listen, chance: Random) -> None:
        self._listen = listen
        self._chance = chance
        self._types = sorted(listen.reads)
        self._families = Families(first=chance.randrange(1_000_000))
        self._tags = count(1)

    def good(self) -> Delivery:
        """One that must be handled."""
        event = self._fresh(self._types[0], good=True)
        return self._delivery(event, json.dumps(event).encode())

    def bad(self, number: int) -> Iterator[Delivery]:
        """So many that chance has changed; some of them come several times."""
        for _ in range(number):
            delivery = self._mutated()
            yield delivery
            if self._chance.random() < 0.05:
                yield delivery

    def _mutated(self) -> Delivery:
        chance = self._chance
        event = self._fresh(chance.choice(self._types))
        if chance.random() < 0.8:
            event = mutated(chance, event)
        if chance.random() < 0.15:
            return self._jogged(self._in_binary_mode(event))
        content = written(event)
        return self._jogged(self._delivery(event, garbled(chance, content) if chance.random() < 0.1 else content))

    def _fresh(self, type_: str, *, good: bool = False) -> Event:
        """An example about somebody new."""
        found = examples(type_)[0] if good else self._chance.choice(examples(type_))
        subject = self._id()
        text = json.dumps(found)
        if (old := found.get("subject")) and (good or self._chance.random() < 0.9):
            text = text.replace(json.dumps(old)[1:-1], subject)
        event: Event = json.loads(text) | {"id": self._id()}
        if self._listen.ordered:
            event["sequence"] = "0000000001" if good or self._chance.random() < 0.9 else f"{self._chance.randrange(4):010d}"
        elif good or self._chance.random() < 0.5:
            event["data"] = self._families.details() if good or type_ == self._types[0] else event["data"]
        return event

    def _id(self) -> str:
        return str(UUID(int=self._chance.getrandbits(128), version=4))

    def _in_binary_mode(self, event: Event) -> Delivery:
        chance, prefix = self._chance, self._chance.choice(_PREFIXES)
        attributes = {f"{prefix}{name}": self._header(name, value) for name, value in event.items() if name != "data"}
        content = written(event.get("data"))
        delivery = self._delivery(event, garbled(chance, content) if chance.random() < 0.2 else content)
        delivery.content_type, delivery.headers = "application/json", attributes
        return delivery

    def _header(self, name: str, value: Any) -> Any:
        if self._chance.random() < 0.05:
            return self._chance.choice(_TIMES if name.endswith("time") else _HEADERS)
        if isinstance(value, str) and self._chance.random() < 0.1:
            return value.encode(errors="surrogatepass")
        return _as_text(value) if isinstance(value, str) else value

    def _delivery(self, event: Event, body: bytes) -> Delivery:
        key = event.get("type")
        return Delivery(
            body,
            next(self._tags),
            self._listen.exchange,
            key if isinstance(key, str) else "",
            content_type=STRUCTURED,
            reply_to=None if self._listen.ordered else ANSWERS,
            correlation_id=self._id(),
        )

    def _jogged(self, delivery: Delivery) -> Delivery:
        """Odd in what it carries beside its content, now and then."""
        chance = self._chance
        if chance.random() < 0.1:
            delivery.content_type = chance.choice(CONTENT_TYPES)
        if chance.random() < 0.1:
            delivery.reply_to = _as_text(chance.choice(("", *TEXTS)))
        if chance.random() < 0.1:
            delivery.correlation_id = _as_text(chance.choice(("", *TEXTS)))
        if chance.random() < 0.1:
            delivery.routing_key = _as_text(chance.choice(("", perturbed(chance, delivery.routing_key))))
        if chance.random() < 0.1:
            delivery.headers = {**delivery.headers, chance.choice(("x-death", "", "traceparent")): chance.choice(_HEADERS)}
        delivery.redelivered = chance.random() < 0.05
        return delivery


def _as_text(given: str) -> str:
    """As a bus hands over a text that a sender chose: of at most 255 bytes, each of which may have become a character of three."""
    return text(given.encode(errors="surrogatepass")[:255])
