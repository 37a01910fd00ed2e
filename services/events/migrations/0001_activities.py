"""Activities, sign-ups and attendance; and the copy of registration's facts that says who may sign up."""

from alembic import op

revision = "events_0001"
down_revision = None
branch_labels = ("events",)
depends_on = None

KNOWN = """
create table programme (
    programme text primary key,
    districts jsonb not null
);
create table institution (
    institution_id uuid primary key,
    institution text not null,
    programme text not null,
    district text
);
create index institution_by_code on institution (programme, institution);
create table professional (
    professional_id uuid primary key,
    programme text not null
);
create table enrolment (
    enrolment_id uuid primary key,
    child_id uuid not null,
    programme text not null,
    accepted boolean not null,
    guardian_ids jsonb not null
);
create index enrolment_by_child on enrolment (child_id);
create index enrolment_by_guardian on enrolment using gin (guardian_ids) with (fastupdate = off);
create table consent (
    consent_id uuid primary key,
    child_id uuid not null,
    guardian_id uuid not null,
    given boolean not null,
    said_at timestamptz not null
);
create index consent_by_child on consent (child_id);
"""

OWNED = """
create table activity (
    activity_id uuid primary key,
    programme text not null,
    kind text not null,
    title jsonb not null,
    district text not null,
    institution_id uuid,
    institution text,
    status text not null check (status in ('open', 'called-off')),
    capacity integer not null check (capacity > 0),
    taken integer not null default 0,
    waiting integer not null default 0 check (waiting >= 0),
    last_number integer not null default 0,
    opening text not null,
    constraint never_overbooked check (taken between 0 and capacity),
    constraint called_off_is_empty check (status = 'open' or (taken = 0 and waiting = 0))
) with (fillfactor = 70);
create table session (
    session_id uuid primary key,
    activity_id uuid not null references activity,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    place text not null,
    check (starts_at < ends_at)
);
create index session_by_activity on session (activity_id);
create table signup (
    signup_id uuid primary key,
    activity_id uuid not null references activity,
    contact_id uuid not null,
    seats integer not null check (seats > 0),
    number integer not null,
    status text not null check (status in ('seated', 'waiting', 'cancelled')),
    reason text,
    signed_up_at timestamptz not null,
    constraint one_number_each unique (activity_id, number)
) with (fillfactor = 80);
create index signup_line on signup (activity_id, number) where status = 'waiting';
create table party (
    signup_id uuid not null references signup,
    place smallint not null,
    activity_id uuid not null,
    person_id uuid not null,
    role text not null check (role in ('child', 'guardian', 'professional')),
    active boolean not null default true,
    primary key (signup_id, place)
) with (fillfactor = 80);
create unique index one_seat_each on party (activity_id, person_id) where active;
create index party_by_person on party (person_id) where active;
create table attendance (
    attendance_id uuid primary key,
    session_id uuid not null references session,
    signup_id uuid not null references signup,
    person_id uuid not null,
    role text not null,
    state text not null check (state in ('present', 'late', 'excused', 'absent', 'unknown')),
    recorded_at timestamptz not null,
    recorded_by text not null,
    constraint one_record_each unique (session_id, person_id)
);
create table attendance_history (
    id bigint generated always as identity primary key,
    attendance_id uuid not null references attendance,
    state text not null,
    recorded_at timestamptz not null,
    recorded_by text not null
);
create index attendance_history_by_attendance on attendance_history (attendance_id);
"""


def upgrade() -> None:
    """Facts from outside first, then what this service decides."""
    op.execute(KNOWN)
    op.execute(OWNED)


def downgrade() -> None:
    """Everything goes; the facts can be had again with `deltag refresh registration`."""
    op.execute("drop table attendance_history, attendance, party, signup, session, activity")
    op.execute("drop table consent, enrolment, professional, institution, programme")
