"""The shelf's tables."""

from alembic import op

revision = "shelf_0001"
down_revision = None
branch_labels = ("shelf",)
depends_on = None


def upgrade() -> None:
    """Create them."""
    op.execute("create table book (id uuid primary key, title text not null, copies integer not null, added_on date not null)")
    op.execute("create table reader (id uuid primary key, name text not null, institution text not null)")


def downgrade() -> None:
    """Drop them."""
    op.execute("drop table book, reader")
