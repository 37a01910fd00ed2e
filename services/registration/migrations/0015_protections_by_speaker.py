"""Who said that somebody is protected: each speaker has a word of his own. What was said before counts as the municipality's."""

from alembic import op

revision = "registration_0015"
down_revision = "registration_0014"
branch_labels = None
depends_on = None

LEAST_EXPOSING = (
    "delete from protection where (person_id, asked_by) not in (select distinct on (person_id) person_id, asked_by from protection p"
    " order by person_id, valid is not null, said_at < coalesce((select said_at from protection m where m.person_id = p.person_id"
    " and m.asked_by = ''), '-infinity'), upper(valid) desc nulls last)"
)


def upgrade() -> None:
    op.execute("alter table protection add column asked_by text not null default '', drop constraint protection_pkey")
    op.execute("alter table protection add primary key (person_id, asked_by)")


def downgrade() -> None:
    """Of several words about one person the one stays that protects longest, of those that count."""
    op.execute(LEAST_EXPOSING)
    op.execute("alter table protection drop constraint protection_pkey, drop column asked_by")
    op.execute("alter table protection add primary key (person_id)")
