"""What delivery reports about itself. All metrics of the message path stand here, with what their labels may hold.

    service, queue, job    names from the code
    type                   a message type that the service reads, or `other`: senders cannot add to it
    outcome                ok, duplicate, retry, park
    reason                 the slug of an error of ours
    kind                   early, retry

Ages are measured from the message's `time`, so they hold the whole way: sender, outbox, broker, queue, handler.
"""

from collections import Counter as Tally
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

from services.chassis.errors import Fate

disable_created_metrics()  # type: ignore[no-untyped-call]

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400

HANDLED = Counter("deltag_messages_handled_total", "Messages that were settled, by what became of them.", ("service", "type", "outcome"))
AGE = Histogram(
    "deltag_message_age_seconds",
    "From what happened to its being handled here.",
    ("service",),
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 15, _MINUTE, 5 * _MINUTE, 15 * _MINUTE, _HOUR, 6 * _HOUR, _DAY, 3 * _DAY, 7 * _DAY),
)
DURATION = Histogram(
    "deltag_message_handling_duration_seconds",
    "One transaction over a batch of messages, from its first statement to its commit.",
    ("service", "queue"),
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
PUBLISHED = Counter("deltag_relay_published_total", "Messages that the broker confirmed.", ("service",))
RETURNED = Counter("deltag_relay_returned_total", "Messages that the broker had no queue for; they were parked.", ("service",))
REFUSED = Counter("deltag_relay_refused_total", "Messages that a full queue refused; they wait in the outbox.", ("service",))
OUTBOX = Gauge("deltag_outbox_pending", "Messages that wait for the relay.", ("service",))
OUTBOX_AGE = Gauge("deltag_outbox_oldest_age_seconds", "How long the oldest of them has waited.", ("service",))
TRANSACTION_AGE = Gauge(
    "deltag_database_oldest_transaction_age_seconds",
    "How long the oldest open transaction of the service's database has lasted.",
    ("service",),
)
PARKED = Gauge("deltag_parked_messages", "Messages that wait for a person.", ("service", "queue", "reason"))
DEFERRED = Gauge("deltag_deferred_messages", "Messages that wait for an earlier one, or for their next try.", ("service", "queue", "kind"))
SLOWED_DOWN = Gauge("deltag_queue_slowed_down", "1 while every message of a queue fails, and one is tried at a time.", ("service", "queue"))
DIFFERENCE = Gauge(
    "deltag_conservation_difference", "Messages taken in and not accounted for: anything but 0 is a defect.", ("service", "queue")
)
JOB = Gauge("deltag_job_last_success_timestamp_seconds", "When a job on a clock last succeeded.", ("service", "job"))


class Message(Protocol):
    """What is measured of an incoming message."""

    type: str
    handler: Any
    message: Any


class Books(Protocol):
    """What is measured of a queue's books."""

    @property
    def consumer(self) -> str: ...
    @property
    def difference(self) -> int: ...


def observe_batch(service: str, queue: str, seconds: float) -> None:
    """Measure one transaction."""
    DURATION.labels(service, queue).observe(seconds)


def observe_handled(service: str, handled: Sequence[Message], duplicates: Sequence[Message], now: datetime) -> None:
    """Count messages taken, and how old they were."""
    _count(service, "ok", handled)
    _count(service, "duplicate", duplicates)
    age = AGE.labels(service)
    for message in handled:
        if message.message is not None and message.message.time is not None:
            age.observe(max(0.0, (now - message.message.time).total_seconds()))


def observe_put_aside(service: str, fate: Fate, messages: Sequence[Message]) -> None:
    """Count messages that are tried again later, or wait for a person."""
    _count(service, fate.value, messages)


def observe_relayed(service: str, *, published: int, returned: int, refused: int) -> None:
    """Count messages that left the outbox, and tries that were refused."""
    PUBLISHED.labels(service).inc(published)
    RETURNED.labels(service).inc(returned)
    REFUSED.labels(service).inc(refused)


def observe_outage(service: str, queue: str, *, lasts: bool) -> None:
    """Show whether a queue is slowed down."""
    SLOWED_DOWN.labels(service, queue).set(lasts)


def observe_books(service: str, books: Books) -> None:
    """Show a queue's conservation difference."""
    DIFFERENCE.labels(service, books.consumer).set(books.difference)


def observe_outbox(service: str, pending: int, oldest: float) -> None:
    """Show what waits in the outbox, and for how long, in seconds."""
    OUTBOX.labels(service).set(pending)
    OUTBOX_AGE.labels(service).set(oldest)


def observe_transactions(service: str, oldest: float) -> None:
    """Show how long the oldest transaction has been open, in seconds."""
    TRANSACTION_AGE.labels(service).set(oldest)


def observe_deferred(service: str, consumers: Sequence[str], rows: Sequence[Any]) -> None:
    """Show what is deferred: rows of `consumer, kind, slug, messages`. What is no longer there is shown as 0."""
    for gauge in (PARKED, DEFERRED):
        for labels in _shown(gauge, service):
            gauge.labels(*labels).set(0)
    for queue in consumers:
        for kind in ("early", "retry"):
            DEFERRED.labels(service, queue, kind).set(0)
    for row in rows:
        if row.kind == "parked":
            PARKED.labels(service, row.consumer, row.slug).set(row.messages)
        else:
            DEFERRED.labels(service, row.consumer, row.kind).inc(row.messages)


def observe_job(service: str, job: str) -> None:
    """Note that a job on a clock succeeded."""
    JOB.labels(service, job).set_to_current_time()


def known_type(message: Message) -> str:
    """The message's type if the service reads it: a sender's own words become no label."""
    return message.type if message.handler else "other"


def _count(service: str, outcome: str, messages: Sequence[Message]) -> None:
    for kind, number in Tally(map(known_type, messages)).items():
        HANDLED.labels(service, kind, outcome).inc(number)


def _shown(gauge: Gauge, service: str) -> list[tuple[str, ...]]:
    samples = (sample.labels for family in gauge.collect() for sample in family.samples)
    return [tuple(labels.values()) for labels in samples if labels["service"] == service]
