"""The table of effects."""

from alembic import op

revision = "tiny_0001"
down_revision = None
branch_labels = ("tiny",)
depends_on = None


def upgrade() -> None:
    """Create it."""
    op.execute("create table effect (id bigint generated always as identity, subject text, number int not null, message text not null)")


def downgrade() -> None:
    """Drop it."""
    op.execute("drop table effect")
