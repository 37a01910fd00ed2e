"""Templates of activities, as a programme tells them."""

from alembic import op

revision = "events_0023"
down_revision = "events_0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Programmes that were loaded before have none until `deltag refresh registration`."""
    op.execute("alter table programme add column activity_templates jsonb not null default '[]'")


def downgrade() -> None:
    op.execute("alter table programme drop column activity_templates")
