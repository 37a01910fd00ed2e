"""Registration as another system meets it: on a real broker and behind a real HTTP address, with the sample programme loaded."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.serving import make_server

from services.chassis.bus.rabbit import RabbitBus
from services.chassis.files import programmes
from services.chassis.replay import LOG
from services.chassis.runtime import Running
from services.chassis.service import Context
from services.chassis.topology import topology
from services.registration.handlers.programmes import load_programme


def with_programme(registration: Context) -> Context:
    """Registration with the sample programme."""
    with registration.work() as work:
        load_programme(programmes() / "sammen-om-boern", work)
    return registration


@contextmanager
def listening(context: Context, bus: RabbitBus) -> Iterator[None]:
    """The service listens and answers on this broker during the block."""
    bus.declare(topology(context.service.listens, LOG))
    running = Running(context, bus)
    with _beside(*(consumer.run for consumer in running.consumers), *(loop.run for loop in running.loops())):
        try:
            yield
        finally:
            running.stop.set()


@contextmanager
def answering(door: Any) -> Iterator[str]:
    """The address at which this WSGI application answers during the block."""
    server = make_server("127.0.0.1", 0, door)
    with _beside(server.serve_forever):
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@contextmanager
def _beside(*runs: Any) -> Iterator[None]:
    threads = [threading.Thread(target=run, daemon=True) for run in runs]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join(timeout=10)
