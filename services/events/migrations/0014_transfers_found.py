"""The way from a sign-up to the one that is to take its place: else every look for transfers read all sign-ups there are."""

from alembic import op

revision = "events_0014"
down_revision = "events_0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("create index signup_by_transfer on signup (transfers_from) where transfers_from is not null")


def downgrade() -> None:
    op.execute("drop index signup_by_transfer")
