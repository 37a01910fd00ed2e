"""What holds between a child and a guardian has dates; a guardian lives somewhere, and says how he wants to be reached."""

from alembic import op

revision = "registration_0005"
down_revision = "registration_0004"
branch_labels = None
depends_on = None

CHANGES = """
alter table guardian
    add column address jsonb,
    add column channels jsonb not null default '[]',
    add column shares_contacts boolean not null default false,
    add column corrected jsonb not null default '{}';
alter table guardianship
    drop constraint guardianship_pkey,
    add column valid daterange not null default daterange(null, null) check (not isempty(valid)),
    add column relation text not null default 'other',
    add column contact_allowed boolean not null default true,
    add column residence boolean,
    add column said_at timestamptz;
update guardianship set residence = custody;
alter table guardianship
    alter column residence set not null,
    alter column valid drop default,
    alter column relation drop default,
    alter column contact_allowed drop default;
create unique index guardianship_spell on guardianship (child_id, guardian_id, valid);
alter table guardianship add constraint guardianship_without_overlap exclude using gist (
    uuid_range(child_id, child_id, '[]') with =, uuid_range(guardian_id, guardian_id, '[]') with =, valid with &&
);
create table answer (
    source text not null,
    request_id text not null,
    request text not null,
    answered_at timestamptz not null,
    primary key (source, request_id)
)
"""
"""A range of one id stands for the id: GiST knows how to compare ranges, and ids only with an extension."""


def upgrade() -> None:
    """Everything that is known holds since ever; a child lives with those who have custody of it."""
    for statement in CHANGES.split(";"):
        op.execute(statement)


def downgrade() -> None:
    """What holds now stays, with no date to it."""
    op.execute("drop table answer")
    op.execute("alter table guardianship drop constraint guardianship_without_overlap")
    op.execute("drop index guardianship_spell")
    op.execute("delete from guardianship where not valid @> current_date")
    op.execute(
        "alter table guardianship drop column valid, drop column relation, drop column contact_allowed, drop column residence,"
        " drop column said_at, add primary key (child_id, guardian_id)"
    )
    op.execute("alter table guardian drop column address, drop column channels, drop column shares_contacts, drop column corrected")
