"""pretix's way, written anew from how it works (github.com/pretix/pretix, src/pretix/base/services): advisory locks and counting.

Who wants to order locks every quota that he draws from, by an advisory lock each and in sorted order, so that nobody waits in a circle.
Then how much of each quota is left is counted: what was ordered, what lies in carts, who waits. An order has a position for each
person; who finds no seats is written on a waiting list beside it. Left out is all that pretix does besides: its ORM, carts,
vouchers, payment, mails, and the task that looks through waiting lists every few minutes.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import psycopg

from benchmarks.seats import plain
from benchmarks.seats.rivals import CHILDREN, OF_A_FAMILY, SEATS, Desk, Family, Stand

_TABLES = """
create table activity (activity_id uuid primary key, seats integer not null, children integer not null);
create table quota (
    quota_id bigint generated always as identity primary key, activity_id uuid not null references activity,
    item text, size integer not null
);
create index on quota (activity_id);
create table orders (
    order_id bigint generated always as identity primary key, activity_id uuid not null references activity, status text not null,
    ordered_at timestamptz not null default now()
);
create index on orders (activity_id);
create table order_position (
    position_id bigint generated always as identity primary key, order_id bigint not null references orders, activity_id uuid not null,
    item text not null, person_id uuid not null, cancelled boolean not null default false
);
create index on order_position (order_id);
create unique index on order_position (activity_id, person_id);
create table cart_position (activity_id uuid not null, item text not null, expires_at timestamptz not null);
create index on cart_position (activity_id);
create table waiting_entry (
    entry_id bigint generated always as identity primary key, activity_id uuid not null, item text not null, person_id uuid not null,
    created_at timestamptz not null default now()
);
create unique index on waiting_entry (activity_id, person_id);
"""
_QUOTAS = (
    "insert into quota (activity_id, item, size) select a, i, s from unnest(%s::uuid[]) a, (values (null, %s), ('child', %s)) as q(i, s)"
)
_OF_ACTIVITY = "select quota_id, item, size from quota where activity_id = %s"
_PATIENCE = "set local lock_timeout = '3s'"
_ORDERED = """
select p.item, count(*) from order_position p join orders o on o.order_id = p.order_id
where o.activity_id = %s and o.status in ('pending', 'paid') and not p.cancelled group by p.item
"""
_IN_CARTS = "select item, count(*) from cart_position where activity_id = %s and expires_at > now() group by item"
_WAITING = "select item, count(*) from waiting_entry where activity_id = %s group by item"
_ORDER = "insert into orders (activity_id, status) values (%s, 'paid') returning order_id"
_POSITIONS = "insert into order_position (order_id, activity_id, item, person_id) values (%s, %s, 'adult', %s), (%s, %s, 'child', %s)"
_WAIT = "insert into waiting_entry (activity_id, item, person_id) values (%s, 'adult', %s), (%s, 'child', %s)"
_STORE = (
    f"""
    insert into waiting_entry (activity_id, item, person_id)
    select s.id, i.item, gen_random_uuid() from (select a.id from {plain.EACH.format(table="orders")} and a.families + k >= 10) s,
        (values ('adult'), ('child')) as i(item)
    """,  # noqa: S608 - our own text
    f"""
    insert into orders (activity_id, status)
    select a.id, 'paid' from {plain.EACH.format(table="orders")} and a.families + k < 10
    """,  # noqa: S608 - our own text
    """
    insert into order_position (order_id, activity_id, item, person_id)
    select o.order_id, o.activity_id, i.item, gen_random_uuid() from orders o, (values ('adult'), ('child')) as i(item)
    where not exists (select from order_position p where p.order_id = o.order_id)
    """,
)
_STANDS = """
select (select count(*) from order_position p where p.activity_id = a.id and not p.cancelled),
    (select count(*) from orders o where o.activity_id = a.id)
        + (select count(*) from waiting_entry w where w.activity_id = a.id and w.item = 'child')
from unnest(%(activities)s::uuid[]) as a(id)
"""


class AdvisoryLocks:
    """`pg_advisory_xact_lock`, for each quota in sorted order."""

    name = "advisory locks"

    def prepare(self, url: str) -> None:
        """Quotas, orders with positions, carts, and a waiting list."""
        plain.made(url, _TABLES)

    def open(self, url: str, number: int) -> Sequence[str]:
        """Each with a quota of all seats and one of children."""
        activities = plain.opened(url, SEATS, CHILDREN, number)
        with psycopg.connect(url) as connection:
            connection.execute(_QUOTAS, [activities, SEATS, CHILDREN])
        return activities

    def welcome(self, url: str, number: int) -> Sequence[Family]:  # noqa: ARG002 - a rival's form
        """Nobody has to be known."""
        return plain.families(number)

    def store(self, url: str, activities: Sequence[str], more: int) -> None:
        """Orders for the first ten of each, and the waiting list."""
        plain.filled(url, _STORE, activities, more)

    @contextmanager
    def desk(self, url: str) -> Iterator[Desk]:
        """One connection."""
        with psycopg.connect(url, autocommit=True) as connection:
            yield lambda activity_id, family: _order(connection, activity_id, family)

    def stands(self, url: str, activities: Sequence[str]) -> Sequence[Stand]:
        """Counted."""
        return plain.stood(url, _STANDS, activities)


def _order(connection: psycopg.Connection, activity_id: str, family: Family) -> bool:
    with connection.transaction():
        quotas = connection.execute(_OF_ACTIVITY, [activity_id]).fetchall()
        connection.execute(_PATIENCE)
        _lock(connection, sorted(quota_id for quota_id, _, _ in quotas))
        used = [_by_item(connection, query, activity_id) for query in (_ORDERED, _IN_CARTS, _WAITING)]
        free = all(_left(item, size, used) >= (1 if item else OF_A_FAMILY) for _, item, size in quotas)
        if free:
            [(order_id,)] = connection.execute(_ORDER, [activity_id])
            connection.execute(_POSITIONS, [order_id, activity_id, family.guardian, order_id, activity_id, family.child])
        else:
            connection.execute(_WAIT, [activity_id, family.guardian, activity_id, family.child])
    return free


def _lock(connection: psycopg.Connection, keys: Sequence[int]) -> None:
    calls = ", ".join(f"pg_advisory_xact_lock({key})" for key in keys)
    connection.execute(f"select {calls}".encode())


def _by_item(connection: psycopg.Connection, query: str, activity_id: str) -> Mapping[str, int]:
    return dict(connection.execute(query.encode(), [activity_id]).fetchall())


def _left(item: str | None, size: int, used: Sequence[Mapping[str, int]]) -> int:
    return size - sum(count for counts in used for one, count in counts.items() if item in {None, one})
