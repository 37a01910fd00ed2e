"""What taking a line of an import back would do, for its counts."""

from alembic import op

revision = "registration_0017"
down_revision = "registration_0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.execute("alter table import_row add column undoing text")


def downgrade() -> None:
    """Drop it."""
    op.execute("alter table import_row drop column undoing")
