"""Which system opened an activity or signed a party up: it reaches that, and nothing that others made. Null where people did."""

from alembic import op

revision = "events_0025"
down_revision = "events_0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table activity add column opened_by text")
    op.execute("alter table signup add column made_by text")


def downgrade() -> None:
    """Whose it was is forgotten: then systems reach neither."""
    op.execute("alter table signup drop column made_by")
    op.execute("alter table activity drop column opened_by")
