"""Who has agreed to be written to, and who has taken that back."""

from alembic import op

revision = "notifications_0005"
down_revision = "notifications_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table consent (
            consent_id uuid primary key,
            person_id uuid not null,
            given boolean not null,
            said_at timestamptz not null,
            sequence bigint not null
        )
    """)
    op.execute("create index consent_of_person on consent (person_id)")


def downgrade() -> None:
    op.execute("drop table consent")
