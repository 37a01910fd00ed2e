"""What the two plain rivals share: tables without anything around them, written with the driver alone.

They know nobody, decide nothing else and tell nobody: only the seats are kept. So they are faster than any real system of their kind.
"""

from collections.abc import Sequence
from uuid import uuid4

import psycopg

from benchmarks.seats.rivals import Family, Stand

_OPEN = (
    "insert into activity select gen_random_uuid(), %(seats)s, %(children)s from generate_series(1, %(number)s) returning activity_id::text"
)

EACH = """
(select id, turn - 1 as turn, (select count(*) from {table} where {table}.activity_id = id) as families
    from unnest(%(activities)s::uuid[]) with ordinality as u (id, turn)) a,
generate_series(0, %(more)s / cardinality(%(activities)s)) as k
where k * cardinality(%(activities)s) + a.turn < %(more)s
"""
"""Families in turn to these activities: `a.id`, which has `a.families` already, gets its `k`th of them."""


def families(number: int) -> Sequence[Family]:
    """So many, of whom nothing has to be known."""
    return [Family(str(uuid4()), str(uuid4())) for _ in range(number)]


def made(url: str, tables: str) -> None:
    """Make these tables."""
    with psycopg.connect(url) as connection:
        connection.execute(tables.encode())


def opened(url: str, seats: int, children: int, number: int) -> Sequence[str]:
    """So many new activities in a table of that name."""
    with psycopg.connect(url) as connection:
        asked = {"seats": seats, "children": children, "number": number}
        return [activity_id for (activity_id,) in connection.execute(_OPEN, asked)]


def filled(url: str, statements: Sequence[str], activities: Sequence[str], more: int) -> None:
    """Write rows for `more` families with these statements, which find the activities as an array."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode(), {"activities": list(activities), "more": more})
        connection.execute("vacuum analyze")


def stood(url: str, query: str, activities: Sequence[str]) -> Sequence[Stand]:
    """What a query says of every one of these activities."""
    with psycopg.connect(url) as connection:
        return [Stand(*row) for row in connection.execute(query.encode(), {"activities": list(activities)})]
