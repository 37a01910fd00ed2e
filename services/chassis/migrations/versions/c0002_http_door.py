"""The tables of the HTTP door: stored answers to idempotency keys, and the audit."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "chassis_0002"
down_revision = "chassis_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "idempotency",
        sa.Column("subject", sa.Text, primary_key=True, comment="whose key it is"),
        sa.Column("route", sa.Text, primary_key=True, comment="the method and the template of the path"),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("request", sa.Text, nullable=False, comment="a hash of the path, the query and the body"),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("headers", JSONB, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        schema="chassis",
    )
    op.create_index("idempotency_expiry", "idempotency", ["expires_at"], schema="chassis")
    op.create_table(
        "audit",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject", sa.Text, nullable=False, comment="the caller, by his id at the issuer"),
        sa.Column("roles", JSONB, nullable=False),
        sa.Column("purpose", sa.Text),
        sa.Column("route", sa.Text, nullable=False, comment="the method and the template of the path"),
        sa.Column("objects", JSONB, nullable=False, comment="ids of what was read or changed"),
        sa.Column("correlation_id", sa.Text, nullable=False),
        schema="chassis",
    )
    op.create_index("audit_at", "audit", ["at"], schema="chassis")
    op.create_index(
        "audit_objects", "audit", ["objects"], schema="chassis", postgresql_using="gin", postgresql_ops={"objects": "jsonb_path_ops"}
    )


def downgrade() -> None:
    """Drop both, with what they hold."""
    op.drop_table("audit", schema="chassis")
    op.drop_table("idempotency", schema="chassis")
