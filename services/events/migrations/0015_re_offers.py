"""What a sign-up was offered for: another one, to what was called off or moved. Each is offered something else once."""

from alembic import op

revision = "events_0015"
down_revision = "events_0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing was offered for anything yet."""
    op.execute("alter table signup add column instead_of uuid references signup")
    op.execute("create unique index signup_instead_of on signup (instead_of) where instead_of is not null")


def downgrade() -> None:
    """Sign-ups that were made so stay, as anybody's own."""
    op.execute("alter table signup drop column instead_of")
