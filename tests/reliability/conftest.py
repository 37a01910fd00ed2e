"""The stages on which faults are played. Everything is real: servers, processes, signals; only the people are invented."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reliability.lethal import SERVICE
from tests.reliability.stage import Stage, a_stage, viewed
from tests.reliability.ward import Fault, Ward
from tests.servers.databases import Databases


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
