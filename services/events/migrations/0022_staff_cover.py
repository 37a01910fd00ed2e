"""Staff cover: how many of an institution may be away at once, as a programme tells it, and the way from an institution to its staff."""

from alembic import op

revision = "events_0022"
down_revision = "events_0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Programmes that were loaded before have no rules until `deltag refresh registration`."""
    op.execute("alter table programme add column staff_cover jsonb not null default '[]'")
    op.execute("create index professional_by_institution on professional (institution)")


def downgrade() -> None:
    op.execute("drop index professional_by_institution")
    op.execute("alter table programme drop column staff_cover")
