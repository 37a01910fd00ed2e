"""Places in time: an institution exists from one day to another, and lies in one district at a time; a programme's files are kept.

No two periods of an institution share a day, and none reaches outside its existence: the database refuses it. The
exclusion compares ids as ranges of one, so that no extension (btree_gist) is needed.
"""

from alembic import op

revision = "registration_0002"
down_revision = "registration_0001"
branch_labels = None
depends_on = None

STATEMENTS = """
alter table institution rename column number to stil_number;
alter table institution
    add column p_number text check (p_number ~ '^[0-9]{10}$'),
    add column existence daterange not null default daterange(null, null) check (not isempty(existence)),
    add column successor text references institution (code) on update cascade deferrable initially deferred,
    add check (successor is null or not upper_inf(existence)),
    add check (successor <> code),
    add unique (institution_id, existence);
create type uuid_range as range (subtype = uuid);
create table placement (
    institution_id uuid not null,
    existence daterange not null,
    district text not null,
    valid daterange not null check (not isempty(valid)),
    foreign key (institution_id, existence) references institution (institution_id, existence),
    constraint placement_within_existence check (valid <@ existence),
    constraint placement_one_at_a_time exclude using gist (uuid_range(institution_id, institution_id, '[]') with &&, valid with &&)
);
create index placement_of_institution on placement (institution_id);
insert into placement select institution_id, existence, district, existence from institution;
alter table professional add column district text;
update professional set district = institution.district from institution where institution.institution_id = professional.institution_id;
alter table professional alter column district set not null;
alter table institution drop column district;
create table programme_file (
    programme text not null references programme (code),
    path text not null,
    content bytea not null,
    primary key (programme, path)
)
"""

BACK = """
drop table programme_file;
alter table institution add column district text;
update institution set district = (
    select district from placement where placement.institution_id = institution.institution_id order by valid desc limit 1
);
alter table institution alter column district set not null;
alter table professional drop column district;
drop table placement;
drop type uuid_range;
alter table institution drop column successor, drop column existence, drop column p_number;
alter table institution rename column stil_number to number
"""


def upgrade() -> None:
    """Give institutions their periods, and keep what was known as always having been so."""
    _run(STATEMENTS)


def downgrade() -> None:
    """Only the last district of each institution is left."""
    _run(BACK)


def _run(statements: str) -> None:
    for statement in statements.split(";"):
        op.execute(statement)
