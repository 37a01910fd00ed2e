"""When lots are drawn for seats: the letter to who waits for it says so."""

from alembic import op

revision = "notifications_0007"
down_revision = "notifications_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table signup add column draws_at timestamptz")


def downgrade() -> None:
    op.execute("alter table signup drop column draws_at")
