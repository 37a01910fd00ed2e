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
where q.active and q.person_id in (select chassis.same(p.person_id)) and q.activity_id not in ({but_for})
    and o.starts_at < m.ends_at and m.starts_at < o.ends_at
union all
select from bookable k join booking b on b.bookable_id = k.bookable_id
where k.professional_id in (select chassis.same(p.person_id)) and b.during && tstzrange(m.starts_at, m.ends_at)
"""
_OF_SESSIONS = sa.text(f"""
select distinct cast(p.activity_id as text), cast(p.signup_id as text), cast(p.person_id as text), p.role
from session m join party p on p.activity_id = m.activity_id
where p.active and not m.called_off and exists ({_BUSY.format(but_for="p.activity_id")}) and m.session_id = {_SESSIONS}
order by 1, 2, 3
""")  # noqa: S608 - our own text
_BUT_FOR = "p.activity_id, coalesce(cast(:but_for as uuid), p.activity_id)"
_WOULD_BE = sa.text(f"""
select distinct cast(p.activity_id as text), cast(p.person_id as text)
from json_to_recordset(cast(:rows as json)) as p(activity_id uuid, person_id uuid) join session m on m.activity_id = p.activity_id
where not m.called_off and exists ({_BUSY.format(but_for=_BUT_FOR)})
""")  # noqa: S608 - our own text


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

    def would_be(self, people: Iterable[str], activity_ids: Iterable[str], but_for: str | None = None) -> frozenset[tuple[str, str]]:
        """To which of these activities which of these people could come only at the time of something else that they come to.

        What they come to at the activity `but_for` does not count: they leave it.
        """
        everybody = list(people)
        rows = ({"activity_id": activity_id, "person_id": person_id} for activity_id in activity_ids for person_id in everybody)
        found = self._connection.execute(_WOULD_BE, {"rows": json_of(rows), "but_for": but_for})
        return frozenset((activity_id, person_id) for activity_id, person_id in found)
