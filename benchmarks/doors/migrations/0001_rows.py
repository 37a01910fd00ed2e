"""The rows that are read."""

from alembic import op

from benchmarks.doors.rows import TABLE

revision = "door_0001"
down_revision = None
branch_labels = ("door",)
depends_on = None


def upgrade() -> None:
    """Create the table, and fill it."""
    for statement in TABLE.split(";"):
        op.execute(statement)


def downgrade() -> None:
    """Drop it."""
    op.execute("drop table reading")
