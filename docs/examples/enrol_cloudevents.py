"""The same in the binary mode, with the CloudEvents SDK: attributes as headers, the data as the body.

python enrol_cloudevents.py amqp://USER:PASSWORD@HOST/VHOST family.json
"""

import json
import sys
from pathlib import Path
from typing import Any

import pika
from cloudevents.core.bindings import amqp
from cloudevents.core.v1.event import CloudEvent
from enrol_amqp import ANSWERS, SOURCE, connect, print_answers


def enrolment_request(data: dict[str, Any]) -> CloudEvent:
    """The message; the SDK adds id, time and specversion."""
    return CloudEvent({"source": SOURCE, "type": "enrolment.requested.v1", "datacontenttype": "application/json"}, data)


def main(url: str, file: str) -> None:
    """Send one request and wait for its answer."""
    request = enrolment_request(json.loads(Path(file).read_text(encoding="utf-8")))
    message = amqp.to_binary_event(request)
    properties = pika.BasicProperties(
        content_type=message.properties["content-type"],
        headers=message.application_properties,
        delivery_mode=pika.DeliveryMode.Persistent.value,
        correlation_id=request.get_id(),
        reply_to=ANSWERS,
    )
    with connect(url) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.basic_publish("deltag.requests", request.get_type(), message.application_data, properties, mandatory=True)
        print_answers(channel, until=request.get_id())


if __name__ == "__main__":
    main(*sys.argv[1:])
