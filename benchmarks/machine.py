"""The servers that everything is measured on: a PostgreSQL and a RabbitMQ of our own, durable as they come, and what they use.

Every run gets databases and a virtual host that nobody has used, and begins with a checkpoint.
"""

import os
import secrets
import tempfile
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg

from services.chassis.bus.rabbit import RabbitBus
from services.chassis.postgres import EmbeddedPostgres, create_databases
from tests.servers.ports import free_port
from tests.servers.rabbit import RabbitNode

SERVICES = ("enrolment", "insight")


@dataclass
class Ground:
    """One run's databases and virtual host."""

    queue_type: str
    amqp_url: str
    folder: Path
    urls: dict[str, str]
    key: str = field(default_factory=lambda: b64encode(secrets.token_bytes(32)).decode())

    @property
    def bus(self) -> RabbitBus:
        """For declaring and publishing."""
        return RabbitBus(self.amqp_url, queue_type=self.queue_type)

    def environment(self) -> dict[str, str]:
        """What a process of any contestant is told; its metrics are read at a port of its own."""
        databases = {f"DELTAG_{name.upper()}_DATABASE_URL": url for name, url in self.urls.items()}
        return {
            **os.environ,
            **databases,
            "DELTAG_AMQP_URL": self.amqp_url,
            "DELTAG_QUEUE_TYPE": self.queue_type,
            "DELTAG_DATA_DIR": str(self.folder),
            "DELTAG_DEFERRED_KEY": self.key,
            "DELTAG_DEVELOPMENT_TOKEN_KEY": self.key,
            "DELTAG_METRICS_ADDRESS": f"127.0.0.1:{free_port()}",
        }


@dataclass
class Machine:
    """Both servers."""

    node: RabbitNode
    postgres: EmbeddedPostgres
    folder: Path

    @contextmanager
    def ground(self, queue_type: str, databases: Sequence[str] = SERVICES) -> Iterator[Ground]:
        """A fresh one; its databases are dropped at the end."""
        mark = secrets.token_hex(4)
        urls = create_databases(self.postgres.url(), [f"{name}_{mark}" for name in databases])
        self.run("checkpoint")
        try:
            yield Ground(queue_type, self.node.url(self.node.fresh_vhost()), self.folder, dict(zip(databases, urls.values(), strict=True)))
        finally:
            for name in urls:
                self.run(f"drop database {name} with (force)")

    def run(self, statement: str) -> None:
        """On the database server."""
        with psycopg.connect(self.postgres.url(), autocommit=True) as connection:
            connection.execute(statement.encode())

    def cpu(self, python: Sequence[psutil.Process]) -> dict[str, float]:
        """Seconds that each has used so far, with all its children, past ones too."""
        servers = {"postgres": self.postgres.pid, "rabbitmq": self.node.pid}
        used = {name: cpu_seconds(psutil.Process(pid)) for name, pid in servers.items()}
        return {"python": sum(map(cpu_seconds, python)), **used}


@contextmanager
def machine() -> Iterator[Machine]:
    """Both servers, for as long as something is measured."""
    with tempfile.TemporaryDirectory(prefix="deltag-bench-") as place:
        folder = Path(place)
        node = RabbitNode(folder / "rabbit").start()
        try:
            with EmbeddedPostgres(folder / "postgres") as postgres:
                yield Machine(node, postgres, folder)
        finally:
            node.discard()


def cpu_seconds(process: psutil.Process) -> float:
    """User and system time of a process, of its children, and of those that ended."""
    return sum(map(_own, [process, *process.children(recursive=True)]))


def _own(process: psutil.Process) -> float:
    try:
        return float(sum(process.cpu_times()[:4]))
    except psutil.NoSuchProcess:  # between the list and the look
        return 0.0
