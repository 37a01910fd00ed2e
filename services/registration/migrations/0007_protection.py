"""Who has name and address protection, until when, and what of it others have been told."""

from alembic import op

revision = "registration_0007"
down_revision = "registration_0006"
branch_labels = None
depends_on = None

TABLES = """
create table protection (
    person_id uuid primary key,
    kind text not null check (kind in ('child', 'guardian', 'professional')),
    valid daterange,
    said_at timestamptz not null,
    told boolean not null default false
);
alter table enrolment add column hidden boolean not null default false;
create index enrolment_hidden on enrolment (child_id) where hidden
"""


def upgrade() -> None:
    for statement in TABLES.split(";"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("alter table enrolment drop column hidden")
    op.execute("drop table protection")
