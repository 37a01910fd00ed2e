"""Receipts of erasures, legal holds, and the nights in which the rules of retention were seen to."""

from alembic import op

revision = "registration_0010"
down_revision = "registration_0009"
branch_labels = None
depends_on = None

TABLES = """
create table erasure (
    erasure_id uuid primary key,
    why text not null check (why in ('request', 'retention')),
    programme text,
    rule text,
    people jsonb not null,
    decided_at timestamptz not null,
    completed_at timestamptz,
    check ((why = 'retention') = (rule is not null))
);
create index erasure_open on erasure (erasure_id) where completed_at is null;
create table erasure_answer (
    erasure_id uuid not null references erasure,
    service text not null,
    erased_at timestamptz not null,
    counts jsonb not null,
    primary key (erasure_id, service)
);
create table legal_hold (
    hold_id uuid primary key,
    person_id uuid not null,
    reason text not null check (reason in ('complaint', 'court-case', 'supervision', 'archive')),
    placed_at timestamptz not null,
    until date,
    lifted_at timestamptz
);
create index legal_hold_of_person on legal_hold (person_id);
create table retention_night (
    night date primary key,
    begun_at timestamptz not null,
    erased integer,
    kept integer,
    answers integer
)
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";"):
        op.execute(statement)


def downgrade() -> None:
    """Drop them, with what they hold."""
    op.execute("drop table retention_night, legal_hold, erasure_answer, erasure")
