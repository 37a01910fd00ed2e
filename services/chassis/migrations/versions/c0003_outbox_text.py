"""The outbox keeps each body as the text that is sent: to PostgreSQL it is nothing but bytes, and parsing it cost half of the insert."""

from alembic import op

revision = "chassis_0003"
down_revision = "chassis_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep text."""
    op.execute("alter table chassis.outbox alter column body type text using body::text")


def downgrade() -> None:
    """Keep JSON."""
    op.execute("alter table chassis.outbox alter column body type json using body::json")
