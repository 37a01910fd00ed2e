"""Whom an activity is for, when one may sign up, and its quotas; and what rules ask of people, as registration's facts tell it."""

from alembic import op

revision = "events_0012"
down_revision = "events_0011"
branch_labels = None
depends_on = None

LEARNED = """
alter table programme add column tracks jsonb not null default '[]';
alter table enrolment add column track text, add column institution text, add column district text, add column birth_month text;
alter table professional add column profession text, add column institution text, add column district text;
"""

DECIDED = """
alter table activity add column rule jsonb not null default '{}', add column windows jsonb not null default '{}';
alter table signup add column counted jsonb not null default '{}', add column late boolean not null default false;
create table quota (
    activity_id uuid not null references activity,
    code text not null,
    place smallint not null,
    who jsonb not null,
    seats integer not null,
    reserved_until jsonb,
    released boolean not null default false,
    taken integer not null default 0 check (taken >= 0),
    primary key (activity_id, code),
    constraint quota_never_overbooked check (reserved_until is not null or taken <= seats)
) with (fillfactor = 70);
create index quota_to_release on quota (activity_id) where reserved_until is not null and not released;
"""


def upgrade() -> None:
    """What registration told before is learned by `deltag refresh registration`; until then it is unknown, and keeps nobody out."""
    op.execute(LEARNED)
    op.execute(DECIDED)


def downgrade() -> None:
    """Activities are for everybody again."""
    op.execute("drop table quota")
    op.execute("alter table signup drop column counted, drop column late")
    op.execute("alter table activity drop column rule, drop column windows")
    op.execute("alter table professional drop column profession, drop column institution, drop column district")
    op.execute("alter table enrolment drop column track, drop column institution, drop column district, drop column birth_month")
    op.execute("alter table programme drop column tracks")
