"""A child may have no CPR number (yet): it is recognised by what is said of it, of which a keyed hash is kept."""

from alembic import op

revision = "registration_0021"
down_revision = "registration_0020"
branch_labels = None
depends_on = None

CHANGES = """
alter table child
    alter column cpr_lookup drop not null,
    alter column cpr_sealed drop not null,
    add constraint child_number_whole check ((cpr_lookup is null) = (cpr_sealed is null));
create table child_description (
    described bytea not null,
    child_id uuid not null references child on delete cascade,
    primary key (described, child_id)
);
create index child_description_of_child on child_description (child_id)
"""


def upgrade() -> None:
    for statement in CHANGES.split(";"):
        op.execute(statement)


def downgrade() -> None:
    """Refused by the database while there is a child without a number: it has no place in the table as it was."""
    op.execute("drop table child_description")
    op.execute(
        "alter table child drop constraint child_number_whole, alter column cpr_sealed set not null, alter column cpr_lookup set not null"
    )
