"""Consents of adults about themselves, beside those about children; and a history that nothing changes."""

from alembic import op

revision = "registration_0011"
down_revision = "registration_0010"
branch_labels = None
depends_on = None

COLUMNS = """
alter table consent
    alter column child_id drop not null,
    alter column guardian_id drop not null,
    add column professional_id uuid references professional,
    add constraint consent_one_giver check (num_nonnulls(guardian_id, professional_id) = 1),
    add constraint consent_child_by_guardian check (child_id is null or guardian_id is not null)
"""
KEEP_HISTORY = """
create function consent_is_kept() returns trigger language plpgsql as $$
begin
    if (to_jsonb(new) - 'status' - 'withdrawn_at') is distinct from (to_jsonb(old) - 'status' - 'withdrawn_at')
        or old.status <> 'given'
    then
        raise exception 'a consent is never changed, but for its withdrawal' using errcode = 'check_violation';
    end if;
    return new;
end $$
"""


def upgrade() -> None:
    op.execute(COLUMNS)
    op.execute("create index consent_of_guardian on consent (guardian_id)")
    op.execute("create index consent_of_professional on consent (professional_id) where professional_id is not null")
    op.execute(KEEP_HISTORY)
    op.execute("create trigger consent_is_kept before update on consent for each row execute function consent_is_kept()")


def downgrade() -> None:
    """Consents that know no child have no place in the table as it was."""
    op.execute("drop trigger consent_is_kept on consent")
    op.execute("drop function consent_is_kept")
    op.execute("drop index consent_of_professional, consent_of_guardian")
    op.execute("delete from consent where child_id is null")
    op.execute("""
        alter table consent
            drop constraint consent_child_by_guardian,
            drop constraint consent_one_giver,
            drop column professional_id,
            alter column guardian_id set not null,
            alter column child_id set not null
    """)
