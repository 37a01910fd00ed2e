"""What must exist on RabbitMQ before a service starts: exchanges, queues with their bindings, and the log."""

import amqp
from amqp.exceptions import NotFound, PreconditionFailed

from services.chassis.bus import Queue, Topology
from services.chassis.errors import Conflict

TRANSIENT_MS = 3_600_000


def declare(connection: amqp.Connection, topology: Topology, queue_type: str) -> None:
    """Exchanges that exist are left alone, so a service needs no right to configure them. Raises `Conflict` for a queue that differs."""
    for exchange in topology.exchanges:
        _declare_exchange(connection, exchange)
    for queue in topology.queues:
        _declare_queue(connection.channel(), queue, queue_type)
    if topology.log:
        _declare_log(connection.channel(), topology.log)


def _declare_exchange(connection: amqp.Connection, exchange: str) -> None:
    try:
        connection.channel().exchange_declare(exchange, "topic", passive=True)
    except NotFound:
        connection.channel().exchange_declare(exchange, "topic", durable=True, auto_delete=False)


def _declare_queue(channel: amqp.Channel, queue: Queue, queue_type: str) -> None:
    arguments: dict[str, object] = {"x-queue-type": "quorum"} if queue_type == "quorum" else {}
    if queue.transient:
        arguments = {"x-expires": TRANSIENT_MS}
    try:
        channel.queue_declare(queue.name, durable=not queue.transient, auto_delete=False, arguments=arguments)
    except PreconditionFailed as error:
        text = f"The queue {queue.name} exists with other arguments ({error.reply_text}); move its messages, delete it, start again."
        raise Conflict("queue-differs", field=queue.name, da=text, en=text) from None
    for key in queue.keys:
        channel.queue_bind(queue.name, queue.exchange, key)


def _declare_log(channel: amqp.Channel, log: str) -> None:
    """The log keeps what passed `deltag.events`, for replay: a stream, bounded in size and age."""
    limits = {"x-queue-type": "stream", "x-max-length-bytes": 5_000_000_000, "x-max-age": "365D"}
    channel.queue_declare(log, durable=True, auto_delete=False, arguments=limits)
    channel.queue_bind(log, "deltag.events", "#")
