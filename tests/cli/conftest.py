"""Registration as `deltag publish` meets it: on a real broker and behind a real HTTP address, with the sample programme loaded."""

from collections.abc import Callable, Iterator

import pytest

from services.chassis.bus.rabbit import RabbitBus
from services.chassis.http import Grant, LocalIssuer, Role, wsgi
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
    with listening(registration, RabbitBus(bus_url)):
        yield bus_url


@pytest.fixture
def door(registration: Context) -> Iterator[str]:
    """The address of registration's own HTTP door, down to /v1."""
    with answering(wsgi(registration)) as address:
        yield f"{address}/v1"


@pytest.fixture
def token(registration: Context) -> str:
    """A token such as `deltag token system --source …` prints."""
    grant = Grant(Role.SYSTEM, "0151", None, "https://daycare-administration.example")
    return LocalIssuer(registration.settings, registration.clock).issue("developer", [grant])
