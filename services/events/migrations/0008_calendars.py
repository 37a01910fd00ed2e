"""Calendar feeds, and the way from a person to every sign-up that he ever had."""

from alembic import op

revision = "events_0008"
down_revision = "events_0007"
branch_labels = None
depends_on = None

CALENDAR = """
create table calendar (
    calendar_id uuid primary key,
    kind text not null check (kind in ('family', 'professional', 'institution')),
    made_by text not null,
    institution text,
    language text not null,
    made_at timestamptz not null,
    token_hash bytea not null unique,
    check ((kind = 'institution') = (institution is not null))
);
create index calendar_by_maker on calendar (made_by);
create index party_by_person_ever on party (person_id);
create index signup_by_contact on signup (contact_id);
create index activity_by_institution on activity (institution);
"""


def upgrade() -> None:
    op.execute(CALENDAR)


def downgrade() -> None:
    op.execute("drop index activity_by_institution, signup_by_contact, party_by_person_ever")
    op.execute("drop table calendar")
