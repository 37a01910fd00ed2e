"""Offers of seats: who is asked whether he wants them, and until when."""

from alembic import op

revision = "events_0010"
down_revision = "events_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody is offered anything yet."""
    op.execute("alter table signup drop constraint signup_status_check")
    op.execute("alter table signup add constraint signup_status_check check (status in ('seated', 'offered', 'waiting', 'cancelled'))")
    op.execute("alter table signup add column offers integer not null default 0")
    op.execute("""
        create table offer (
            signup_id uuid primary key references signup,
            activity_id uuid not null references activity,
            offered_at timestamptz not null,
            answer_by timestamptz not null,
            expires_at timestamptz not null,
            told_at timestamptz
        )
    """)
    op.execute("create index offer_by_end on offer (expires_at)")


def downgrade() -> None:
    """Seats that were offered are given."""
    op.execute("drop table offer")
    op.execute("update signup set status = 'seated' where status = 'offered'")
    op.execute("alter table signup drop column offers")
    op.execute("alter table signup drop constraint signup_status_check")
    op.execute("alter table signup add constraint signup_status_check check (status in ('seated', 'waiting', 'cancelled'))")
