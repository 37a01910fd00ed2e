"""Whom to look up in the person register, and where a register knows something else than we were told.

`lookup` is written by the table of guardians itself, whichever door somebody came through.
"""

from alembic import op

revision = "registration_0013"
down_revision = "registration_0012"
branch_labels = None
depends_on = None

TABLES = """
create table lookup (
    guardian_id uuid primary key references guardian on delete cascade,
    due_at timestamptz not null,
    asked integer not null default 1
);
create index lookup_due on lookup (due_at);
create table register_difference (
    difference_id uuid primary key,
    about text not null check (about in ('guardian', 'institution')),
    subject_id uuid not null,
    field text not null,
    told text,
    registered text,
    found_at timestamptz not null,
    decision text check (decision in ('told', 'registered')),
    decided_at timestamptz,
    decided_by text,
    unique (subject_id, field),
    check ((decision is null) = (decided_at is null) and (decision is null) = (decided_by is null))
)
"""
ASK = """
create function {name}() returns trigger language plpgsql as $$ begin
    insert into lookup (guardian_id, due_at) select n.guardian_id, 'epoch' from {rows} order by n.guardian_id
    on conflict (guardian_id) do update set due_at = excluded.due_at, asked = lookup.asked + 1;
    return null;
end $$
"""
NEW = "new_rows n where n.cpr_lookup is not null"
CHANGED = (
    "new_rows n join old_rows o using (guardian_id) where n.cpr_lookup is not null"
    " and (n.cpr_lookup, n.given_name, n.family_name) is distinct from (o.cpr_lookup, o.given_name, o.family_name)"
)
FORGET = """
create function forget_differences() returns trigger language plpgsql as $$ begin
    delete from register_difference where subject_id in (select guardian_id from old_rows);
    return null;
end $$
"""


def upgrade() -> None:
    """Who is there already is looked up too."""
    for statement in TABLES.split(";"):
        op.execute(statement)
    op.execute(ASK.format(name="look_up_new", rows=NEW))
    op.execute(ASK.format(name="look_up_changed", rows=CHANGED))
    op.execute(FORGET)
    for trigger in (
        "look_up_new after insert on guardian referencing new table as new_rows",
        "look_up_changed after update on guardian referencing new table as new_rows old table as old_rows",
        "forget_differences after delete on guardian referencing old table as old_rows",
    ):
        op.execute(f"create trigger {trigger} for each statement execute function {trigger.split()[0]}()")
    op.execute("insert into lookup (guardian_id, due_at) select guardian_id, 'epoch' from guardian where cpr_lookup is not null")


def downgrade() -> None:
    for name in ("look_up_new", "look_up_changed", "forget_differences"):
        op.execute(f"drop trigger {name} on guardian")
        op.execute(f"drop function {name}")
    op.execute("drop table register_difference, lookup")
