"""The tables of delivery: outbox, sequences, positions, inbox, deferred, attempts, ledger."""

from alembic import op

revision = "chassis_0001"
down_revision = None
branch_labels = ("chassis",)
depends_on = None

TABLES = """
create table chassis.outbox (
    id bigint generated always as identity primary key,
    exchange text not null,
    routing_key text not null,
    key text not null,
    message_id text not null,
    type text not null,
    correlation_id text,
    body json not null,
    created_at timestamptz not null default clock_timestamp()
);
create table chassis.aggregate_sequence (
    key text primary key,
    last bigint not null check (last > 0)
) with (fillfactor = 80);
create table chassis.position (
    consumer text not null,
    key text not null,
    last bigint not null,
    primary key (consumer, key)
) with (fillfactor = 80);
create table chassis.inbox (
    consumer text not null,
    source text not null,
    id text not null,
    content text not null,
    door text not null default 'bus',
    taken_at timestamptz not null default clock_timestamp(),
    primary key (consumer, source, id)
);
create table chassis.deferred (
    id bigint generated always as identity primary key,
    consumer text not null,
    kind text not null check (kind in ('early', 'retry', 'parked')),
    source text not null default '',
    message_id text not null,
    content text not null,
    type text not null default '',
    key text not null default '',
    sequence bigint,
    attempts integer not null default 0,
    due_at timestamptz not null default clock_timestamp(),
    slug text not null default '',
    reason text not null default '',
    fingerprint text not null default '',
    exchange text not null default '',
    routing_key text not null default '',
    properties json not null default '{}',
    body bytea not null,
    created_at timestamptz not null default clock_timestamp(),
    changed_at timestamptz not null default clock_timestamp(),
    unique (consumer, source, message_id, content)
);
create index deferred_due on chassis.deferred (consumer, due_at) where kind = 'retry';
create index deferred_early on chassis.deferred (consumer, key, sequence) where kind = 'early';
create index deferred_parked on chassis.deferred (fingerprint, id) where kind = 'parked';
create table chassis.attempt (
    consumer text not null,
    source text not null,
    message_id text not null,
    count integer not null,
    tried_at timestamptz not null default clock_timestamp(),
    primary key (consumer, source, message_id)
);
create table chassis.ledger (
    consumer text not null,
    process text not null,
    handled bigint not null default 0,
    duplicate bigint not null default 0,
    deferred bigint not null default 0,
    released bigint not null default 0,
    skipped bigint not null default 0,
    primary key (consumer, process)
) with (fillfactor = 50);
create table chassis.operator_action (
    id bigint generated always as identity primary key,
    at timestamptz not null default clock_timestamp(),
    actor text not null,
    action text not null,
    deferred_id bigint,
    message_id text not null,
    fingerprint text not null,
    reason text not null default ''
)
"""


def upgrade() -> None:
    """Create the schema and its tables."""
    op.execute("create schema if not exists chassis")
    for statement in TABLES.split(";"):
        op.execute(statement)


def downgrade() -> None:
    """Drop them all, with what they hold."""
    op.execute("drop schema chassis cascade")
