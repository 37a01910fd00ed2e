"""Links to surveys, sealed as they came, until their letters have left."""

from alembic import op

revision = "notifications_0008"
down_revision = "notifications_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("create table survey_link (link_id uuid primary key, sealed text not null, closes_on date not null)")
    op.execute("create index survey_link_by_end on survey_link (closes_on)")


def downgrade() -> None:
    """Letters that ask how it was are sent by nobody any more."""
    op.execute("update mail set due_at = null, status = 'suppressed', reason = 'overtaken' where kind = 'feedback' and due_at is not null")
    op.execute("drop table survey_link")
