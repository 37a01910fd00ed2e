"""Where an institution lies when: an activity is held where the house lies that day."""

from alembic import op

revision = "events_0002"
down_revision = "events_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What is known so far lies where it lies, until registration tells more."""
    op.execute("alter table institution add column placements jsonb not null default '[]'")


def downgrade() -> None:
    op.execute("alter table institution drop column placements")
