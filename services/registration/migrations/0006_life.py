"""An enrolment has stages and a history; so has a professional, with a share of time and a period."""

from alembic import op

revision = "registration_0006"
down_revision = "registration_0005"
branch_labels = None
depends_on = None

CHANGES = """
create table step_taken (
    subject_id uuid not null,
    number integer not null,
    step text not null,
    status text not null,
    effective_date date,
    source text not null,
    request_id text not null,
    reason text,
    track text,
    institution_id uuid references institution,
    recorded_at timestamptz not null,
    primary key (subject_id, number)
);
create index step_taken_of_request on step_taken (source, request_id);
alter table enrolment
    add column step text,
    add column since date,
    add column steps integer not null default 0,
    add column was_enrolled boolean not null default false,
    add column step_id text,
    drop constraint enrolment_status_check,
    drop constraint enrolment_check2,
    add constraint enrolment_stage check (
        status in ('invited', 'interested', 'accepted', 'active', 'paused', 'completed', 'withdrawn', 'rejected')
    ),
    add constraint enrolment_end check ((status in ('completed', 'withdrawn')) = (end_date is not null));
insert into step_taken (subject_id, number, step, status, effective_date, source, request_id, track, institution_id, recorded_at)
    select enrolment_id, 1, 'enrol', 'accepted', start_date, source, request_id, track, institution_id, now()
    from enrolment where status <> 'rejected';
insert into step_taken (subject_id, number, step, status, effective_date, source, request_id, reason, track, institution_id, recorded_at)
    select enrolment_id, 2, 'withdraw', 'withdrawn', end_date, source, withdrawal_id, reason, track, institution_id, now()
    from enrolment where status = 'withdrawn';
update enrolment set steps = 2, step = 'withdraw', since = end_date, was_enrolled = true where status = 'withdrawn';
update enrolment set steps = 1, step = 'enrol', was_enrolled = true where status = 'accepted';
drop index enrolment_one_active;
create unique index enrolment_one_active on enrolment (child_id, programme)
    where status in ('invited', 'interested', 'accepted', 'active', 'paused');
alter table professional
    add column status text not null default 'accepted',
    add column share_percent integer check (share_percent between 1 and 100),
    add column start_date date,
    add column end_date date,
    add column reason text,
    add column since date,
    add column steps integer not null default 0;
insert into step_taken (subject_id, number, step, status, source, request_id, institution_id, recorded_at)
    select professional_id, 1, 'enrol', 'accepted', '/registration', professional_id::text, institution_id, now() from professional;
update professional set steps = 1
"""


def upgrade() -> None:
    """What was accepted was enrolled on its first day; what was withdrawn, ended on its last; who was registered, is enrolled."""
    for statement in CHANGES.split(";"):
        op.execute(statement)


def downgrade() -> None:
    """What is neither accepted, withdrawn nor rejected has no place in the older tables, and is refused."""
    op.execute(
        "alter table professional drop column status, drop column share_percent, drop column start_date, drop column end_date,"
        " drop column reason, drop column since, drop column steps"
    )
    op.execute("drop index enrolment_one_active")
    op.execute(
        "alter table enrolment drop constraint enrolment_stage, drop constraint enrolment_end,"
        " add constraint enrolment_status_check check (status in ('accepted', 'rejected', 'withdrawn')),"
        " add constraint enrolment_check2 check ((status = 'withdrawn') = (end_date is not null)),"
        " drop column step, drop column since, drop column steps, drop column was_enrolled, drop column step_id"
    )
    op.execute("create unique index enrolment_one_active on enrolment (child_id, programme) where status = 'accepted'")
    op.execute("drop table step_taken")
