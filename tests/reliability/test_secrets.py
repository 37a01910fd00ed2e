"""Secrets that are changed while the services run: those that come from files are read again, and nobody is started again."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from services.chassis.postgres import EmbeddedPostgres
from tests.reliability.oracle import outbox
from tests.reliability.patience import eventually
from tests.reliability.stage import Stage, a_stage
from tests.reliability.witness import QUEUE
from tests.servers.databases import Databases
from tests.servers.rabbit import RabbitNode
from tests.servers.secure import SecureNode, a_secure_node

pytestmark = [pytest.mark.thorough, pytest.mark.timeout(300)]


class BrokerUser:
    """A user of the broker for services, whose password is in a file."""

    def __init__(self, rabbit: RabbitNode, url: str, file: Path) -> None:
        self.name = f"deltag-{secrets.token_hex(4)}"
        self.file = file
        self._rabbit, self._url = rabbit, url
        self._password = secrets.token_hex(8)
        rabbit.rabbitmqctl("add_user", self.name, self._password)
        rabbit.rabbitmqctl("set_permissions", "-p", url.rpartition("/")[2], self.name, ".*", ".*", ".*")
        self.tell()

    def change(self) -> None:
        """Another password, and nobody is let in who came with the old one."""
        self._password = secrets.token_hex(8)
        self._rabbit.rabbitmqctl("change_password", self.name, self._password)
        self._rabbit.rabbitmqctl("close_all_user_connections", self.name, "the password has changed")

    def tell(self) -> None:
        """Write what holds now into the file."""
        self.file.write_text(self._url.replace("guest:guest", f"{self.name}:{self._password}"))


class DatabaseRole:
    """A role of the database server for services, which asks it for its password."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self.name = f"deltag_{secrets.token_hex(4)}"
        self._server = server
        self._password = secrets.token_hex(8)
        self._run("create role {} superuser login password {}")

    @contextmanager
    def asked(self) -> Iterator[None]:
        """During the block it is asked."""
        access = self._server.folder / "postgres" / "pg_hba.conf"
        before = access.read_text()
        access.write_text(f"local all {self.name} scram-sha-256\n{before}")
        self._run("select pg_reload_conf()")
        try:
            yield
        finally:
            access.write_text(before)
            self._run("select pg_reload_conf()")

    def change(self) -> None:
        """Another password, and nobody is let in who came with the old one."""
        self._password = secrets.token_hex(8)
        self._run("alter role {} password {}")
        with psycopg.connect(self._server.url(), autocommit=True) as connection:
            connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = %s", [self.name])

    def tell(self, file: Path, url: str) -> None:
        """Write into the file what holds now."""
        file.write_text(url.replace("postgres@", f"{self.name}:{self._password}@", 1))

    def _run(self, statement: str) -> None:
        with psycopg.connect(self._server.url(), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(self.name), sql.Literal(self._password)))


def test_the_brokers_password_changes(stage: Stage, rabbit: RabbitNode, tmp_path: Path) -> None:
    """Fault 37: the broker's password changes. Health says so until the file has the new one, and nothing is started again."""
    user = BrokerUser(rabbit, stage.bus_url, tmp_path / "amqp-url")
    with stage.at_work(DELTAG_AMQP_URL_FILE=str(user.file)) as desk:
        user.change()
        stage.await_trouble("ACCESS_REFUSED")
        desk.await_answers(10)
        user.tell()
        seconds = stage.recovered()
    stage.figures(seconds).judge("the broker's password changed")


def test_the_databases_password_changes(stage: Stage, durable_databases: Databases, tmp_path: Path) -> None:
    """Fault 37: the database's password changes. Everything waits until the files have the new one, and nothing is started again."""
    role = DatabaseRole(durable_databases.server)
    files = {name: tmp_path / f"{name}-url" for name in stage.contexts}

    def tell() -> None:
        for name, file in files.items():
            role.tell(file, stage.contexts[name].database.url)

    tell()
    variables = {f"DELTAG_{name.upper()}_DATABASE_URL_FILE": str(file) for name, file in files.items()}
    with role.asked():
        stage.start_all("registration", "reporting", **variables)
        with stage.flowing():
            stage.await_progress()
            role.change()
            stage.await_trouble("database")
            tell()
            seconds = stage.recovered()
        figures = stage.figures(seconds)
    figures.judge("the database's password changed")


def test_the_brokers_certificate_changes(durable_databases: Databases, tmp_path: Path) -> None:
    """Fault 37: the broker shows a new certificate of the same authority. The services check it, and come again."""
    with a_secure_node(tmp_path / "secure") as node, a_stage(durable_databases, node.url(node.fresh_vhost()), tmp_path) as stage:
        with stage.at_work(DELTAG_AMQP_URL=node.secure_url(stage.bus_url), SSL_CERT_FILE=str(node.authority.file)) as desk:
            before = node.shown()
            node.exchange_certificate()
            eventually(lambda: node.shown() != before, what="the new certificate")
            node.rabbitmqctl("close_all_connections", "the certificate has changed")
            desk.await_answers(10)
            seconds = stage.recovered()
        stage.figures(seconds).judge("the broker's certificate changed")


def test_another_authority_is_not_trusted(durable_databases: Databases, tmp_path: Path) -> None:
    """Fault 37: a broker whose certificate nobody vouches for gets no password and no message; health says why. A process that trusts
    its authority tells it what waited.
    """
    with a_secure_node(tmp_path / "secure") as node, a_stage(durable_databases, node.url(node.fresh_vhost()), tmp_path) as stage:
        registration, secure = stage.contexts["registration"], {"DELTAG_AMQP_URL": node.secure_url(stage.bus_url)}
        untold = outbox(registration)
        careful = stage.start("registration", **secure)
        stage.await_trouble("certificate verify failed")
        assert (len(spoken_to(node)), stage.witness.waiting([QUEUE]), outbox(registration)) == (0, 0, untold)
        careful.stop()
        stage.start_all("registration", SSL_CERT_FILE=str(node.authority.file), **secure)
        eventually(lambda: outbox(registration) == 0, what="an empty outbox")
        told = stage.witness.waiting([QUEUE])
        print(f"not trusted: 0 connections, 0 of {untold} facts; trusted: {len(spoken_to(node))} connections, {told} facts")  # noqa: T201 - a figure
        assert spoken_to(node)
        assert told == untold > 0


def spoken_to(node: SecureNode) -> list[str]:
    """The connections by TLS on which the broker was spoken to, as its log tells: before that nobody says a password."""
    lines = node.log.read_text(errors="replace").splitlines()
    return [line for line in lines if "accepting AMQP connection" in line and line.endswith(f":{node.secure_port})")]
