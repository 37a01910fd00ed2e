"""The outbox keeps each body as the text that is sent, and lets a message wait that the broker refused.

To PostgreSQL a body is nothing but bytes, and parsing it cost half of the insert.
"""

from alembic import op

revision = "chassis_0003"
down_revision = "chassis_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep text; count the refusals, and note when the next try is due."""
    op.execute(
        "alter table chassis.outbox alter column body type text using body::text,"
        " add column attempts integer not null default 0, add column due_at timestamptz not null default to_timestamp(0)"
    )


def downgrade() -> None:
    """Keep JSON."""
    op.execute("alter table chassis.outbox alter column body type json using body::json, drop column attempts, drop column due_at")
