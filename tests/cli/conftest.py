"""Registration as `deltag publish` meets it: on a real broker and behind a real HTTP address, with the sample programme loaded."""

import threading
from collections.abc import Callable, Iterator

import pytest
from werkzeug.serving import make_server

from services.chassis.bus.rabbit import RabbitBus
from services.chassis.consumer import topology
from services.chassis.files import programmes
from services.chassis.http import Grant, LocalIssuer, Role, wsgi
from services.chassis.replay import LOG
from services.chassis.runtime import Running
from services.chassis.service import Context
from services.registration.handlers import load_programme
from services.registration.service import SERVICE


@pytest.fixture
def registration(context_of: Callable[..., Context]) -> Context:
    """Registration with the sample programme."""
    context = context_of(SERVICE)
    with context.work() as work:
        load_programme(programmes() / "sammen-om-boern", work)
    return context


@pytest.fixture
def broker(registration: Context, bus_url: str) -> Iterator[str]:
    """The address of a broker on which registration listens and answers."""
    bus = RabbitBus(bus_url)
    bus.declare(topology(SERVICE.listens, LOG))
    running = Running(registration, bus)
    loops = [*(consumer.run for consumer in running.consumers), *(loop.run for loop in running.loops())]
    threads = [threading.Thread(target=loop, daemon=True) for loop in loops]
    for thread in threads:
        thread.start()
    yield bus_url
    running.stop.set()
    for thread in threads:
        thread.join(timeout=10)


@pytest.fixture
def door(registration: Context) -> Iterator[str]:
    """The address of registration's own HTTP door, down to /v1."""
    server = make_server("127.0.0.1", 0, wsgi(registration))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    thread.join(timeout=10)


@pytest.fixture
def token(registration: Context) -> str:
    """A token such as `deltag token system --source …` prints."""
    grant = Grant(Role.SYSTEM, "0151", None, "https://daycare-administration.example")
    return LocalIssuer(registration.settings, registration.clock).issue("developer", [grant])
