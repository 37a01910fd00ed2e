"""Several programmes may use an institution; what was known before was one programme's."""

from alembic import op

revision = "reporting_0005"
down_revision = "reporting_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table institution add column programmes jsonb")
    op.execute("update institution set programmes = jsonb_build_array(programme)")
    op.execute("alter table institution alter column programmes set not null")


def downgrade() -> None:
    op.execute("alter table institution drop column programmes")
