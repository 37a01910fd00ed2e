"""Whose word a consent is, whom it is about (a child, or an adult himself), and when it was said."""

from alembic import op

revision = "reporting_0004"
down_revision = "reporting_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table consent rename column child_id to subject_id")
    op.execute("alter table consent add column giver_id uuid, add column said_at timestamptz")


def downgrade() -> None:
    op.execute("alter table consent drop column giver_id, drop column said_at")
    op.execute("alter table consent rename column subject_id to child_id")
