"""Which deadlines for saying what one needs have been told."""

from alembic import op

revision = "events_0021"
down_revision = "events_0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """None has."""
    op.execute("create table needs_closed (activity_id uuid primary key references activity, closed_at timestamptz not null)")


def downgrade() -> None:
    op.execute("drop table needs_closed")
