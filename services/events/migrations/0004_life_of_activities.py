"""The life of an activity: drafts, what is done, what organisers changed; and sessions that are called off by themselves."""

from alembic import op

revision = "events_0004"
down_revision = "events_0003"
branch_labels = None
depends_on = None

COLUMNS = """
alter table activity
    add column way text not null default 'in-person',
    add column description jsonb,
    add column version integer not null default 1,
    add column told boolean not null default true,
    drop constraint activity_status_check,
    drop constraint called_off_is_empty,
    add constraint activity_status_check check (status in ('draft', 'open', 'called-off', 'done')),
    add constraint called_off_is_empty check (status in ('open', 'done') or (taken = 0 and waiting = 0))
"""
BACK = """
alter table activity
    drop column way, drop column description, drop column version, drop column told,
    drop constraint activity_status_check,
    drop constraint called_off_is_empty,
    add constraint activity_status_check check (status in ('open', 'called-off')),
    add constraint called_off_is_empty check (status = 'open' or (taken = 0 and waiting = 0))
"""


def upgrade() -> None:
    """Whatever there is was told of; what has ended becomes done by the timer."""
    op.execute(COLUMNS)
    op.execute("create index activity_open on activity (activity_id) where status = 'open'")
    op.execute("alter table session add column called_off boolean not null default false")


def downgrade() -> None:
    """Drafts and sessions that were called off become what the version before knows."""
    op.execute("update activity set status = case status when 'done' then 'open' else 'called-off' end where status in ('draft', 'done')")
    op.execute("drop index activity_open")
    op.execute("delete from session where called_off")
    op.execute("alter table session drop column called_off")
    op.execute(BACK)
