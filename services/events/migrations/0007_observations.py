"""When somebody's coming was seen, apart from when it was recorded, and why it was corrected; and records of who dropped in."""

from alembic import op

revision = "events_0007"
down_revision = "events_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What was recorded so far was seen when it was recorded: a replica that knows nothing of this goes on writing."""
    op.execute("alter table attendance alter column signup_id drop not null")
    for table in ("attendance", "attendance_history"):
        op.execute(f"alter table {table} add column seen_at timestamptz, add column nonce uuid, add column reason text")
    op.execute("create unique index attendance_nonce on attendance_history (attendance_id, nonce) where nonce is not null")
    op.execute("create index attendance_by_person on attendance (person_id)")


def downgrade() -> None:
    """Who dropped in has no sign-up, and so no record any more."""
    op.execute("delete from attendance_history where attendance_id in (select attendance_id from attendance where signup_id is null)")
    op.execute("delete from attendance where signup_id is null")
    op.execute("drop index attendance_by_person, attendance_nonce")
    for table in ("attendance", "attendance_history"):
        op.execute(f"alter table {table} drop column seen_at, drop column nonce, drop column reason")
    op.execute("alter table attendance alter column signup_id set not null")
