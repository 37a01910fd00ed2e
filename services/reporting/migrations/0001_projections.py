"""The projections: the last state of every aggregate that is counted, one row each.

`sequence` is the place of that state among its aggregate's facts, `as_of` when it came to be. No row names anyone.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

revision = "reporting_0001"
down_revision = None
branch_labels = ("reporting",)
depends_on = None


def upgrade() -> None:
    _projection(
        "programme",
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("starts_on", sa.Date, nullable=False),
        sa.Column("ends_on", sa.Date, nullable=False),
        sa.Column("target_children", sa.Integer, nullable=False),
        sa.Column("districts", JSONB, nullable=False),
    )
    _projection(
        "institution",
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("district", sa.Text, nullable=False),
        sa.Column("programme", sa.Text, nullable=False),
    )
    _projection(
        "enrolment",
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("programme", sa.Text),
        sa.Column("child_id", UUID),
        sa.Column("guardian_ids", JSONB, nullable=False),
        sa.Column("institution", sa.Text),
        sa.Column("district", sa.Text),
        sa.Column("start_date", sa.Date),
        sa.Column("reason", sa.Text),
    )
    _projection(
        "consent",
        sa.Column("child_id", UUID, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
    )
    _projection(
        "professional",
        sa.Column("profession", sa.Text, nullable=False),
        sa.Column("programme", sa.Text, nullable=False),
        sa.Column("institution", sa.Text),
        sa.Column("district", sa.Text),
    )
    _projection(
        "activity",
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("programme", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("district", sa.Text),
        sa.Column("institution", sa.Text),
        sa.Column("sessions", JSONB, nullable=False),
    )
    _projection(
        "signup",
        sa.Column("activity_id", UUID, nullable=False),
        sa.Column("programme", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("contact_id", UUID, nullable=False),
        sa.Column("party", JSONB, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("signed_up_at", sa.DateTime(timezone=True), nullable=False),
    )
    _projection(
        "attendance",
        sa.Column("session_id", UUID, nullable=False),
        sa.Column("activity_id", UUID, nullable=False),
        sa.Column("person_id", UUID, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("programme", sa.Text, nullable=False),
        sa.Column("held_on", sa.Date, nullable=False),
    )
    _projection(
        "mail",
        sa.Column("person_id", UUID, nullable=False),
        sa.Column("activity_id", UUID),
        sa.Column("state", sa.Text, nullable=False),
    )
    op.create_index("attendance_seat", "attendance", ["session_id", "person_id"])


def downgrade() -> None:
    for name in ("mail", "attendance", "signup", "activity", "professional", "consent", "enrolment", "institution", "programme"):
        op.drop_table(name)


def _projection(name: str, *columns: sa.Column) -> None:
    last = (sa.Column("sequence", sa.BigInteger, nullable=False), sa.Column("as_of", sa.DateTime(timezone=True)))
    op.create_table(name, sa.Column("id", UUID, primary_key=True), *columns, *last)
