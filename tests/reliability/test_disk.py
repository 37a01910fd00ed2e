"""A disk that is full, below PostgreSQL and below RabbitMQ: nothing is half done, and all goes on when there is room again.

The disks are small file systems in memory, which only root may mount; others are told so.
"""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from services.chassis.postgres import EmbeddedPostgres
from tests.reliability.patience import eventually, lasts
from tests.reliability.stage import Stage
from tests.servers.container import a_rabbit
from tests.servers.databases import Databases
from tests.servers.rabbit import RabbitNode

pytestmark = pytest.mark.thorough

ROOM_MB = 400
FULL_S = 10
BLOCK = 8_192
NAMES = ("registration", "reporting")


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A file system of this size at the folder."""
    assert os.geteuid() == 0, "only root may mount a small disk: run this test as root"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """During the block nothing more fits."""
    ballast = disk / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(BLOCK))
    try:
        yield
    finally:
        ballast.unlink()


@pytest.fixture(scope="module")
def database_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small disk for PostgreSQL."""
    with small_disk(tmp_path_factory.mktemp("disks") / "postgres", ROOM_MB) as disk:
        yield disk


@pytest.fixture(scope="module")
def broker_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small disk for RabbitMQ."""
    with small_disk(tmp_path_factory.mktemp("disks") / "rabbit", ROOM_MB) as disk:
        yield disk


@pytest.fixture(scope="module")
def durable_postgres_server(database_disk: Path) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL on its small disk."""
    options = {"min_wal_size": "32MB", "max_wal_size": "64MB"}
    with EmbeddedPostgres(database_disk / "server", options=options) as server:
        yield server


@pytest.fixture(scope="module")
def rabbit_node(broker_disk: Path) -> Iterator[RabbitNode]:
    """A RabbitMQ on its small disk."""
    node = a_rabbit(broker_disk / "node")
    try:
        yield node.start()
    finally:
        node.discard()


@pytest.fixture(scope="module")
def all_durable_databases(durable_postgres_server: EmbeddedPostgres) -> Databases:
    """Its databases."""
    return Databases(durable_postgres_server)


def test_database_disk_is_full(stage: Stage, durable_databases: Databases, database_disk: Path) -> None:
    """Fault 32: no room for PostgreSQL under load. What it refuses waits; it may end itself, and is started again when there is room."""
    server = durable_databases.server
    stage.start_all(*NAMES)
    with stage.flowing():
        stage.await_progress()
        with full(database_disk):
            eventually(lambda: _refused(stage), within=60, what="the first refusal")
            lasts(FULL_S)
        ended = not server.running
        if ended:
            server.stop()
            server.start()
        for context in stage.contexts.values():
            context.database.close()
        seconds = stage.recovered()
    stage.figures(seconds).judge(f"database disk full for {FULL_S} s, {'ended itself' if ended else 'stayed'}")


def test_broker_disk_is_full(stage: Stage, rabbit: RabbitNode, broker_disk: Path) -> None:
    """Fault 32: no room for RabbitMQ under load. It takes nothing more, the outboxes keep it, and HTTP goes on."""
    [registration, _] = stage.start_all(*NAMES)
    with stage.busy(registration):
        with full(broker_disk):
            eventually(lambda: stage.enrolments.unsettled()["outbox"], within=60, what="something in an outbox")
            lasts(FULL_S)
        ended = not _listens(rabbit.port)
        if ended:
            if rabbit.running:
                rabbit.kill()
            rabbit.start()
        seconds = stage.recovered()
    stage.figures(seconds).judge(f"broker disk full for {FULL_S} s, {'ended itself' if ended else 'stayed'}")


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False


def _refused(stage: Stage) -> bool:
    return any("consumer.paused" in process.log.read_text() or "loop.paused" in process.log.read_text() for process in stage.running)
