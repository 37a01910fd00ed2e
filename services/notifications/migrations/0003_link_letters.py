"""Sign-up links and codes on their way."""

from alembic import op

revision = "notifications_0003"
down_revision = "notifications_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table link_letter (
            link_id uuid primary key,
            channel text not null,
            language text not null,
            programme text,
            sealed text,
            expires_at timestamptz not null,
            due_at timestamptz,
            status text not null,
            attempts integer not null,
            reason text,
            version integer not null,
            check ((sealed is null) = (due_at is null))
        )
    """)
    op.execute("create index link_letter_due on link_letter (due_at) where due_at is not null")


def downgrade() -> None:
    op.execute("drop table link_letter")
