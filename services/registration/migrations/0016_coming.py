"""A step that is dated ahead is coming until its day, and can be called back until then."""

from alembic import op

revision = "registration_0016"
down_revision = "registration_0015"
branch_labels = None
depends_on = None

CHANGES = """
alter table step_taken add column called_back_at timestamptz, add column called_back_by text;
alter table enrolment add column coming jsonb not null default '[]', add column next_day date;
create index enrolment_by_next_day on enrolment (next_day) where next_day is not null;
update enrolment e set next_day = current_date
    where exists (select from step_taken t where t.subject_id = e.enrolment_id and not t.anew and t.effective_date > current_date)
    and not exists (
        select from enrolment o where o.child_id = e.child_id and o.programme = e.programme and o.enrolment_id <> e.enrolment_id
        and o.status not in ('completed', 'withdrawn')
    )
"""


def upgrade() -> None:
    """What had taken effect ahead of its day is looked at again at once, unless the child was enrolled anew since: then it stays."""
    for statement in CHANGES.split(";"):
        op.execute(statement)


def downgrade() -> None:
    """What is coming takes effect with the next step."""
    op.execute("delete from step_taken where called_back_at is not null")
    op.execute("alter table step_taken drop column called_back_at, drop column called_back_by")
    op.execute("alter table enrolment drop column coming, drop column next_day")
