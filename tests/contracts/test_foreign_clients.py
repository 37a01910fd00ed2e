"""Messages as other people's libraries write them: the CloudEvents SDK in both modes, over both of its AMQP bindings, and worse."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from cloudevents.core.bindings import amqp, rabbitmq
from cloudevents.core.v1.event import CloudEvent

from services.chassis.contracts import example
from services.chassis.envelope import Envelope, decode
from services.chassis.errors import Malformed

NOW = datetime(2024, 1, 15, 8, 30, 0, 250_000, tzinfo=UTC)
DATA: dict[str, Any] = example("enrolment.requested/v1")["data"]
EVENT = CloudEvent(
    {"id": "17", "source": "/other", "type": "enrolment.requested.v1", "time": NOW, "datacontenttype": "application/json"}, DATA
)
HEADERS: dict[str, Any] = {"ce-specversion": "1.0", "ce-id": "17", "ce-source": "/other", "ce-type": "enrolment.requested.v1"}


def by_amqp(message: amqp.AMQPMessage) -> Envelope:
    """Read what the SDK's binding to AMQP wrote."""
    return decode(message.application_data, message.properties["content-type"], message.application_properties)


def by_rabbitmq(message: rabbitmq.RabbitMQMessage) -> Envelope:
    """Read what the SDK's binding to RabbitMQ wrote."""
    return decode(message.body, message.content_type, message.headers)


@pytest.mark.parametrize(
    "read",
    [
        by_amqp(amqp.to_binary_event(EVENT)),
        by_amqp(amqp.to_structured_event(EVENT)),
        by_rabbitmq(rabbitmq.to_binary_event(EVENT)),
        by_rabbitmq(rabbitmq.to_structured_event(EVENT)),
    ],
    ids=["AMQP, binary", "AMQP, structured", "RabbitMQ, binary", "RabbitMQ, structured"],
)
def test_every_way_of_the_sdk_is_read_alike(read: Envelope) -> None:
    """Whichever binding and mode, id, source, type, time and data arrive; AMQP's binary mode writes times as milliseconds."""
    assert (read.id, read.source, read.type, read.time) == ("17", "/other", "enrolment.requested.v1", NOW)
    assert msgspec.json.decode(read.data) == DATA


@pytest.mark.parametrize("prefix", ["cloudEvents_", "cloudEvents:", "ce-", "ce_"])
def test_every_known_prefix_is_read(prefix: str) -> None:
    """Attributes may stand in headers under any of the prefixes in use."""
    headers = {name.replace("ce-", prefix): value for name, value in HEADERS.items()}
    assert decode(b"{}", "application/json", headers).id == "17"


@pytest.mark.parametrize("id_", [b"\xff\xfe", "\ud800", b"\xed\xa0\x80"])
def test_a_header_that_is_no_unicode_is_replaced(id_: str | bytes) -> None:
    """Bytes that are no UTF-8, and lone surrogates, become a sign that every database can store; nothing crashes."""
    assert "\ufffd" in decode(b"{}", "application/json", HEADERS | {"ce-id": id_}).id


@pytest.mark.parametrize("time", [10**30, -(10**30), "yesterday", b"\xff"])
def test_a_time_that_is_none_is_refused(time: object) -> None:
    """A time beyond all calendars is a reason, and not a crash."""
    with pytest.raises(Malformed):
        decode(b"{}", "application/json", HEADERS | {"ce-time": time})
