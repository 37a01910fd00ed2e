"""Who may be told of which child, and when: a guardian who may not sees nothing of it and signs it up to nothing."""

from alembic import op

revision = "events_0003"
down_revision = "events_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Until registration tells of a family (`deltag refresh registration`), its enrolments say who the guardians are."""
    op.execute("create table family (child_id uuid primary key, guardian_ids jsonb not null, permissions jsonb not null)")
    op.execute("create index family_by_guardian on family using gin (guardian_ids) with (fastupdate = off)")


def downgrade() -> None:
    op.execute("drop table family")
