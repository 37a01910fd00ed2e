"""Seats that are held for a while for somebody who fills in the form."""

from alembic import op

revision = "events_0013"
down_revision = "events_0012"
branch_labels = None
depends_on = None

HOLD = """
create table hold (
    hold_id uuid primary key,
    activity_id uuid not null references activity,
    held_by text not null,
    seats integer not null check (seats > 0),
    counted jsonb not null,
    expires_at timestamptz not null,
    extended boolean not null
);
create index hold_by_activity on hold (activity_id);
create index hold_by_holder on hold (held_by);
create index hold_by_expiry on hold (expires_at);
"""


def upgrade() -> None:
    op.execute(HOLD)


def downgrade() -> None:
    """What is held is free again."""
    op.execute("update activity a set taken = taken - (select coalesce(sum(seats), 0) from hold h where h.activity_id = a.activity_id)")
    op.execute(
        "update quota q set taken = taken - (select coalesce(sum(cast(counted ->> q.code as integer)), 0)"
        " from hold h where h.activity_id = q.activity_id)"
    )
    op.execute("drop table hold")
