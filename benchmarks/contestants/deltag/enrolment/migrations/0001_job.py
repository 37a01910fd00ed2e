"""The enrolments, and the chassis' inbox and outbox under the names by which the driver counts them."""

from alembic import op

revision = "enrolment_0001"
down_revision = None
branch_labels = ("enrolment",)
depends_on = "chassis_0001"


def upgrade() -> None:
    """Create them."""
    op.execute(
        "create table enrolment (child_id uuid not null, programme_id int not null, institution_id text not null, track text not null,"
        " status text not null, guardian_email text, start_date date, version int not null default 1, last_event_id uuid,"
        " updated_at timestamptz not null default clock_timestamp(), primary key (child_id, programme_id))"
    )
    op.execute("create view inbox as select id::uuid as event_id, taken_at as received_at from chassis.inbox")
    op.execute("create view outbox as select id, message_id as event_id, type, created_at from chassis.outbox")


def downgrade() -> None:
    """Drop them."""
    op.execute("drop view inbox")
    op.execute("drop view outbox")
    op.execute("drop table enrolment")
