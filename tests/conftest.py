"""What is real in these tests, and what is fake.

Real: PostgreSQL (from the wheel that Deltag runs on), RabbitMQ and a browser (found or installed, see `servers/`), each started
by the tests on free ports, in folders of their own, and ended with them, however they end. The machine's servers are
never touched. Real too: the migrations, the outbox, the consumer, the HTTP door, the SMTP server that takes the mails.
Fake: the clock (`services.chassis.testing.FakeClock`), the issuer of tokens (Deltag's development issuer), and every
person: CPR numbers are replacement numbers, whose day is 61 to 91.

A test that asks for a server gets the mark `server` by itself; `make test-fast` runs all the others.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from playwright.sync_api import Browser

from services.chassis.database import Database
from services.chassis.postgres import EmbeddedPostgres
from services.chassis.service import Context, Service
from services.chassis.testing import FakeClock
from tests.servers.browser import a_browser
from tests.servers.container import a_rabbit
from tests.servers.databases import Databases
from tests.servers.rabbit import RabbitNode
from tests.settings import settings_for

SERVERS = {"postgres_server", "durable_postgres_server", "rabbit_node"}
MAY_BE_LOST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

hypothesis.settings.register_profile("deltag", deadline=None)
hypothesis.settings.register_profile("quick", deadline=None, max_examples=15)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=2_000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "deltag"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need a server, from the fixtures they ask for."""
    for item in items:
        if SERVERS & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.server)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL for ordinary tests: quick, because what it holds may be lost."""
    with EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), options=MAY_BE_LOST) as server:
        yield server


@pytest.fixture(scope="session")
def durable_postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL that keeps what it confirmed, for tests that pull the plug."""
    with EmbeddedPostgres(tmp_path_factory.mktemp("durable-postgres")) as server:
        yield server


@pytest.fixture(scope="session")
def rabbit_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitNode]:
    """A RabbitMQ node of our own."""
    node = a_rabbit(tmp_path_factory.mktemp("rabbit"))
    try:
        yield node.start()
    finally:
        node.discard()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real browser, without a window. No longer than a module: while it runs, nothing else of this process may run asyncio."""
    with a_browser() as started:
        yield started


@pytest.fixture(scope="session")
def all_databases(postgres_server: EmbeddedPostgres) -> Databases:
    """The databases of the quick server, and their templates."""
    return Databases(postgres_server)


@pytest.fixture(scope="session")
def all_durable_databases(durable_postgres_server: EmbeddedPostgres) -> Databases:
    """The databases of the durable server, and their templates."""
    return Databases(durable_postgres_server)


@pytest.fixture(autouse=True)
def _marked(request: pytest.FixtureRequest) -> Iterator[None]:
    """A server that a test asks for while it runs cannot be seen beforehand: such a test is marked by hand."""
    yield
    asked = SERVERS & set(request.fixturenames)
    assert not asked or request.node.get_closest_marker("server"), f"mark it with pytest.mark.server: it asks for {', '.join(asked)}"


@pytest.fixture
def databases(all_databases: Databases) -> Databases:
    """Databases that may be lost, on a running server."""
    return _running(all_databases)


@pytest.fixture
def durable_databases(all_durable_databases: Databases) -> Databases:
    """Databases that survive a kill -9, on a running server (`.server` is the server itself)."""
    return _running(all_durable_databases)


def _running(databases: Databases) -> Databases:
    if not databases.server.running:
        databases.server.start()
    return databases


@pytest.fixture
def rabbit(rabbit_node: RabbitNode) -> RabbitNode:
    """The RabbitMQ node, running, whatever the test before did to it."""
    return rabbit_node if rabbit_node.running else rabbit_node.start()


@pytest.fixture
def bus_url(rabbit: RabbitNode) -> str:
    """The address of a virtual host of the test's own, with nothing in it."""
    return rabbit.url(rabbit.fresh_vhost())


@pytest.fixture
def context_of(databases: Databases, tmp_path: Path) -> Iterator[Callable[..., Context]]:
    """`context_of(SERVICE, **settings)`: a service on a fresh database of its own, with a clock that the test moves.

    `resources=` takes the place of what the service would build from its settings.
    """
    with ExitStack() as cleanup:

        def make(service: Service, *, resources: Any = None, **overrides: Any) -> Context:
            url = cleanup.enter_context(databases.migrated(service))
            settings = settings_for(service.name, database_url=url, data_dir=tmp_path, mail_folder=tmp_path / "mail", **overrides)
            database = Database(url)
            cleanup.callback(database.close)
            return Context(service, settings, database, resources or service.resources(settings), FakeClock())

        yield make
