"""Courses: how many sessions complete one, and until which session one may still join."""

from alembic import op

revision = "events_0005"
down_revision = "events_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What there is, nobody completes; and sign-up to it closes with its first session, as before."""
    op.execute("alter table activity add column completes_with integer, add column join_until integer not null default 1")


def downgrade() -> None:
    op.execute("alter table activity drop column completes_with, drop column join_until")
