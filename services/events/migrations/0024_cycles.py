"""Cycles: activities that follow each other and are signed up to as one."""

from alembic import op

revision = "events_0024"
down_revision = "events_0023"
branch_labels = None
depends_on = None

TABLES = """
create table cycle (
    cycle_id uuid primary key,
    programme text not null,
    title jsonb not null
);
create table cycle_part (
    cycle_id uuid not null references cycle,
    place smallint not null,
    activity_id uuid not null references activity,
    primary key (cycle_id, place)
);
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    """What belonged together stands alone; sign-ups stay."""
    op.execute("drop table cycle_part, cycle")
