"""Who asked for an enrolment, and for whom."""

from alembic import op

revision = "registration_0004"
down_revision = "registration_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.execute("""
        create table enrolment_origin (
            enrolment_id uuid primary key references enrolment,
            subject text not null,
            role text not null,
            guardian_id uuid references guardian,
            how text check (how in ('in-person', 'by-phone', 'on-paper')),
            filled_at timestamptz,
            check ((guardian_id is null) = (how is null)),
            check ((guardian_id is null) = (filled_at is null))
        )
    """)


def downgrade() -> None:
    """Drop it, with what it holds."""
    op.execute("drop table enrolment_origin")
