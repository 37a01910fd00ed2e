"""The tables that the door keeps in each service's own database: stored answers, and the audit."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

METADATA = sa.MetaData(schema="chassis")

IDEMPOTENCY = sa.Table(
    "idempotency",
    METADATA,
    sa.Column("subject", sa.Text, primary_key=True, comment="whose key it is"),
    sa.Column("route", sa.Text, primary_key=True, comment="the method and the template of the path"),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("request", sa.Text, nullable=False, comment="a hash of the path, the query and the body"),
    sa.Column("status", sa.SmallInteger, nullable=False),
    sa.Column("headers", JSONB, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    sa.Index("idempotency_expiry", "expires_at"),
)

AUDIT = sa.Table(
    "audit",
    METADATA,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("subject", sa.Text, nullable=False, comment="the caller, by his id at the issuer"),
    sa.Column("roles", JSONB, nullable=False),
    sa.Column("purpose", sa.Text),
    sa.Column("route", sa.Text, nullable=False, comment="the method and the template of the path"),
    sa.Column("objects", JSONB, nullable=False, comment="ids of what was read or changed"),
    sa.Column("correlation_id", sa.Text, nullable=False),
    sa.Index("audit_at", "at"),
    sa.Index("audit_objects", "objects", postgresql_using="gin", postgresql_ops={"objects": "jsonb_path_ops"}),
)
