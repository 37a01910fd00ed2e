"""Where families reach a programme's office."""

from alembic import op

revision = "notifications_0002"
down_revision = "notifications_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table programme add column contact jsonb")


def downgrade() -> None:
    op.execute("alter table programme drop column contact")
