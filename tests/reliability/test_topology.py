"""What the services need on the broker is deleted, or is there with other properties: it is made again, or refused with a reason."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pika
import pytest
from pika.exceptions import ChannelClosedByBroker

from services.chassis import parked
from services.chassis.bus.rabbit import RabbitBus
from services.chassis.replay import LOG, replay
from services.chassis.service import EVENTS
from services.chassis.topology import topology
from tests.reliability.oracle import deferred, number
from tests.reliability.patience import START_WITHIN_S, eventually
from tests.reliability.processes import Process
from tests.reliability.sabotage import outbox_held, standing_still
from tests.reliability.stage import SERVICES, Stage
from tests.reliability.witness import QUEUE

[REPORTING] = SERVICES["reporting"].listens
UNROUTABLE = "unroutable"


@contextmanager
def operator(stage: Stage) -> Iterator[Any]:
    """Somebody with a channel to the broker."""
    with pika.BlockingConnection(pika.URLParameters(stage.bus_url)) as connection:
        yield connection.channel()


def database_of(stage: Stage) -> str:
    """Where registration keeps what it will tell."""
    return stage.contexts["registration"].settings.database_url


@contextmanager
def unbound(stage: Stage, reporting: Process) -> Iterator[None]:
    """Nobody is bound to facts, from one fact to the next; reporting stands still, else it would soon mend its own bindings."""
    with standing_still(reporting.pid):
        _unbind(stage)
        yield
        _bind(stage)


def _unbind(stage: Stage) -> None:
    with outbox_held(database_of(stage)), operator(stage) as channel:
        channel.queue_unbind(QUEUE, EVENTS, "#")
        for key in REPORTING.keys:
            channel.queue_unbind(REPORTING.queue, EVENTS, key)


def _bind(stage: Stage) -> None:
    with outbox_held(database_of(stage)), operator(stage) as channel:
        channel.queue_bind(QUEUE, EVENTS, "#")
        RabbitBus(stage.bus_url).declare(topology([REPORTING]))


def replayed(stage: Stage) -> bool:
    """Send again what is parked; whether nothing is."""
    registration = stage.contexts["registration"]
    ids = parked.chosen(registration, fingerprint=UNROUTABLE)
    list(parked.replay(registration, ids, actor="operator"))
    return not deferred(registration, kinds=["parked"])


def exists(stage: Stage, queue: str) -> bool:
    """Whether there is such a queue."""
    with operator(stage) as channel, suppress(ChannelClosedByBroker):
        channel.queue_declare(queue, passive=True)
        return True
    return False


def reached(stage: Stage) -> int:
    """How many enrolments reporting has heard of."""
    return number(stage.contexts["reporting"], "select count(*) from enrolment")


def import_definitions(stage: Stage) -> None:
    """The exchange, the log and the witness, and nothing that a service makes for itself."""
    with operator(stage) as channel:
        channel.exchange_declare(EVENTS, "topic", durable=True)
        channel.queue_bind(QUEUE, EVENTS, "#")
    RabbitBus(stage.bus_url).declare(topology([], LOG))


def caught_up(stage: Stage) -> None:
    """Reporting has taken again what the log holds, and knows all that was acknowledged before."""
    list(replay(stage.contexts["reporting"], RabbitBus(stage.bus_url).read_log(LOG)))


def test_unroutable(stage: Stage) -> None:
    """Fault 9: the bindings are gone. What comes back is parked and counted, never called a success, and goes out when it is replayed."""
    with stage.at_work() as desk:
        [registration, reporting] = stage.running
        with unbound(stage, reporting):
            eventually(lambda: registration.measured("deltag_relay_returned_total"), within=START_WITHIN_S, what="it in the metrics")
            eventually(lambda: deferred(stage.contexts["registration"], kinds=["parked"]), what="it parked")
            desk.await_answers(10)
        eventually(lambda: replayed(stage), what="nothing parked")
        seconds = stage.recovered()
    stage.figures(seconds).judge("the bindings deleted")


@pytest.mark.thorough
def test_queue_deleted(stage: Stage) -> None:
    """Fault 10: a queue is deleted with what is in it. It is declared again by itself, and a replay of the log closes the gap."""
    import_definitions(stage)
    with stage.at_work() as desk:
        with operator(stage) as channel:
            channel.queue_delete(REPORTING.queue)
        eventually(lambda: exists(stage, REPORTING.queue), what="the queue")
        desk.await_answers(10)
        caught_up(stage)
        seconds = stage.recovered()
    stage.figures(seconds).judge("a queue deleted")


@pytest.mark.thorough
def test_exchange_deleted(stage: Stage) -> None:
    """Fault 10: an exchange is deleted, and made again without a binding. The services bind their queues again by themselves."""
    import_definitions(stage)
    with stage.at_work() as desk:
        with outbox_held(database_of(stage)), operator(stage) as channel:
            channel.exchange_delete(EVENTS)
            import_definitions(stage)
        before = reached(stage)
        eventually(lambda: reached(stage) > before, what="facts for reporting")
        desk.await_answers(10)
        caught_up(stage)
        seconds = stage.recovered()
    stage.figures(seconds).judge("an exchange deleted")


@pytest.mark.thorough
def test_queue_with_other_properties(stage: Stage) -> None:
    """Fault 10: a queue is there with other properties. Its service says so and leaves it alone; the other goes on."""
    import_definitions(stage)
    with operator(stage) as channel:
        channel.queue_delete(REPORTING.queue)
        channel.queue_declare(REPORTING.queue, durable=True)
    [registration] = stage.start_all("registration")
    reporting = stage.start("reporting")
    with stage.busy(registration) as desk:
        eventually(lambda: "other arguments" in reporting.trouble(), within=START_WITHIN_S, what="it in its health")
        stage.await_progress()
        with operator(stage) as channel:
            channel.queue_delete(REPORTING.queue)
        reporting.await_ready()
        desk.await_answers(10)
        caught_up(stage)
        seconds = stage.recovered()
    stage.figures(seconds).judge("a queue with other properties")
