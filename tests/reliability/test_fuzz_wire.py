"""Mutated messages over the wire: sent by pika, through a real RabbitMQ, to a process of registration."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from pika.spec import PERSISTENT_DELIVERY_MODE, BasicProperties

from services.chassis.bus import Delivery
from services.chassis.intake import Intake
from services.registration.service import REQUESTS
from tests.reliability.chance import many, seed
from tests.reliability.fuzz.inspection import Verdict, reckoned
from tests.reliability.fuzz.letters import Letters
from tests.reliability.fuzz.secrets import found_in
from tests.reliability.load import Raw, publish
from tests.reliability.oracle import rows
from tests.reliability.patience import START_WITHIN_S, eventually
from tests.reliability.report import SIZE
from tests.reliability.stage import Stage
from tests.tables import TABLES, Table

QUICK = 400
THOROUGH = 10_000
MOST = 2**63
_SETTLED = "select coalesce(sum(handled + duplicate + deferred), 0) from chassis.ledger"


def on_the_wire(letters: Letters, number: int) -> Iterator[Raw]:
    """So many bad ones, and good ones with odd headers, between two good ones."""
    yield _raw(letters.good())
    yield from map(_raw, letters.bad(number))
    yield from (replace(_raw(letters.good()), properties=Table(table)) for table in TABLES.values())
    yield _raw(letters.good())


def _raw(delivery: Delivery) -> Raw:
    headers = {name.encode()[:120].decode(errors="ignore"): _sendable(value) for name, value in delivery.headers.items()}
    correlation_id = _short(delivery.correlation_id) if delivery.correlation_id is not None else None
    properties = BasicProperties(delivery_mode=PERSISTENT_DELIVERY_MODE, headers=headers, correlation_id=correlation_id)
    if delivery.content_type is not None:
        properties.content_type = delivery.content_type.encode(errors="surrogatepass")
    return Raw(delivery.exchange, _short(f"enrolment.{delivery.routing_key}"), delivery.body, properties)


def _short(text: str) -> str:
    """As much of it as a short string of AMQP holds."""
    return text.encode()[:255].decode(errors="ignore")


def _sendable(value: Any) -> Any:
    """As AMQP can carry it, or as text."""
    match value:
        case str():
            return value.encode(errors="surrogatepass")[:2_000].decode(errors="ignore")
        case bool() | None | bytes() | Decimal():
            return value
        case int():
            return value if -MOST <= value < MOST else str(value)
        case datetime():
            return value if value.year > 1970 else str(value)  # AMQP counts from there
        case _:
            return str(value)[:2_000]


def fuzz(stage: Stage, number: int) -> None:
    """Every message is settled within a minute and a half, the process lives, and nobody is found in its log."""
    [process] = stage.start_all("registration")
    context = stage.contexts["registration"]
    sent = publish(stage.bus_url, on_the_wire(Letters(REQUESTS, Random(seed())), number))
    eventually(lambda: rows(context, _SETTLED)[0][0] >= sent, within=START_WITHIN_S + number / 50, what="the end of the queue")
    assert process.is_ready()
    verdict = reckoned(context, Intake(context, REQUESTS), Verdict(REQUESTS.queue, sent))
    stage.stop()
    assert verdict.handled > 0
    assert not found_in("\n".join(log.read_text() for log in stage.folder.glob("*.log")))


def test_mutated_messages_over_the_wire(stage: Stage) -> None:
    """Each is answered or parked, whatever stands in its properties."""
    fuzz(stage, QUICK)


@pytest.mark.thorough
@pytest.mark.timeout(600)
def test_very_many_mutated_messages_over_the_wire(stage: Stage, record_property: Callable[[str, object], None]) -> None:
    """Of very many messages each is answered or parked, whatever stands in its properties."""
    number = many("DELTAG_FUZZ_WIRE", THOROUGH)
    record_property(SIZE, number)
    fuzz(stage, number)
