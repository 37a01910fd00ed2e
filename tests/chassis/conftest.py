"""The tiny service, on a database of its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from time import monotonic, sleep

import pytest

from services.chassis.bus.embedded import EmbeddedBus
from services.chassis.database import Database
from services.chassis.lifecycle import Stop
from services.chassis.replay import LOG
from services.chassis.service import Context
from services.chassis.topology import topology
from tests.chassis.tiny import SERVICE
from tests.servers.databases import Databases

PATIENCE_S = 20.0


@pytest.fixture
def context(context_of: Callable[..., Context]) -> Context:
    """A tiny service on an empty database, quick to retry."""
    return context_of(SERVICE, retry_base_s=0.01, retry_attempts=3)


@pytest.fixture
def bus(databases: Databases) -> Iterator[EmbeddedBus]:
    """An embedded bus with the tiny service's queues."""
    with databases.copied() as url:
        database = Database(url)
        bus = EmbeddedBus(database)
        bus.declare(topology(SERVICE.listens, LOG))
        yield bus
        database.close()


@contextmanager
def in_background(run: Callable[[], None], stop: Stop) -> Iterator[Thread]:
    """Run a loop on a plain thread for the length of the block, and see it end."""
    thread = Thread(target=run, daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def eventually(condition: Callable[[], bool]) -> None:
    """Return when the condition holds; fail when it has not after a long while."""
    deadline = monotonic() + PATIENCE_S
    while not condition():
        assert monotonic() < deadline, "it did not come true"
        sleep(0.01)
