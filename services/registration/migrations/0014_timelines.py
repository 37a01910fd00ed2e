"""What came late counts from its own time: steps by their days, and of two withdrawals of a consent the one that was said first."""

from alembic import op

revision = "registration_0014"
down_revision = "registration_0013"
branch_labels = None
depends_on = None

KEEP_HISTORY = """
create or replace function consent_is_kept() returns trigger language plpgsql as $$
begin
    if (to_jsonb(new) - 'status' - 'withdrawn_at') is distinct from (to_jsonb(old) - 'status' - 'withdrawn_at')
        or {withdrawn}
    then
        raise exception 'a consent is never changed, but for its withdrawal' using errcode = 'check_violation';
    end if;
    return new;
end $$
"""
ONCE = "old.status <> 'given'"
OR_EARLIER = "(old.status <> 'given' and (new.status <> 'withdrawn' or new.withdrawn_at >= old.withdrawn_at))"


def upgrade() -> None:
    """The first step was a request for the enrolment, and so was what led an invited family on to a day on which it was to start."""
    op.execute("alter table step_taken add column said_at timestamptz, add column anew boolean not null default false")
    op.execute(
        "update step_taken t set anew = true from enrolment e where e.enrolment_id = t.subject_id"
        " and (t.number = 1 or (t.step in ('interest', 'enrol') and t.effective_date = e.start_date))"
    )
    op.execute(KEEP_HISTORY.format(withdrawn=OR_EARLIER))


def downgrade() -> None:
    op.execute(KEEP_HISTORY.format(withdrawn=ONCE))
    op.execute("alter table step_taken drop column anew, drop column said_at")
