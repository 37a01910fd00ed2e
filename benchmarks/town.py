"""The four services themselves, on servers of our own: empty databases and queues, with the programme loaded."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from benchmarks.machine import Machine
from benchmarks.process import ROOT
from services.chassis.http import Grant, LocalIssuer, Role
from services.chassis.runtime import utc_now
from services.cli.places import NAMES, Place, developed
from services.registration.handlers.programmes import load_programme
from tests.reliability.load import SOURCE

PROGRAMME = ROOT / "programmes" / "sammen-om-boern"


@dataclass
class Town:
    """`environment` is what each service's process is told."""

    place: Place
    environment: Mapping[str, str]
    folder: Path

    @property
    def token(self) -> str:
        """Of a system that may ask for enrolments."""
        settings = self.place.settings["registration"]
        return LocalIssuer(settings, utc_now).issue("benchmark", [Grant(Role.SYSTEM, settings.municipality, None, SOURCE)])

    def number(self, service: str, query: sa.TextClause) -> float:
        """The one number that a query gives in a service's database."""
        with self.place.context(service).work() as work:
            return float(work.connection.execute(query).scalar_one())


@contextmanager
def town(servers: Machine) -> Iterator[Town]:
    """A fresh one; its databases are dropped at the end."""
    given = {
        "DELTAG_AMQP_URL": servers.node.url(servers.node.fresh_vhost()),
        "DELTAG_POSTGRES_URL": servers.postgres.url(),
        "DELTAG_DATA_DIR": str(servers.folder / "data"),
    }
    os.environ |= given
    place = developed()
    try:
        place.prepare()
        _load(place)
        servers.run("checkpoint")
        urls = {f"DELTAG_{name.upper()}_DATABASE_URL": known.database_url for name, known in place.settings.items()}
        yield Town(place, {**os.environ, **urls}, servers.folder)
    finally:
        _forget(place, servers)
        for variable in given:
            del os.environ[variable]


def _load(place: Place) -> None:
    with place.context("registration").work() as work:
        load_programme(PROGRAMME, work)


def _forget(place: Place, servers: Machine) -> None:
    for context in place.contexts.values():
        context.database.close()
    for name in NAMES:
        servers.run(f"drop database if exists deltag_{name} with (force)")
