"""The seats law, read from the tables: what must hold of an activity after every decision, whoever made it."""

import sqlalchemy as sa

_COUNTS = sa.text("""
select a.status, a.capacity, a.taken, a.waiting, a.last_number,
    (select coalesce(sum(seats), 0) from signup s where s.activity_id = a.activity_id and s.status = 'seated') as seats,
    (select count(*) from signup s where s.activity_id = a.activity_id and s.status = 'waiting') as line,
    (select count(*) from signup s where s.activity_id = a.activity_id) as signups,
    (select min(starts_at) from session m where m.activity_id = a.activity_id) as starts_at
from activity a where a.activity_id = :activity_id
""")
_FIRST_IN_LINE = sa.text("select seats from signup where activity_id = :activity_id and status = 'waiting' order by number limit 1")
_PEOPLE = sa.text("""
select count(*) filter (where p.active and s.status = 'cancelled') as ghosts,
    count(*) filter (where not p.active and s.status <> 'cancelled') as lost,
    count(*) filter (where p.active) - count(distinct p.person_id) filter (where p.active) as doubles
from party p join signup s on s.signup_id = p.signup_id where s.activity_id = :activity_id
""")
_SPLIT = sa.text("""
select count(*) from signup s where s.activity_id = :activity_id
    and s.seats <> (select count(*) from party p where p.signup_id = s.signup_id)
""")


def check(connection: sa.Connection, activity_id: str, *, opened: bool = True) -> None:
    """Seats are conserved, the counts are true, nobody is lost, doubled or split from his party, and the line is due.

    `opened` is false once sign-up has closed, when the line rests.
    """
    those = {"activity_id": activity_id}
    counts = connection.execute(_COUNTS, those).one()
    assert counts.taken == counts.seats <= counts.capacity
    assert counts.waiting == counts.line
    assert counts.last_number == counts.signups
    assert counts.status == "open" or (counts.taken, counts.waiting) == (0, 0)
    assert tuple(connection.execute(_PEOPLE, those).one()) == (0, 0, 0)
    assert connection.execute(_SPLIT, those).scalar() == 0
    first = connection.execute(_FIRST_IN_LINE, those).scalar()
    assert first is None or not opened or counts.capacity - counts.taken < first <= counts.capacity
