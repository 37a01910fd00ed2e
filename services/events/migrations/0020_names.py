"""The names of institutions: rules name them by codes, and people read names."""

from alembic import op

revision = "events_0020"
down_revision = "events_0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Names come with the next facts; until then the code is shown."""
    op.execute("alter table institution add column name text")


def downgrade() -> None:
    """Codes are shown again."""
    op.execute("alter table institution drop column name")
