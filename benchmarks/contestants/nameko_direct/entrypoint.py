"""What starts a handler: nameko's event handler, or, because that cannot say which type of queue it wants, `consume`."""

from collections.abc import Callable
from typing import Any

from kombu import Exchange, Queue
from nameko.events import event_handler
from nameko.messaging import consume

from benchmarks.contestants import wire


def handler(route: wire.Route) -> Callable[..., Any]:
    """A decorator for the method that takes this route's messages."""
    if not wire.is_quorum():
        decorator: Callable[..., Any] = event_handler(route.exchange.removesuffix(".events"), route.key, requeue_on_error=True)
        return decorator
    exchange = Exchange(route.exchange, "topic", durable=True)
    queue = Queue(route.queue, exchange, route.key, durable=True, queue_arguments=wire.queue_arguments())
    of_queue: Callable[..., Any] = consume(queue, requeue_on_error=True)
    return of_queue
