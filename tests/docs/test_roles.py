"""deploy/postgres/roles.sql, run on a real PostgreSQL by its own psql."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from services.chassis.database import Database
from services.chassis.migrating import at_head, migrate
from services.chassis.postgres import EmbeddedPostgres, _program
from services.cli.places import NAMES, service
from tests.docs.pages import ROOT

FILE = ROOT / "deploy" / "postgres" / "roles.sql"


@pytest.fixture(scope="module")
def server(postgres_server: EmbeddedPostgres) -> Iterator[EmbeddedPostgres]:
    """A server on which the script was run, twice; by somebody who may create databases and roles, and no more."""
    run(postgres_server, "drop role if exists deployer", "create role deployer login createdb createrole")
    for _ in range(2):
        psql(postgres_server)
    yield postgres_server
    run(postgres_server, *(f"drop database deltag_{name} with (force)" for name in NAMES))
    run(postgres_server, *(f"drop role deltag_{name}" for name in NAMES), "drop role deployer")


@pytest.mark.parametrize("name", NAMES)
def test_a_role_owns_its_database(server: EmbeddedPostgres, name: str) -> None:
    """A service's role can make its schema and its tables: the migrations run."""
    database = Database(as_role(server, name, name))
    migrate(database, service(name).migrations)
    assert at_head(database, service(name).migrations)
    database.close()


@pytest.mark.parametrize("name", NAMES)
def test_a_role_enters_no_other_database(server: EmbeddedPostgres, name: str) -> None:
    """A service's role is turned away at the databases of the others."""
    for other in set(NAMES) - {name}:
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            psycopg.connect(as_role(server, name, other))


def as_role(server: EmbeddedPostgres, role: str, database: str) -> str:
    """The address of a service's database, for the role of a service."""
    return server.url(f"deltag_{database}").replace("postgres@", f"deltag_{role}@", 1)


def psql(server: EmbeddedPostgres) -> None:
    """Run the script as deploy/README.md says."""
    url = server.url().replace("postgres@", "deployer@", 1)
    program = Path(_program("psql", server.folder)[-1])
    subprocess.run([program, "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--dbname", url, "--file", FILE], check=True, capture_output=True)


def run(server: EmbeddedPostgres, *statements: str) -> None:
    """Run statements as the server's administrator."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())
