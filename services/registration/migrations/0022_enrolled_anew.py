"""A child whose end is coming may be enrolled anew from that day on; beside such enrolments it still has one in a programme."""

from alembic import op

revision = "registration_0022"
down_revision = "registration_0021"
branch_labels = None
depends_on = None

ONE_LIVING = (
    "create unique index enrolment_one_active on enrolment (child_id, programme)"
    " where status in ('invited', 'interested', 'accepted', 'active', 'paused')"
)
LEAVES = """coming @> '[{"step": "withdraw"}]' or coming @> '[{"step": "complete"}]'"""


def upgrade() -> None:
    op.execute("drop index enrolment_one_active")
    op.execute(f"{ONE_LIVING} and not ({LEAVES})")


def downgrade() -> None:
    """Refused while somebody who leaves is enrolled anew: no row says which of the two is the one."""
    op.execute("drop index enrolment_one_active")
    op.execute(ONE_LIVING)
