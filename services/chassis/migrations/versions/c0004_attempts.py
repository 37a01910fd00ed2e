"""What tells whether failing again is a message's own fault: how many others succeeded, and how many had when it failed last.

Both tables are altered in the order in which the intake writes to them, and each new column has a default, so processes of
the version before go on meanwhile.
"""

from alembic import op

revision = "chassis_0004"
down_revision = "chassis_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Count successes; remember the count beside each failure, and whether that failure was nobody's attempt."""
    op.execute("alter table chassis.deferred add column succeeded bigint, add column spared boolean not null default false")
    op.execute("alter table chassis.ledger add column succeeded bigint not null default 0")


def downgrade() -> None:
    """Forget them."""
    op.execute("alter table chassis.deferred drop column succeeded, drop column spared")
    op.execute("alter table chassis.ledger drop column succeeded")
