"""The row of each accepted enrolment."""

from alembic import op

from benchmarks.job import INSIGHT_TABLES

revision = "insight_0001"
down_revision = None
branch_labels = ("insight",)
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.execute(INSIGHT_TABLES)


def downgrade() -> None:
    """Drop it."""
    op.execute("drop table enrolment_fact")
