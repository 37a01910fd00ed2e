"""Who may be stored twice, what was decided about it, and what was merged.

`unmatched` is written by the tables of people themselves: whoever stores somebody, or changes what he is recognised by,
through whatever door, he is looked at soon after. Who is erased there leaves nothing here.
"""

# ruff: noqa: S608 - the statements are put together from our own text

from alembic import op

revision = "registration_0012"
down_revision = "registration_0011"
branch_labels = None
depends_on = None

TABLES = """
create table unmatched (
    id bigint generated always as identity primary key,
    person_id uuid not null,
    kind text not null check (kind in ('child', 'guardian'))
);
create table match_key (
    key bigint not null,
    person_id uuid not null,
    primary key (key, person_id)
);
create index match_key_of_person on match_key (person_id);
create table candidate (
    one uuid not null,
    other uuid not null,
    kind text not null check (kind in ('child', 'guardian')),
    score smallint not null,
    reasons jsonb not null,
    found_at timestamptz not null,
    primary key (one, other),
    check (one < other)
);
create index candidate_of_other on candidate (other);
create index candidate_by_score on candidate (score desc, one, other);
create table not_the_same (
    one uuid not null,
    other uuid not null,
    decided_at timestamptz not null,
    decided_by text not null,
    primary key (one, other),
    check (one < other)
);
create table merge (
    merge_id uuid primary key,
    kind text not null check (kind in ('child', 'guardian')),
    merged_id uuid not null,
    into_id uuid not null check (into_id <> merged_id),
    before jsonb not null,
    after jsonb not null,
    merged_at timestamptz not null,
    merged_by text not null,
    undone_at timestamptz,
    undone_by text,
    check ((undone_at is null) = (undone_by is null))
);
create unique index merge_in_force on merge (merged_id) where undone_at is null
"""


def _forget(kind: str) -> str:
    """Everything that is noted here of those who are gone."""
    gone = f"(select {kind}_id from old_rows)"
    pairs = "; ".join(f"delete from {table} where one in {gone} or other in {gone}" for table in ("candidate", "not_the_same"))
    return f"delete from unmatched where person_id in {gone}; delete from match_key where person_id in {gone}; {pairs}"


NOTICES = {
    "child_came": "insert into unmatched (person_id, kind) select child_id, 'child' from new_rows",
    "child_changed": "insert into unmatched (person_id, kind) select child_id, 'child' from new_rows n join old_rows o using (child_id)"
    " where (n.birth_date, n.given_name, n.family_name) is distinct from (o.birth_date, o.given_name, o.family_name)",
    "guardian_came": "insert into unmatched (person_id, kind) select guardian_id, 'guardian' from new_rows",
    "guardian_changed": "insert into unmatched (person_id, kind) select guardian_id, 'guardian' from new_rows n join old_rows o"
    " using (guardian_id) where (n.given_name, n.family_name, n.email, n.phone)"
    " is distinct from (o.given_name, o.family_name, o.email, o.phone)",
    "guardianship_came": "insert into unmatched (person_id, kind) select guardian_id, 'guardian' from new_rows",
    "child_gone": _forget("child"),
    "guardian_gone": _forget("guardian"),
}
WHEN = {
    "came": "after insert on {table} referencing new table as new_rows",
    "changed": "after update on {table} referencing new table as new_rows old table as old_rows",
    "gone": "after delete on {table} referencing old table as old_rows",
}


def upgrade() -> None:
    """Who is there already is looked at too."""
    for statement in TABLES.split(";"):
        op.execute(statement)
    for name, body in NOTICES.items():
        table, _, event = name.partition("_")
        op.execute(f"create function {name}() returns trigger language plpgsql as $$ begin {body}; return null; end $$")
        op.execute(f"create trigger {name} {WHEN[event].format(table=table)} for each statement execute function {name}()")
    op.execute("insert into unmatched (person_id, kind) select child_id, 'child' from child")
    op.execute("insert into unmatched (person_id, kind) select guardian_id, 'guardian' from guardian")


def downgrade() -> None:
    for name in NOTICES:
        op.execute(f"drop trigger {name} on {name.partition('_')[0]}")
        op.execute(f"drop function {name}")
    op.execute("drop table merge, not_the_same, candidate, match_key, unmatched")
