"""Quotas can be edited after opening: what is taken then is granted, also where it is more than the quota has now."""

from alembic import op

revision = "events_0019"
down_revision = "events_0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing was granted beyond a quota so far."""
    op.execute("alter table quota add column granted integer not null default 0")
    op.execute("alter table quota drop constraint quota_never_overbooked")
    op.execute("""
        alter table quota add constraint quota_never_overbooked check (reserved_until is not null or taken <= greatest(seats, granted))
    """)


def downgrade() -> None:
    """A quota has as many seats as are taken of it."""
    op.execute("update quota set seats = taken where reserved_until is null and taken > seats")
    op.execute("alter table quota drop constraint quota_never_overbooked, drop column granted")
    op.execute("alter table quota add constraint quota_never_overbooked check (reserved_until is not null or taken <= seats)")
