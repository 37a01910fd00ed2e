"""Programmes and places, people, enrolments, consents."""

from alembic import op

revision = "registration_0001"
down_revision = None
branch_labels = ("registration",)
depends_on = None

TABLES = """
create table programme (
    programme_id uuid primary key,
    code text not null unique,
    definition jsonb not null,
    loaded_at timestamptz not null
);
create table consent_text (
    programme text not null references programme (code),
    purpose text not null,
    version text not null,
    language text not null,
    words text not null,
    primary key (programme, purpose, version, language)
);
create table institution (
    institution_id uuid primary key,
    code text not null unique,
    number text unique,
    name text not null,
    kind text not null,
    district text not null,
    programme text not null references programme (code)
);
create table child (
    child_id uuid primary key,
    cpr_lookup bytea not null unique,
    cpr_sealed bytea not null,
    birth_date date not null,
    given_name text not null,
    family_name text not null
);
create table guardian (
    guardian_id uuid primary key,
    cpr_lookup bytea unique,
    cpr_sealed bytea,
    given_name text not null,
    family_name text not null,
    email text,
    phone text,
    language text not null,
    spoken_language text,
    check ((cpr_lookup is null) = (cpr_sealed is null))
);
create table guardianship (
    child_id uuid not null references child,
    guardian_id uuid not null references guardian,
    custody boolean not null,
    primary key (child_id, guardian_id)
);
create index guardianship_of_guardian on guardianship (guardian_id);
create table enrolment (
    enrolment_id uuid primary key,
    source text not null,
    request_id text not null,
    withdrawal_id text,
    status text not null check (status in ('accepted', 'rejected', 'withdrawn')),
    programme text references programme (code),
    track text,
    child_id uuid references child,
    guardian_ids jsonb not null,
    institution_id uuid references institution,
    district text,
    start_date date,
    end_date date,
    reason text,
    reasons jsonb not null,
    unique (source, request_id),
    check ((status = 'rejected') = (child_id is null)),
    check ((status = 'rejected') = (jsonb_array_length(reasons) > 0)),
    check ((status = 'withdrawn') = (end_date is not null))
);
create unique index enrolment_one_active on enrolment (child_id, programme) where status = 'accepted';
create index enrolment_of_child on enrolment (child_id) where child_id is not null;
create index enrolment_of_institution on enrolment (institution_id, enrolment_id);
create table consent (
    consent_id uuid primary key,
    child_id uuid not null references child,
    guardian_id uuid not null references guardian,
    programme text not null,
    purpose text not null,
    text_version text not null,
    language text not null,
    channel text not null,
    given_at timestamptz not null,
    status text not null check (status in ('given', 'withdrawn')),
    withdrawn_at timestamptz,
    check ((status = 'withdrawn') = (withdrawn_at is not null)),
    foreign key (programme, purpose, text_version, language) references consent_text
);
create index consent_of_child on consent (child_id);
create table professional (
    professional_id uuid primary key,
    programme text not null references programme (code),
    profession text not null,
    given_name text not null,
    family_name text not null,
    email text not null,
    phone text,
    language text not null,
    institution_id uuid not null references institution
);
create unique index professional_by_email on professional (programme, lower(email))
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";"):
        op.execute(statement)


def downgrade() -> None:
    """Drop them, with what they hold."""
    tables = "professional, consent, enrolment, guardianship, guardian, child, institution, consent_text, programme"
    op.execute(f"drop table {tables}")
