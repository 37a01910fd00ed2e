"""The seats law, read from the tables: what must hold of an activity after every decision, whoever made it."""

from datetime import datetime

import sqlalchemy as sa

from services.events.domain.activity import Activity
from services.events.domain.decision import LEADS_TO, What
from services.events.storage.activities import Activities
from services.events.storage.signups import Signups
from tests.events.builders import NOW

_COUNTS = sa.text("""
select a.status, a.capacity, a.taken, a.waiting, a.last_number,
    (select coalesce(sum(seats), 0) from signup s where s.activity_id = a.activity_id and s.status in ('seated', 'offered')) as seats,
    (select coalesce(sum(seats), 0) from hold h where h.activity_id = a.activity_id) as held,
    (select count(*) from signup s where s.activity_id = a.activity_id and s.status = 'offered') as offered,
    (select count(*) from offer o where o.activity_id = a.activity_id) as offers,
    (select count(*) from signup s where s.activity_id = a.activity_id and s.status = 'waiting') as line,
    (select count(*) from signup s where s.activity_id = a.activity_id) as signups,
    (select min(starts_at) from session m where m.activity_id = a.activity_id) as starts_at
from activity a where a.activity_id = :activity_id
""")
_QUOTAS = sa.text("""
select q.taken = (select coalesce(sum(cast(c.counted ->> q.code as integer)), 0) from (
        select counted from signup s where s.activity_id = q.activity_id and s.status in ('seated', 'offered')
        union all select counted from hold h where h.activity_id = q.activity_id) c)
    and (q.taken <= greatest(q.seats, q.granted) or q.reserved_until is not null) as right
from quota q where q.activity_id = :activity_id
""")
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
_LAST_DECISIONS = sa.text("""
select s.status, (select d.what from decision d where d.signup_id = s.signup_id order by d.id desc limit 1) as what
from signup s where s.activity_id = :activity_id
""")


def check(connection: sa.Connection, activity_id: str, *, opened: bool = True, now: datetime = NOW) -> None:
    """Seats are conserved in every quota, counts are true, nobody is lost, doubled or split from his party, and all is due and explained.

    `opened` is false once sign-up has closed, when the line rests.
    """
    those = {"activity_id": activity_id}
    counts = connection.execute(_COUNTS, those).one()
    assert counts.taken == counts.seats + counts.held <= counts.capacity
    assert all(connection.execute(_QUOTAS, those).scalars())
    assert counts.waiting == counts.line
    assert counts.last_number >= counts.signups
    assert counts.offered == counts.offers
    assert counts.status == "open" or (counts.taken, counts.waiting) == (0, 0)
    assert tuple(connection.execute(_PEOPLE, those).one()) == (0, 0, 0)
    assert connection.execute(_SPLIT, those).scalar() == 0
    activity = Activities(connection).get(activity_id)
    assert activity is not None
    if opened:
        check_line(connection, activity, now)
    assert all(LEADS_TO[What(one.what)] == one.status for one in connection.execute(_LAST_DECISIONS, those))


def check_line(connection: sa.Connection, activity: Activity, now: datetime) -> None:
    """By the activity's own rule nobody is next, nobody waits who cannot ever fit, and nobody was passed over too often."""
    line = Signups(connection).lines({activity.activity_id: None}).get(activity.activity_id, ())
    assert activity.is_gathering or activity.line.policy.next(line, activity.room, now) is None
    assert all(signup.seats <= activity.capacity for signup in line)
    most_passes = activity.line.best_fit.most_passes if activity.line.best_fit else 0
    assert all(signup.passes <= most_passes for signup in line)
