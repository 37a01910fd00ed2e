"""Fresh databases for tests: migrated once for each service as a template, and copied in milliseconds."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from services.chassis.database import Database
from services.chassis.migrating import migrate
from services.chassis.postgres import EmbeddedPostgres, create_databases
from services.chassis.service import Service


class Databases:
    """Makes and drops databases on one server."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self.server = server
        self._templates: dict[str, str] = {}

    @contextmanager
    def migrated(self, service: Service) -> Iterator[str]:
        """The address of an empty database with all tables of `service`; dropped at the end, whoever is connected."""
        with self.copied(self._template(service)) as url:
            yield url

    @contextmanager
    def copied(self, template: str = "template1") -> Iterator[str]:
        """The address of a copy of a database; of an empty one by default."""
        name = f"test_{secrets.token_hex(6)}"
        self._run("create database {} template {}", name, template)
        try:
            yield self.server.url(name)
        finally:
            self._run("drop database {} with (force)", name)

    def _template(self, service: Service) -> str:
        if service.name not in self._templates:
            name = f"template_{service.name}"
            database = Database(create_databases(self.server.url(), [name])[name])
            migrate(database, service.migrations)
            database.close()
            self._templates[service.name] = name
        return self._templates[service.name]

    def _run(self, statement: str, *names: str) -> None:
        if not self.server.running:
            return
        with psycopg.connect(self.server.url(), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
