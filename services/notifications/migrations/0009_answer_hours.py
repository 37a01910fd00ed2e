"""How long one has to answer where freed seats are offered: the letter to who waits says so."""

from alembic import op

revision = "notifications_0009"
down_revision = "notifications_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table signup add column answer_hours integer")


def downgrade() -> None:
    op.execute("alter table signup drop column answer_hours")
