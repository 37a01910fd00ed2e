"""What came, in the order in which it came."""

from alembic import op

from benchmarks.contestants.deltag.witness import TABLE

revision = "witness_0001"
down_revision = None
branch_labels = ("witness",)
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.execute(TABLE)


def downgrade() -> None:
    """Drop it."""
    op.execute("drop table seen")
