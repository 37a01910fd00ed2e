"""Where an institution lay when: a figure stays in the district of its own day, and its row keeps its name."""

from alembic import op

revision = "reporting_0002"
down_revision = "reporting_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What is known so far lies where it always lay."""
    op.execute("alter table institution add column placements jsonb")
    op.execute("update institution set placements = jsonb_build_array(jsonb_build_object('district', district))")
    op.execute("alter table institution alter column placements set not null")


def downgrade() -> None:
    op.execute("alter table institution drop column placements")
