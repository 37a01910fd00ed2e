"""Surveys after activities: what a programme asks, tokens that are out, and answers that lead to nobody."""

from alembic import op

revision = "events_0016"
down_revision = "events_0015"
branch_labels = None
depends_on = None

TABLES = """
create table survey (
    activity_id uuid primary key references activity,
    closes_on date not null,
    answered integer not null default 0
);
create table survey_token (
    token_hash text primary key,
    activity_id uuid not null references survey
);
create index survey_token_by_activity on survey_token (activity_id);
create table survey_answer (
    answer_id uuid primary key,
    activity_id uuid not null references survey,
    question text not null,
    choice text,
    words text,
    answered_on date not null,
    check ((choice is null) <> (words is null))
);
create index survey_answer_by_activity on survey_answer (activity_id);
"""


def upgrade() -> None:
    """Programmes that were loaded before ask nothing until `deltag refresh registration`."""
    op.execute("alter table programme add column survey jsonb not null default '[]'")
    op.execute("create index session_by_end on session (ends_at)")
    op.execute(TABLES)


def downgrade() -> None:
    """What was answered goes."""
    op.execute("drop table survey_answer, survey_token, survey")
    op.execute("drop index session_by_end")
    op.execute("alter table programme drop column survey")
