"""Who linked a guardian to a child that was there already, and for whom."""

from alembic import op

revision = "registration_0020"
down_revision = "registration_0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table guardian_origin (
            child_id uuid not null references child,
            guardian_id uuid not null references guardian,
            subject text not null,
            role text not null,
            for_guardian_id uuid references guardian,
            how text check (how in ('in-person', 'by-phone', 'on-paper')),
            filled_at timestamptz,
            recorded_at timestamptz not null,
            primary key (child_id, guardian_id),
            check ((for_guardian_id is null) = (how is null)),
            check ((for_guardian_id is null) = (filled_at is null))
        )
    """)
    op.execute("create index guardian_origin_of_guardian on guardian_origin (guardian_id)")
    op.execute("create index guardian_origin_for_guardian on guardian_origin (for_guardian_id) where for_guardian_id is not null")


def downgrade() -> None:
    """Drop it, with what it holds."""
    op.execute("drop table guardian_origin")
