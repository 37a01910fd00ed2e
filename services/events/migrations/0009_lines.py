"""The rule by which an activity's line is kept, where everybody stands in it, and the record of what was decided."""

from alembic import op

revision = "events_0009"
down_revision = "events_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Whoever waits keeps his place: by arrival, which was the only rule there was."""
    op.execute("alter table activity add column line jsonb not null default '{}'")
    op.execute("""
        alter table signup
            add column rank integer not null default 0,
            add column place integer,
            add column passes integer not null default 0,
            add column transfers_from uuid references signup
    """)
    op.execute("update signup set place = number")
    op.execute("alter table signup alter column place set not null")
    op.execute("drop index signup_line")
    op.execute("create index signup_line on signup (activity_id, rank, place, signed_up_at, number) where status = 'waiting'")
    op.execute("""
        create table decision (
            id bigint generated always as identity primary key,
            signup_id uuid not null,
            activity_id uuid not null,
            what text not null,
            at timestamptz not null,
            "values" jsonb not null
        )
    """)
    op.execute("create index decision_by_signup on decision (signup_id, id)")


def downgrade() -> None:
    """Everybody waits by arrival again."""
    op.execute("drop table decision")
    op.execute("drop index signup_line")
    op.execute("alter table signup drop column rank, drop column place, drop column passes, drop column transfers_from")
    op.execute("create index signup_line on signup (activity_id, number) where status = 'waiting'")
    op.execute("alter table activity drop column line")
