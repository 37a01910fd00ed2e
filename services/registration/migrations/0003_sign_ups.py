"""Sign-ups without an account: links and codes, the sessions that they open, and what is asked for in them."""

from alembic import op

revision = "registration_0003"
down_revision = "registration_0002"
branch_labels = None
depends_on = None

TABLES = """
create table sign_up_link (
    link_id uuid primary key,
    channel text not null check (channel in ('email', 'sms')),
    programme text not null references programme (code),
    language text not null,
    address bytea not null,
    network bytea not null,
    secret bytea not null unique,
    asked_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    tries integer not null default 0
);
create index sign_up_link_of_address on sign_up_link (address, asked_at);
create index sign_up_link_of_network on sign_up_link (network, asked_at);
create index sign_up_link_asked on sign_up_link (asked_at);
create table sign_up_session (
    session_id uuid primary key,
    link_id uuid not null unique,
    channel text not null,
    programme text not null,
    address bytea not null,
    opened_at timestamptz not null,
    expires_at timestamptz not null
);
create table sign_up_request (
    sign_up_request_id uuid primary key,
    session_id uuid not null,
    request_id text not null,
    hash text not null,
    status text not null check (status in ('received', 'rejected', 'waiting', 'taken', 'declined')),
    programme text,
    institution text,
    content bytea,
    why jsonb not null,
    reasons jsonb not null,
    received_at timestamptz not null,
    unique (session_id, request_id)
);
create index sign_up_request_at_work on sign_up_request (sign_up_request_id) where status in ('received', 'waiting')
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";"):
        op.execute(statement)


def downgrade() -> None:
    """Drop them, with what they hold."""
    op.execute("drop table sign_up_request, sign_up_session, sign_up_link")
