"""Activities with their sessions and their seat counts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import sqlalchemy as sa

from services.events.domain.activity import Activity
from services.events.storage.rows import every, first, json_of, stream

_SELECT = """
select cast(a.activity_id as text), a.programme, a.kind, a.title, a.district, cast(a.institution_id as text), a.institution,
    a.capacity, a.status, a.taken, a.waiting, a.last_number,
    (select json_agg(json_build_object('session_id', s.session_id, 'starts_at', s.starts_at, 'ends_at', s.ends_at, 'place', s.place)
        order by s.starts_at, s.session_id) from session s where s.activity_id = a.activity_id) as sessions
from activity a
"""
_GET = sa.text(_SELECT + "where a.activity_id = :activity_id")
_OF_SESSION = sa.text(_SELECT + "join session o on o.activity_id = a.activity_id where o.session_id = :session_id")
_ALL = sa.text(_SELECT)
_LOCK = sa.text(f"""{_SELECT}
where a.activity_id = any(array(select cast(json_array_elements_text(cast(:ids as json)) as uuid)))
order by a.activity_id for no key update of a
""")
_PAGE = sa.text(f"""{_SELECT}
where (cast(:after as uuid) is null or a.activity_id > cast(:after as uuid))
    and (cast(:programme as text) is null or a.programme = :programme)
    and (cast(:district as text) is null or a.district = :district)
    and (cast(:institution as text) is null or a.institution = :institution)
    and (cast(:kind as text) is null or a.kind = :kind)
    and (cast(:status as text) is null or a.status = :status)
order by a.activity_id limit :limit
""")
_OPENING = sa.text("select opening from activity where activity_id = :activity_id")
_ADD = sa.text("""
with added as (
    insert into activity
        (activity_id, programme, kind, title, district, institution_id, institution, status, capacity, opening)
    values (:activity_id, :programme, :kind, cast(:title as jsonb), :district, :institution_id, :institution, :status, :capacity, :opening)
    on conflict do nothing returning activity_id)
insert into session (session_id, activity_id, starts_at, ends_at, place)
select r.session_id, added.activity_id, r.starts_at, r.ends_at, r.place from added, json_to_recordset(cast(:sessions as json))
    as r(session_id uuid, starts_at timestamptz, ends_at timestamptz, place text)
""")
_SAVE = sa.text("""
with r as (select * from json_to_recordset(cast(:rows as json))
    as x(activity_id uuid, capacity integer, status text, last_number integer, taken integer, waiting integer))
update activity a
set capacity = r.capacity, status = r.status, last_number = r.last_number, taken = a.taken + r.taken, waiting = a.waiting + r.waiting
from r where a.activity_id = r.activity_id and a.activity_id = any(array(select activity_id from r))
""")


class Activities:
    """Every activity that was ever opened."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._locked: dict[str, Activity] = {}

    def add(self, activity: Activity) -> bool:
        """Keep a new activity; False if its id is taken."""
        row = msgspec.to_builtins(activity, builtin_types=())
        texts = {"title": msgspec.json.encode(activity.title).decode(), "sessions": json_of(activity.sessions)}
        return self._connection.execute(_ADD, row | texts | {"opening": activity.opening()}).rowcount > 0

    def opening_of(self, activity_id: str) -> str | None:
        """The digest of what was asked when it was opened."""
        return self._connection.execute(_OPENING, {"activity_id": activity_id}).scalar()

    def get(self, activity_id: str) -> Activity | None:
        return first(Activity, self._connection.execute(_GET, {"activity_id": activity_id}))

    def of_session(self, session_id: str) -> Activity | None:
        return first(Activity, self._connection.execute(_OF_SESSION, {"session_id": session_id}))

    def lock(self, activity_ids: Iterable[str]) -> Sequence[Activity]:
        """These activities, in the order of their ids, for this unit of work alone until it ends."""
        activities = every(Activity, self._connection.execute(_LOCK, {"ids": json_of(activity_ids)}))
        self._locked |= {activity.activity_id: replace(activity) for activity in activities}
        return activities

    def save(self, activities: Iterable[Activity]) -> None:
        """Write locked activities back.

        The counts are written as differences to what was locked, not as totals: even a writer who forgot the lock would add
        up, and run into the constraint `never_overbooked`.
        """
        self._connection.execute(_SAVE, {"rows": json_of(self._difference(activity) for activity in activities)})

    def _difference(self, activity: Activity) -> Mapping[str, Any]:
        before = self._locked[activity.activity_id]
        self._locked[activity.activity_id] = replace(activity)
        return {
            "activity_id": activity.activity_id,
            "capacity": activity.capacity,
            "status": activity.status,
            "last_number": activity.last_number,
            "taken": activity.taken - before.taken,
            "waiting": activity.waiting - before.waiting,
        }

    def page(self, where: Mapping[str, Any], after: str | None, limit: int) -> Sequence[Activity]:
        """Activities by id after `after`; `where` may name programme, district, institution, kind and status."""
        anything = dict.fromkeys(("programme", "district", "institution", "kind", "status"))
        return every(Activity, self._connection.execute(_PAGE, anything | dict(where) | {"after": after, "limit": limit}))

    def stream(self) -> Iterator[Activity]:
        return stream(Activity, self._connection, _ALL)
