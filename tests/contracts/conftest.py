"""Registration as another system meets it: on a real broker and behind a real HTTP address, with the sample programme loaded."""

from collections.abc import Callable, Iterator

import pytest

from services.chassis.bus.rabbit import RabbitBus
from services.chassis.http.app import wsgi
from services.chassis.service import Context
from services.registration.service import SERVICE
from tests.outside import answering, listening, with_programme


@pytest.fixture
def registration(context_of: Callable[..., Context]) -> Context:
    """Registration with the sample programme."""
    return with_programme(context_of(SERVICE))


@pytest.fixture
def broker(registration: Context, bus_url: str) -> Iterator[str]:
    """The address of a broker on which registration listens and answers."""
    with listening(registration, RabbitBus(bus_url, queue_type="classic")):
        yield bus_url


@pytest.fixture
def address(registration: Context) -> Iterator[str]:
    """The address at which registration's HTTP door is, under `/registration` as with `deltag up`."""
    door = wsgi(registration)
    with answering(lambda environ, start: door(_mounted(environ), start)) as found:
        yield found


def _mounted(environ: dict[str, str]) -> dict[str, str]:
    return {**environ, "SCRIPT_NAME": "/registration", "PATH_INFO": environ["PATH_INFO"].removeprefix("/registration")}
