"""Who would be at two sessions at once: those who sign up, and the facilitators who are booked."""

from collections.abc import Collection, Iterable, Sequence

import sqlalchemy as sa

from services.events.domain.overlap import Elsewhere
from services.events.storage.rows import every, json_of

_IDS = "any(array(select cast(json_array_elements_text(cast(:{name} as json)) as uuid)))"
_SESSIONS, _ACTIVITIES = _IDS.format(name="sessions"), _IDS.format(name="activities")
_HOLD = sa.text("""
select pg_advisory_xact_lock(k)
from (select distinct hashtextextended(id, 0) as k from json_array_elements_text(cast(:people as json)) id order by 1) as keys
""")
_SIGNED_UP = sa.text(f"""
select distinct cast(chassis.surviving(person_id) as text) from party where active and activity_id = {_ACTIVITIES}
""")  # noqa: S608 - our own text
_BUSY = """
select from party q join session o on o.activity_id = q.activity_id and not o.called_off
where q.active and q.person_id in (select chassis.same(p.person_id)) and q.activity_id <> p.activity_id
    and o.starts_at < m.ends_at and m.starts_at < o.ends_at
union all
select from bookable k join booking b on b.bookable_id = k.bookable_id
where k.professional_id in (select chassis.same(p.person_id)) and b.during && tstzrange(m.starts_at, m.ends_at)
"""
_ELSEWHERE = f"""
select distinct cast(p.activity_id as text), cast(p.signup_id as text), cast(p.person_id as text), p.role
from session m join party p on p.activity_id = m.activity_id
where p.active and not m.called_off and exists ({_BUSY})
"""  # noqa: S608 - our own text
_OF_SESSIONS = sa.text(f"{_ELSEWHERE} and m.session_id = {_SESSIONS} order by 1, 2, 3")
_OF_SIGNUP = sa.text(f"{_ELSEWHERE} and p.signup_id = :signup_id order by 1, 2, 3")


class Overlapping:
    """Who is where at which time. Where it must stay as it is read, hold the people first, and only then lock activities."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def hold(self, people: Collection[str]) -> None:
        """Nobody else decides where these people (by the ids that are kept) are at which time, until this unit of work ends."""
        if people:
            self._connection.execute(_HOLD, {"people": json_of(people)})

    def signed_up(self, activity_ids: Iterable[str]) -> frozenset[str]:
        """Everybody who is signed up to any of these activities, by the ids that are kept."""
        return frozenset(self._connection.execute(_SIGNED_UP, {"activities": json_of(activity_ids)}).scalars())

    def elsewhere(self, session_ids: Iterable[str]) -> Sequence[Elsewhere]:
        """Who of those signed up to these sessions is somewhere else at that time."""
        return every(Elsewhere, self._connection.execute(_OF_SESSIONS, {"sessions": json_of(session_ids)}))

    def of_signup(self, signup_id: str) -> Sequence[Elsewhere]:
        """Who of the party is somewhere else at the time of any session that it is signed up to."""
        return every(Elsewhere, self._connection.execute(_OF_SIGNUP, {"signup_id": signup_id}))
