"""Registration as commands meet it: by its environment; and for `deltag publish` on a real broker and behind a real HTTP address."""

import os
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from services.chassis.bus.rabbit import RabbitBus
from services.chassis.http import Grant, LocalIssuer, Role, wsgi
from services.chassis.service import Context
from services.chassis.settings import development_secrets
from services.cli.places import SERVERS
from services.registration.service import SERVICE
from tests.outside import answering, listening, with_programme


@pytest.fixture(autouse=True)
def _environment_kept() -> Iterator[None]:
    """Secrets that a command reads into its environment end with the test."""
    with patch.dict(os.environ):
        yield


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder that is not there yet, and no server."""
    monkeypatch.setenv("DELTAG_DATA_DIR", str(tmp_path / "data"))
    for variable in SERVERS:
        monkeypatch.delenv(variable, raising=False)
    return tmp_path / "data"


@pytest.fixture
def operated(folder: Path, context_of: Callable[..., Context], monkeypatch: pytest.MonkeyPatch) -> Context:
    """Registration, as an operator's commands find it by its environment."""
    context = context_of(SERVICE)
    development_secrets(folder)
    monkeypatch.setenv("DELTAG_REGISTRATION_DATABASE_URL", context.settings.database_url)
    monkeypatch.setenv("DELTAG_DEFERRED_KEY", b64encode(context.settings.deferred_key).decode())
    return context


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
