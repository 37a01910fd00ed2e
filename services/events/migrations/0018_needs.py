"""What parties need besides their seats, and what activities ask of it."""

from alembic import op

revision = "events_0018"
down_revision = "events_0017"
branch_labels = None
depends_on = None

NEED = """
create table need (
    signup_id uuid not null references signup,
    contact_id uuid not null,
    need text not null,
    option text not null,
    people smallint not null check (people > 0),
    primary key (signup_id, need, option)
);
create index need_by_contact on need (contact_id);
"""


def upgrade() -> None:
    """No activity asks anything yet."""
    op.execute("""alter table activity add column needs jsonb not null default '{"kinds": [], "until": null}'""")
    op.execute(NEED)


def downgrade() -> None:
    """What was needed is forgotten."""
    op.execute("drop table need")
    op.execute("alter table activity drop column needs")
