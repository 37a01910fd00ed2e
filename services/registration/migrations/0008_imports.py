"""Imports: files on their way, their lines, which lines belong together, and the columns that a sender's files had before."""

from alembic import op

revision = "registration_0008"
down_revision = "registration_0007"
branch_labels = None
depends_on = None

TABLES = """
create table import (
    import_id uuid primary key,
    kind text not null check (kind in ('families', 'professionals', 'institutions')),
    state text not null,
    sender text not null,
    file_hash text not null,
    constants jsonb not null,
    header_sealed bytea,
    header_line integer not null default 0,
    columns jsonb,
    cursor integer not null default 0,
    done integer not null default 0,
    total integer not null default 0,
    report text,
    trouble jsonb not null default '[]',
    created_at timestamptz not null,
    expires_at timestamptz not null
);
create index import_of_state on import (state);
create table import_file (
    import_id uuid primary key references import,
    sealed bytea not null
);
alter table import_file alter column sealed set storage external;
create table import_row (
    import_id uuid not null references import,
    number integer not null,
    family integer not null,
    crowd boolean not null default false,
    status text not null,
    errors smallint not null,
    warnings smallint not null,
    deed text,
    fingerprint bytea,
    reading_sealed bytea not null,
    outcome_sealed bytea,
    primary key (import_id, number)
);
create index import_row_of_family on import_row (import_id, family, number);
create table import_key (
    import_id uuid not null references import,
    key bytea not null,
    number integer not null,
    primary key (import_id, key, number)
);
create table import_columns (
    sender text not null,
    kind text not null,
    header_hash text not null,
    fields jsonb not null,
    primary key (sender, kind, header_hash)
)
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";"):
        op.execute(statement)


def downgrade() -> None:
    """Drop them, with what they hold."""
    op.execute("drop table import_columns, import_key, import_row, import_file, import")
