"""The stages on which faults are played. Everything is real: servers, processes, signals; only the people are invented."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reliability.lethal import SERVICE
from tests.reliability.report import Entry, entry, joined, keep_facts, write
from tests.reliability.stage import Stage, a_stage, viewed
from tests.reliability.ward import Begun, Fault, Ward
from tests.servers.databases import Databases
from tests.servers.proxy import Proxy
from tests.servers.rabbit import RabbitNode

_ENTRIES: dict[str, Entry] = {}
_KNOWN: set[str] = set()
_OF_TOOLS = ("test_oracle.py", "test_proxy.py", "test_report.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let each test's sentence travel with its report."""
    here = [item for item in items if _plays(item.nodeid)]
    keep_facts(here)
    _KNOWN.update(item.nodeid for item in here)


def _plays(test: str) -> bool:
    """Whether a test plays a scenario; those of the suite's own tools do not."""
    return "tests/reliability/" in test and not any(name in test for name in _OF_TOOLS)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep what a test of this folder printed."""
    if _plays(report.nodeid) and (report.when == "call" or report.failed):
        one, before = entry(report), _ENTRIES.get(report.nodeid)
        _ENTRIES[report.nodeid] = joined(before, one) if before else one


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write docs/reliability.md, where that was asked for."""
    if os.environ.get("DELTAG_WRITE_RELIABILITY") and not hasattr(session.config, "workerinput"):
        write(_ENTRIES, _KNOWN)


@pytest.fixture
def stage(durable_databases: Databases, bus_url: str, tmp_path: Path) -> Iterator[Stage]:
    """Registration and reporting, not yet running."""
    with a_stage(durable_databases, bus_url, tmp_path) as stage:
        yield stage


@pytest.fixture
def ward(durable_databases: Databases, bus_url: str, tmp_path: Path) -> Iterator[Ward]:
    """The lethal service, not yet running."""
    with durable_databases.migrated(SERVICE) as url:
        ward = Ward(viewed(SERVICE, url, tmp_path), bus_url, tmp_path)
        yield ward
        ward.discard()
        ward.context.database.close()


@pytest.fixture
def fault(tmp_path: Path) -> Fault:
    """A fault of all handlers, not yet healed."""
    return Fault(tmp_path / "fault")


@pytest.fixture
def begun(tmp_path: Path) -> Begun:
    """What handlers have begun with: nothing yet."""
    return Begun(tmp_path / "begun")


@pytest.fixture
def network(rabbit: RabbitNode) -> Iterator[Proxy]:
    """What lies between the services and the broker."""
    with Proxy(rabbit.port).running() as proxy:
        yield proxy
