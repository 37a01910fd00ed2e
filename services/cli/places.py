"""Where Deltag runs: embedded in one process, or distributed over a broker and a database server.

A place knows its settings, its databases and its bus; commands ask it for contexts and never read the environment.
"""

import os
import secrets
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from importlib import import_module
from pathlib import Path

import psycopg
import sqlalchemy as sa
from psycopg import sql

from services.chassis import settings as chassis_settings
from services.chassis.bus import Bus
from services.chassis.bus.embedded import EmbeddedBus
from services.chassis.bus.rabbit import RabbitBus
from services.chassis.database import Database
from services.chassis.errors import Conflict, Invalid, Unavailable
from services.chassis.files import write_private
from services.chassis.migrating import migrate
from services.chassis.postgres import EmbeddedPostgres, create_databases
from services.chassis.replay import LOG
from services.chassis.runtime import context_for
from services.chassis.service import Context, Service
from services.chassis.setting_rules import Address
from services.chassis.settings import Settings
from services.chassis.topology import topology

NAMES = ("registration", "events", "notifications", "reporting")
BUS = "bus"


def service(name: str) -> Service:
    """One of the four, by name. Raises `Invalid` for any other name."""
    if name not in NAMES:
        text = f"There is no service {name}; there are {', '.join(NAMES)}."
        raise Invalid("unknown-service", field="SERVICE", da=text, en=text)
    found: Service = import_module(f"services.{name}.service").SERVICE
    return found


@dataclass
class Place:
    """Settings by service name, and the bus."""

    settings: dict[str, Settings]
    bus: Bus | None
    contexts: dict[str, Context] = field(default_factory=dict)
    bus_url: str = ""

    @cached_property
    def bus_database(self) -> Database:
        """Where an embedded bus keeps its log, for tools that read it from another process."""
        return Database(self.bus_url, application="deltag log")

    @property
    def services(self) -> Sequence[str]:
        """The services that run here."""
        return list(self.settings)

    def context(self, name: str) -> Context:
        """The context of one service; the same one each time."""
        if name not in self.contexts:
            self.contexts[name] = context_for(service(name), self.settings[name])
        return self.contexts[name]

    def prepare(self) -> None:
        """Bring every database to head, and declare what the services need on the bus."""
        for name in self.services:
            migrate(self.context(name).database, self.context(name).service.migrations)
        listens = [listen for name in self.services for listen in self.context(name).service.listens]
        if self.bus:
            with _named("DELTAG_AMQP_URL"):
                self.bus.declare(topology(listens, LOG))


@contextmanager
def _named(variable: str) -> Iterator[None]:
    """Whatever is away was named by this variable."""
    try:
        yield
    except Unavailable as error:
        raise Unavailable(reasons=[replace(reason, field=variable) for reason in error]) from error


@contextmanager
def embedded(data_dir: Path) -> Iterator[Place]:
    """Everything in this process: a PostgreSQL of our own in the data folder, and the bus in memory.

    Raises `Invalid` for settings that are wrong, before anything else; and `Conflict` when one runs in that folder
    already, or an address is taken: before a new folder is made.
    """
    _refuse_production()
    known = chassis_settings.read("deltag", database_url="", data_dir=data_dir, deferred_key=b"")
    if not data_dir.exists():
        _refuse_if_taken(known.http_address)
        _refuse_if_taken(known.metrics_address)
    _private(data_dir)
    with EmbeddedPostgres(data_dir) as server:
        urls = create_databases(server.url(), [*NAMES, BUS])
        yield Place(_development_settings(data_dir, urls), EmbeddedBus(Database(urls[BUS], application="deltag bus")))


def beside_embedded(data_dir: Path) -> Place:
    """The databases of an embedded Deltag that is running, for tools that only need those. Raises `Unavailable` when it is not."""
    server = EmbeddedPostgres(data_dir)
    try:
        psycopg.connect(server.url(), connect_timeout=5).close()
    except psycopg.OperationalError:
        text = f"The Deltag in {data_dir} does not run. Start it with `deltag up`, and ask again beside it."
        raise Unavailable("not-running", da=text, en=text) from None
    urls = {name: server.url(name) for name in NAMES}
    return Place(_development_settings(data_dir, urls), None, bus_url=server.url(BUS))


def _development_settings(data_dir: Path, urls: dict[str, str]) -> dict[str, Settings]:
    """Everybody's settings: all four share one HTTP and one metrics address, and everyone on this machine may read the report."""
    secrets_file = chassis_settings.development_secrets(data_dir)
    shared = chassis_settings.read("deltag", secrets_file=secrets_file, database_url="", data_dir=data_dir)
    known = {"http_address": shared.http_address, "metrics_address": shared.metrics_address, "data_dir": data_dir, "reporting_open": True}
    return {name: chassis_settings.read(name, secrets_file=secrets_file, database_url=urls[name], **known) for name in NAMES}


def distributed(name: str) -> Place:
    """One service by its environment (`DELTAG_<SERVICE>_DATABASE_URL`, its broker user's `DELTAG_AMQP_URL`, …)."""
    secrets_file = data_dir() / "secrets.env"
    known = chassis_settings.read(name, secrets_file=secrets_file if secrets_file.exists() and not in_production() else None)
    return Place({name: known}, bus_of(known))


def bus_of(settings: Settings) -> RabbitBus | None:
    """The broker that the settings name."""
    url = partial(settings.present, "amqp_url")
    return RabbitBus(url, queue_type=settings.queue_type, name=f"deltag {settings.service}") if settings.amqp_url else None


def data_dir() -> Path:
    """The folder for everything that Deltag keeps on this machine."""
    return Path(os.environ.get("DELTAG_DATA_DIR") or ".deltag").absolute()


def in_production() -> bool:
    """Whether development conveniences are off."""
    return os.environ.get("DELTAG_ENVIRONMENT") == "production"


def _refuse_production() -> None:
    """Raises `Invalid` in production, for what makes its own secrets and servers."""
    if in_production():
        text = "is production, where each service runs by itself with settings of its own: deltag run SERVICE."
        raise Invalid("development-only", field="DELTAG_ENVIRONMENT", da=text, en=text)


def _private(folder: Path) -> None:
    """Make the data folder, for its owner's eyes only, where it is not there. Raises `Invalid` when it cannot be used."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        usable = os.access(folder, os.W_OK | os.X_OK)
    except OSError as error:
        raise _unusable(folder, error.strerror or "it cannot be made") from None
    if not usable:
        raise _unusable(folder, "it may not be written to")


def _unusable(folder: Path, why: str) -> Invalid:
    text = f"{folder} cannot be used as the data folder ({why}). Name a folder that you may write to."
    return Invalid("data-folder", field="DELTAG_DATA_DIR", da=text, en=text)


def _refuse_if_taken(address: Address) -> None:
    try:
        socket.create_server((address.host, address.port)).close()
    except OSError as error:
        text = f"cannot be listened on ({error.strerror}). Stop what uses it, or choose another address."
        raise Conflict("address-taken", field=str(address), da=text, en=text) from None


SERVERS = ("DELTAG_AMQP_URL", "DELTAG_POSTGRES_URL")


def refuse_half() -> None:
    """Raises `Invalid` when one of the two servers is given and the other is not."""
    missing = [variable for variable in SERVERS if not os.environ.get(variable)]
    if len(missing) == 1:
        given = next(variable for variable in SERVERS if variable not in missing)
        text = f"is not set, and {given} is. Set both to use servers of your own, or neither to run in one process."
        raise Invalid("half-distributed", field=missing[0], da=text, en=text)


def is_distributed() -> bool:
    """Whether a broker and a database server are given."""
    return all(os.environ.get(variable) for variable in SERVERS)


class Developed:
    """For development on real servers: makes each service a role and a database of its own, and says where they are."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url = url
        self._passwords = folder / "postgres-passwords.env"

    @cached_property
    def urls(self) -> dict[str, str]:
        """The address of each service's database, with its own role."""
        passwords = self._read()
        with psycopg.connect(self._url, autocommit=True, connect_timeout=5) as connection:
            for name in NAMES:
                _make_role(connection, f"deltag_{name}", passwords[name])
        made = create_databases(self._url, [f"deltag_{name}" for name in NAMES])
        with psycopg.connect(self._url, autocommit=True) as connection:
            for name in NAMES:
                owner = sql.Identifier(f"deltag_{name}")
                connection.execute(sql.SQL("alter database {} owner to {}").format(owner, owner))
                connection.execute(sql.SQL("revoke connect on database {} from public").format(owner))
        return {name: _as_role(made[f"deltag_{name}"], f"deltag_{name}", passwords[name]) for name in NAMES}

    def _read(self) -> dict[str, str]:
        if not self._passwords.exists():
            write_private(self._passwords, "".join(f"{name}={secrets.token_urlsafe(24)}\n" for name in NAMES))
        return dict(line.split("=", 1) for line in self._passwords.read_text().splitlines())


def _make_role(connection: psycopg.Connection, role: str, password: str) -> None:
    exists = connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone()
    verb = sql.SQL("alter role {} login password {}") if exists else sql.SQL("create role {} login password {}")
    connection.execute(verb.format(sql.Identifier(role), sql.Literal(password)))


def _as_role(url: str, role: str, password: str) -> str:
    return sa.make_url(url).set(username=role, password=password).render_as_string(hide_password=False)


def _development_urls(url: str) -> dict[str, str]:
    """See `Developed.urls`. Raises `Unavailable` without a word of the address, which holds a password."""
    try:
        return Developed(url, data_dir()).urls
    except (psycopg.Error, sa.exc.ArgumentError):
        text = "The database server does not answer, or does not take this user. Start it, or correct the address."
        raise Unavailable("postgres-away", field="DELTAG_POSTGRES_URL", da=text, en=text) from None


def developed() -> Place:
    """All four services on the development servers that `DELTAG_POSTGRES_URL` and `DELTAG_AMQP_URL` name."""
    _refuse_production()
    _private(data_dir())
    secrets_file = chassis_settings.development_secrets(data_dir())
    urls = _development_urls(os.environ["DELTAG_POSTGRES_URL"])
    settings = {name: chassis_settings.read(name, secrets_file=secrets_file, database_url=urls[name]) for name in NAMES}
    return Place(settings, bus_of(settings["registration"]))


def place_for(name: str) -> Place:
    """Where a tool finds a service: its own environment, the development servers, or the embedded databases."""
    if os.environ.get(f"DELTAG_{name.upper()}_DATABASE_URL"):
        return distributed(name)
    if is_distributed():
        return developed()
    if in_production():
        text = f"is not set: production names every service's database. Nothing is looked for in {data_dir()}."
        raise Invalid("missing-setting", field=f"DELTAG_{name.upper()}_DATABASE_URL", da=text, en=text)
    if not (data_dir() / "postgres").exists():
        text = (
            f"There is no Deltag in {data_dir()}. Start one there with `deltag up`, name the folder of another in DELTAG_DATA_DIR,"
            f" or give the address of a database in DELTAG_{name.upper()}_DATABASE_URL."
        )
        raise Unavailable("no-deltag", da=text, en=text)
    return beside_embedded(data_dir())
