"""What was corrected of whom, by whom and why; and by which names a guardian was known before."""

from alembic import op

revision = "registration_0019"
down_revision = "registration_0018"
branch_labels = None
depends_on = None

CHANGES = """
create table person_correction (
    correction_id uuid primary key,
    kind text not null check (kind in ('child', 'guardian')),
    person_id uuid not null,
    reason text not null check (reason in ('mistyped', 'changed', 'as-registered', 'asked-for')),
    source text not null,
    request_id text not null,
    by_subject text not null,
    by_role text not null,
    said_at timestamptz not null,
    recorded_at timestamptz not null,
    before jsonb not null,
    after jsonb not null
);
create index person_correction_of_person on person_correction (person_id);
alter table child add column corrected jsonb not null default '{}';
alter table guardian add column former_names jsonb not null default '[]'
"""


def upgrade() -> None:
    for statement in CHANGES.split(";"):
        op.execute(statement)


def downgrade() -> None:
    """Whatever was corrected stays as it is; that it was, is forgotten."""
    op.execute("alter table guardian drop column former_names")
    op.execute("alter table child drop column corrected")
    op.execute("drop table person_correction")
