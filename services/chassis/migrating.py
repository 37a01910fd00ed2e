"""Migrations: the chassis' tables and a service's own, brought to what the code expects.

Alembic runs them. It is imported only when there is one to run: with Mako, which it brings along, it takes 8 MB of every process.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from services.chassis.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
VERSIONS = MIGRATIONS / "versions"

_KNOWN = sa.text("select to_regclass('alembic_version') is not null")
_CURRENT = sa.text("select version_num from alembic_version")


def migrate(database: Database, migrations: Path) -> None:
    """Bring the database to head: the chassis' tables and the service's own, in one transaction.

    Safe to run from several processes at once: an advisory lock lets one go first, and the others find it done.
    """
    if at_head(database, migrations):
        return
    with database.engine.begin() as connection:
        connection.execute(sa.text("set local lock_timeout = 0"))
        connection.execute(sa.text("select pg_advisory_xact_lock(hashtext('deltag migrations'))"))
        _upgrade(connection, migrations)


def at_head(database: Database, migrations: Path) -> bool:
    """Whether every migration that this code knows has been run."""
    with database.engine.connect() as connection:
        current = set(connection.execute(_CURRENT).scalars()) if connection.execute(_KNOWN).scalar() else set()
    return current == _heads(migrations)


def _upgrade(connection: sa.Connection, migrations: Path) -> None:
    from alembic import command  # noqa: PLC0415 - see above

    config = alembic(migrations)
    config.attributes["connection"] = connection
    command.upgrade(config, "heads")


def alembic(migrations: Path) -> "Config":
    """What Alembic is told: where the chassis' versions stand, and the service's."""
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("version_locations", f"{VERSIONS};{migrations}")
    config.set_main_option("path_separator", ";")
    return config


@cache
def _heads(migrations: Path) -> set[object]:
    """What this code's versions end in: those that no other one follows. The files do not change while it runs."""
    versions = [_names(file) for folder in (VERSIONS, migrations) for file in folder.glob("*.py")]
    return {version["revision"] for version in versions} - {version["down_revision"] for version in versions}


def _names(file: Path) -> dict[str, object]:
    """What a version says of itself, which it need not be run for."""
    return dict(_assigned(ast.parse(file.read_text("utf-8"))))


def _assigned(module: ast.Module) -> Iterator[tuple[str, object]]:
    for statement in module.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="revision" | "down_revision" as name)], value=ast.Constant(value=value)):
                yield name, value
