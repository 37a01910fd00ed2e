"""A file may be about districts: the Dagtilbudsregister's Daginstitutioner."""

from alembic import op

revision = "registration_0023"
down_revision = "registration_0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table import drop constraint import_kind_check")
    op.execute(
        "alter table import add constraint import_kind_check check (kind in ('families', 'professionals', 'institutions', 'districts'))"
    )


def downgrade() -> None:
    """Refused while an import of districts is kept."""
    op.execute("alter table import drop constraint import_kind_check")
    op.execute("alter table import add constraint import_kind_check check (kind in ('families', 'professionals', 'institutions'))")
