"""Until when an offer of seats can be answered: its letter says so."""

from alembic import op

revision = "notifications_0006"
down_revision = "notifications_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table signup add column answer_by timestamptz")


def downgrade() -> None:
    op.execute("alter table signup drop column answer_by")
