"""Who was erased, by a stand-in that leads back to nobody; and erasures that this service was told of.

`chassis.stand_in` is `services/chassis/erasure/stand_in.py` in SQL. `ids` of an erasure stand there until it is carried out.
"""

from alembic import op

revision = "chassis_0005"
down_revision = "chassis_0004"
branch_labels = None
depends_on = None

STAND_IN = """
create function chassis.stand_in(id text) returns text immutable strict parallel safe language sql as $$
    select substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-8' || substr(h, 14, 3) || '-8' || substr(h, 18, 3) || '-' || substr(h, 21, 12)
    from encode(sha256(convert_to('deltag erased ' || id, 'UTF8')), 'hex') as h
$$
"""
WITH_STAND_INS = """
create function chassis.with_stand_ins(content text, ids text[]) returns text immutable strict language plpgsql as $$
declare one text;
begin
    foreach one in array ids loop content := replace(content, one, chassis.stand_in(one)); end loop;
    return content;
end $$
"""


def upgrade() -> None:
    """Nobody has been erased so far."""
    op.execute(STAND_IN)
    op.execute(WITH_STAND_INS)
    op.execute("create table chassis.erased (number bigint generated always as identity primary key, stand_in text not null unique)")
    op.execute(
        "create table chassis.erasure (erasure_id uuid primary key, ids jsonb, told_at timestamptz not null, done_at timestamptz,"
        " counts jsonb, check ((ids is null) = (done_at is not null)), check ((counts is null) = (done_at is null)))"
    )
    op.execute("create index erasure_ahead on chassis.erasure (told_at) where done_at is null")


def downgrade() -> None:
    """An old message that names somebody who was erased is read as it is again."""
    op.execute("drop table chassis.erasure, chassis.erased")
    op.execute("drop function chassis.with_stand_ins, chassis.stand_in")
