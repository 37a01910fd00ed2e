"""What was answered to a programme's questions: ordinary answers apart from guarded ones, and who changed what when.

A sheet is locked by its row. No change says what an answer was: what was corrected or taken back is gone.
"""

from alembic import op

revision = "registration_0009"
down_revision = "registration_0008"
branch_labels = None
depends_on = None

TABLES = """
create table answer_sheet (
    person_id uuid not null,
    programme text not null references programme (code),
    about text not null check (about in ('child', 'guardian', 'professional')),
    primary key (person_id, programme)
);
create table plain_answer (
    person_id uuid not null,
    programme text not null,
    question text not null,
    value jsonb not null,
    primary key (person_id, programme, question),
    foreign key (person_id, programme) references answer_sheet on delete cascade
);
create table guarded_answer (
    person_id uuid not null,
    programme text not null,
    question text not null,
    sealed bytea not null,
    primary key (person_id, programme, question),
    foreign key (person_id, programme) references answer_sheet on delete cascade
);
create table answer_change (
    id bigint generated always as identity primary key,
    person_id uuid not null,
    programme text not null,
    question text not null,
    how text not null check (how in ('given', 'corrected', 'taken-back', 'lapsed')),
    at timestamptz not null,
    by_subject text not null,
    by_role text not null,
    foreign key (person_id, programme) references answer_sheet on delete cascade
);
create index answer_change_of_question on answer_change (person_id, programme, question, id desc)
"""


def upgrade() -> None:
    for statement in TABLES.split(";"):
        op.execute(statement)


def downgrade() -> None:
    for table in ("answer_change", "guarded_answer", "plain_answer", "answer_sheet"):
        op.execute(f"drop table {table}")
