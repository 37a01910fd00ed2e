"""Institutions are the municipality's: one programme or several refer to them."""

from alembic import op

revision = "registration_0018"
down_revision = "registration_0017"
branch_labels = None
depends_on = None

CHANGES = """
create table programme_institution (
    position bigint generated always as identity,
    programme text not null references programme (code),
    institution_id uuid not null references institution,
    primary key (programme, institution_id)
);
create index programme_of_institution on programme_institution (institution_id, position);
insert into programme_institution (programme, institution_id) select programme, institution_id from institution order by code;
alter table institution drop column programme
"""

BACK = """
alter table institution add column programme text references programme (code);
update institution i set programme = (
    select programme from programme_institution r where r.institution_id = i.institution_id order by position limit 1
);
alter table institution alter column programme set not null;
drop table programme_institution
"""


def upgrade() -> None:
    """Each institution is referred to by the programme whose it was."""
    _run(CHANGES)


def downgrade() -> None:
    """Each institution belongs to the programme that named it first, and the others lose it."""
    _run(BACK)


def _run(statements: str) -> None:
    for statement in statements.split(";"):
        op.execute(statement)
