"""The naive way: lock the activity's row, count what is taken, write the sign-up.

It is right, and what most would write first. What is taken is counted anew for each sign-up, and so is the line.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg

from benchmarks.seats import plain
from benchmarks.seats.rivals import CHILDREN, OF_A_FAMILY, SEATS, Desk, Family, Stand

_TABLES = """
create table activity (activity_id uuid primary key, seats integer not null, children integer not null);
create table signup (
    signup_id bigint generated always as identity primary key, activity_id uuid not null references activity,
    seats integer not null, children integer not null, status text not null, position integer,
    signed_up_at timestamptz not null default now()
);
create index on signup (activity_id, status);
create table party (signup_id bigint not null references signup, activity_id uuid not null, person_id uuid not null, role text not null);
create unique index on party (activity_id, person_id);
"""
_LOCK = "select seats, children from activity where activity_id = %s for update"
_TAKEN = "select coalesce(sum(seats), 0), coalesce(sum(children), 0) from signup where activity_id = %s and status = 'seated'"
_WAITING = "select count(*) from signup where activity_id = %s and status = 'waiting'"
_SIGN_UP = "insert into signup (activity_id, seats, children, status, position) values (%s, %s, 1, %s, %s) returning signup_id"
_COME = "insert into party values (%s, %s, %s, 'guardian'), (%s, %s, %s, 'child')"
_STORE = (
    f"""
    insert into signup (activity_id, seats, children, status, position)
    select a.id, 2, 1, case when a.families + k < 10 then 'seated' else 'waiting' end, greatest(0, a.families + k - 9)
    from {plain.EACH.format(table="signup")}
    """,  # noqa: S608 - our own text
    """
    insert into party select s.signup_id, s.activity_id, gen_random_uuid(), r.role
    from (select signup_id, activity_id from signup order by signup_id desc limit %(more)s) s, (values ('guardian'), ('child')) as r(role)
    """,
)
_STANDS = """
select coalesce(sum(seats) filter (where status = 'seated'), 0), count(signup_id) from unnest(%(activities)s::uuid[]) as a(id)
left join signup on activity_id = a.id group by a.id
"""


class RowLock:
    """`select … for update`."""

    name = "row lock"

    def prepare(self, url: str) -> None:
        """Two tables and their indexes."""
        plain.made(url, _TABLES)

    def open(self, url: str, number: int) -> Sequence[str]:
        """As rows."""
        return plain.opened(url, SEATS, CHILDREN, number)

    def welcome(self, url: str, number: int) -> Sequence[Family]:  # noqa: ARG002 - a rival's form
        """Nobody has to be known."""
        return plain.families(number)

    def store(self, url: str, activities: Sequence[str], more: int) -> None:
        """By two statements."""
        plain.filled(url, _STORE, activities, more)

    @contextmanager
    def desk(self, url: str) -> Iterator[Desk]:
        """One connection."""
        with psycopg.connect(url, autocommit=True) as connection:
            yield lambda activity_id, family: _sign_up(connection, activity_id, family)

    def stands(self, url: str, activities: Sequence[str]) -> Sequence[Stand]:
        """Counted."""
        return plain.stood(url, _STANDS, activities)


def _sign_up(connection: psycopg.Connection, activity_id: str, family: Family) -> bool:
    with connection.transaction():
        [(seats, children)] = connection.execute(_LOCK, [activity_id])
        [(taken, children_taken)] = connection.execute(_TAKEN, [activity_id])
        [(waiting,)] = connection.execute(_WAITING, [activity_id])
        fits = not waiting and taken + OF_A_FAMILY <= seats and children_taken < children
        status, position = ("seated", None) if fits else ("waiting", waiting + 1)
        [(signup_id,)] = connection.execute(_SIGN_UP, [activity_id, OF_A_FAMILY, status, position])
        connection.execute(_COME, [signup_id, activity_id, family.guardian, signup_id, activity_id, family.child])
    return bool(fits)
