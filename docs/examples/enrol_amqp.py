"""Ask Deltag over AMQP to enrol a child, and print the answer.

python enrol_amqp.py amqp://USER:PASSWORD@HOST/VHOST family.json
"""

import json
import sys
import uuid
from pathlib import Path
from typing import Any

import pika
from pika.adapters.blocking_connection import BlockingChannel

SOURCE = "https://daycare-administration.example"  # who you are: agreed with the municipality, always the same
ANSWERS = "answers.daycare-administration"  # your own queue: answers wait in it until you fetch them
PATIENCE_S = 60.0

Event = dict[str, Any]


def enrolment_request(data: Event) -> Event:
    """The message. Keep its id with your own record: sent again under the same id, it has no second effect."""
    return {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": SOURCE,
        "type": "enrolment.requested.v1",
        "datacontenttype": "application/json",
        "data": data,
    }


def send(channel: BlockingChannel, event: Event) -> None:
    """Publish one request. It raises when the broker did not store it: then send it again, under the same id."""
    channel.basic_publish(
        exchange="deltag.requests",
        routing_key=event["type"],
        body=json.dumps(event).encode(),
        properties=pika.BasicProperties(
            content_type="application/cloudevents+json",
            delivery_mode=pika.DeliveryMode.Persistent.value,
            message_id=event["id"],
            correlation_id=event["id"],
            reply_to=ANSWERS,
        ),
        mandatory=True,
    )


def print_answers(channel: BlockingChannel, until: str) -> None:
    """Print what comes into the queue, up to the answer to the request whose id is `until`."""
    for method, properties, body in channel.consume(ANSWERS, inactivity_timeout=PATIENCE_S):
        if method is None:
            raise TimeoutError(f"no answer within {PATIENCE_S:.0f} s; when it comes, it waits in the queue {ANSWERS}")
        print(json.dumps(json.loads(body)["data"], ensure_ascii=False, indent=2))  # a real system stores the answer here
        channel.basic_ack(method.delivery_tag)
        if properties.correlation_id == until:
            channel.cancel()
            return


def connect(url: str) -> pika.BlockingConnection:
    """A connection to the broker, with the answers' queue in place before the first request leaves."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    connection.channel().queue_declare(ANSWERS, durable=True)
    return connection


def main(url: str, file: str) -> None:
    """Send one request and wait for its answer."""
    request = enrolment_request(json.loads(Path(file).read_text(encoding="utf-8")))
    with connect(url) as connection:
        channel = connection.channel()
        channel.confirm_delivery()  # from now on `basic_publish` returns when the broker has stored the message
        send(channel, request)
        print_answers(channel, until=request["id"])


if __name__ == "__main__":
    main(*sys.argv[1:])
