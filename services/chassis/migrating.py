"""Migrations: the chassis' tables and a service's own, brought to what the code expects."""

from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from services.chassis.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(database: Database, migrations: Path) -> None:
    """Bring the database to head: the chassis' tables and the service's own, in one transaction.

    Safe to run from several processes at once: an advisory lock lets one go first, and the others find it done.
    """
    with database.engine.begin() as connection:
        connection.execute(sa.text("set local lock_timeout = 0"))
        connection.execute(sa.text("select pg_advisory_xact_lock(hashtext('deltag migrations'))"))
        config = _alembic(migrations)
        config.attributes["connection"] = connection
        command.upgrade(config, "heads")


def at_head(database: Database, migrations: Path) -> bool:
    """Whether every migration that this code knows has been run."""
    with database.engine.connect() as connection:
        current = set(MigrationContext.configure(connection).get_current_heads())
    return current == _heads(migrations)


@cache
def _heads(migrations: Path) -> set[str]:
    """What this code's versions end in; the files do not change while it runs."""
    return set(ScriptDirectory.from_config(_alembic(migrations)).get_heads())


def _alembic(migrations: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("version_locations", f"{MIGRATIONS / 'versions'};{migrations}")
    config.set_main_option("path_separator", ";")
    return config
