"""What a programme calls its professions: rules that ask for them are read by their names."""

from alembic import op

revision = "events_0026"
down_revision = "events_0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table programme add column professions jsonb not null default '[]'")


def downgrade() -> None:
    op.execute("alter table programme drop column professions")
