"""Contact cards, the send ledger, and the copies of programmes, activities and sign-ups that mails are written from."""

from alembic import op

revision = "notifications_0001"
down_revision = None
branch_labels = ("notifications",)
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table contact_card (
            person_id uuid primary key,
            kind text not null,
            key_id text not null,
            sealed text not null,
            sequence bigint not null,
            received_at timestamptz not null
        )
    """)
    op.execute("create table programme (programme text primary key, name text not null, sequence bigint not null)")
    op.execute("""
        create table activity (
            activity_id uuid primary key,
            status text not null,
            title jsonb not null,
            sessions jsonb not null,
            ends_at timestamptz,
            sequence bigint not null
        )
    """)
    op.execute("create index activity_open on activity (ends_at) where status = 'open'")
    op.execute("""
        create table signup (
            signup_id uuid primary key,
            activity_id uuid not null,
            contact_id uuid not null,
            programme text not null,
            standing text not null,
            position integer,
            seats integer not null,
            seated_at timestamptz,
            sequence bigint not null
        )
    """)
    op.execute("create index signup_seated on signup (activity_id) where standing = 'seated'")
    op.execute("""
        create table mail (
            mail_id uuid primary key,
            key text not null unique,
            kind text not null,
            person_id uuid not null,
            activity_id uuid not null,
            signup_id uuid not null references signup,
            session_id uuid,
            programme text not null,
            cause jsonb,
            queued_at timestamptz not null,
            due_at timestamptz,
            status text not null,
            attempts integer not null,
            language text,
            reason text,
            told text,
            version integer not null
        )
    """)
    op.execute("create index mail_due on mail (due_at) where due_at is not null")
    op.execute("create index mail_held on mail (person_id) where status = 'held'")
    op.execute("create index mail_signup on mail (signup_id, session_id)")
    op.execute("create index mail_activity on mail (activity_id, mail_id)")
    op.execute("create index mail_status on mail (status, mail_id)")


def downgrade() -> None:
    op.execute("drop table mail, signup, activity, programme, contact_card")
