"""Rooms, equipment and facilitators, and which session has booked them when."""

from alembic import op

revision = "events_0006"
down_revision = "events_0005"
branch_labels = None
depends_on = None

TABLES = """
create table bookable (
    bookable_id uuid primary key,
    number bigint generated always as identity unique,
    kind text not null check (kind in ('room', 'equipment', 'facilitator')),
    programme text not null,
    institution text,
    name jsonb,
    professional_id uuid,
    hard boolean not null,
    check ((kind = 'facilitator') = (professional_id is not null))
);
create index bookable_by_professional on bookable (professional_id) where professional_id is not null;
create table booking (
    session_id uuid not null references session,
    bookable_id uuid not null references bookable,
    number bigint not null,
    hard boolean not null,
    during tstzrange not null,
    primary key (session_id, bookable_id),
    constraint never_booked_twice exclude using gist (int8range(number, number, '[]') with &&, during with &&)
        where (hard) deferrable initially deferred
);
create index booking_by_bookable on booking (bookable_id);
create index booking_by_number on booking (number);
"""


def upgrade() -> None:
    """The number stands in a range, for ranges need no extension to be kept apart; checked at the end, when all sessions have moved."""
    op.execute(TABLES)


def downgrade() -> None:
    op.execute("drop table booking, bookable")
