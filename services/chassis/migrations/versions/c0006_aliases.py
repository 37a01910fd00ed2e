"""Ids that stand for others: of two who turned out to be one, the id that is no longer kept."""

from alembic import op

revision = "chassis_0006"
down_revision = "chassis_0005"
branch_labels = None
depends_on = None

FUNCTIONS = """
create function chassis.surviving(id uuid) returns uuid language sql stable as
$$ select coalesce((select a.kept_id from chassis.alias a where a.merged_id = surviving.id), surviving.id) $$;

create function chassis.same(id uuid) returns setof uuid language sql stable as
$$ select chassis.surviving(same.id) union all select a.merged_id from chassis.alias a where a.kept_id = chassis.surviving(same.id) $$
"""


SAME_AS = """
create view chassis.same_as (id, other_id) as
select merged_id, kept_id from chassis.alias
union all select kept_id, merged_id from chassis.alias
union all select one.merged_id, other.merged_id from chassis.alias one join chassis.alias other using (kept_id)
where one.merged_id <> other.merged_id
"""


def upgrade() -> None:
    """`surviving` is the id that is kept; `same` are all ids of the same person, that one among them; `same_as` the other ones."""
    op.execute("""
        create table chassis.alias (
            merged_id uuid primary key,
            into_id uuid not null check (into_id <> merged_id),
            kept_id uuid not null
        )
    """)
    op.execute("create index alias_kept on chassis.alias (kept_id)")
    for statement in FUNCTIONS.split(";"):
        op.execute(statement)
    op.execute(SAME_AS)


def downgrade() -> None:
    op.execute("drop view chassis.same_as")
    op.execute("drop function chassis.same")
    op.execute("drop function chassis.surviving")
    op.execute("drop table chassis.alias")
