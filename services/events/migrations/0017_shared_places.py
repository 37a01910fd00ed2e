"""Several programmes may use an institution."""

from alembic import op

revision = "events_0017"
down_revision = "events_0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Until the next fact of it each is the one programme's whose it was."""
    op.execute("alter table institution add column programmes jsonb not null default '[]'")
    op.execute("update institution set programmes = jsonb_build_array(programme)")
    op.execute("drop index institution_by_code")
    op.execute("create index institution_by_code on institution (institution)")


def downgrade() -> None:
    op.execute("drop index institution_by_code")
    op.execute("create index institution_by_code on institution (programme, institution)")
    op.execute("alter table institution drop column programmes")
