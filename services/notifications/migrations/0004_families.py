"""Who may be told of which child, and which children a sign-up is for."""

from alembic import op

revision = "notifications_0004"
down_revision = "notifications_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("create table family (child_id uuid primary key, permissions jsonb not null, sequence bigint not null)")
    op.execute("alter table signup add column children jsonb not null default '[]'")


def downgrade() -> None:
    op.execute("alter table signup drop column children")
    op.execute("drop table family")
