"""Draws: chance decides in which order seats are given, and everybody can work it out again."""

from alembic import op

revision = "events_0011"
down_revision = "events_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table signup add column lots integer not null default 1")
    op.execute("""
        create table draw (
            activity_id uuid primary key references activity,
            seed text not null,
            commitment text not null,
            closes_at timestamptz not null,
            drawn_at timestamptz
        )
    """)
    op.execute("create index draw_to_come on draw (closes_at) where drawn_at is null")
    op.execute("""
        create table draw_ticket (
            activity_id uuid not null references draw,
            place integer not null,
            signup_id uuid not null references signup,
            lots integer not null,
            primary key (activity_id, place)
        )
    """)


def downgrade() -> None:
    op.execute("drop table draw_ticket, draw")
    op.execute("alter table signup drop column lots")
