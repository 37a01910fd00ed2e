"""The tables in the code are those in the database."""

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from services.chassis.http.tables import METADATA
from services.chassis.service import Context

OURS = {table.name for table in METADATA.tables.values()}


def is_ours(_thing: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:  # noqa: FBT001 - Alembic's hook
    """Whether a table is the HTTP door's (what is in a table is its own)."""
    return kind != "table" or name in OURS


def test_the_migration_makes_the_tables(context: Context) -> None:
    """Columns, keys and indexes are the same, whether one reads the code or the database."""
    with context.work() as work:
        options = {"include_schemas": True, "include_object": is_ours}
        differences = compare_metadata(MigrationContext.configure(work.connection, opts=options), METADATA)
    assert differences == []
