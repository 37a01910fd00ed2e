"""Activities with their sessions and their seat counts."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from services.events.domain.activity import Activity
from services.events.storage.rows import every, first, json_of, stream

_SELECT = """
select cast(a.activity_id as text), a.programme, a.kind, a.title, a.district, cast(a.institution_id as text), a.institution,
    a.capacity, a.status, a.taken, a.waiting, a.last_number, a.way, a.description, a.version, a.told,
    a.completes_with, a.join_until, a.line, a.opened_by,
    (select d.drawn_at from draw d where d.activity_id = a.activity_id) as drawn_at,
    a.rule, a.windows, a.needs,
    (select coalesce(json_agg(json_build_object('code', q.code, 'who', q.who, 'seats', q.seats, 'reserved_until', q.reserved_until,
        'released', q.released, 'taken', q.taken) order by q.place), '[]') from quota q where q.activity_id = a.activity_id) as quotas,
    (select json_agg(json_build_object('session_id', s.session_id, 'starts_at', s.starts_at, 'ends_at', s.ends_at, 'place', s.place)
        order by s.starts_at, s.session_id) from session s where s.activity_id = a.activity_id and not s.called_off) as sessions,
    (select coalesce(json_agg(json_build_object('session_id', s.session_id, 'starts_at', s.starts_at, 'ends_at', s.ends_at,
        'place', s.place) order by s.starts_at, s.session_id), '[]')
        from session s where s.activity_id = a.activity_id and s.called_off) as called_off_sessions
from activity a
"""
_GET = sa.text(_SELECT + "where a.activity_id = :activity_id")
_OF_SESSION = sa.text(_SELECT + "join session o on o.activity_id = a.activity_id where o.session_id = :session_id and not o.called_off")
_TOLD = sa.text(_SELECT + "where a.told")
_THESE = "where a.activity_id = any(array(select cast(json_array_elements_text(cast(:ids as json)) as uuid))) order by a.activity_id"
_LOCK = sa.text(f"select cast(a.activity_id as text) from activity a {_THESE} for no key update")  # noqa: S608 - our own text
_READ = sa.text(f"{_SELECT} {_THESE}")
_LOCK_FREE = sa.text(f"{_LOCK.text} skip locked")
_PAGE = sa.text(f"""{_SELECT}
where (cast(:after as uuid) is null or a.activity_id > cast(:after as uuid))
    and (cast(:programme as text) is null or a.programme = :programme)
    and (cast(:district as text) is null or a.district = :district)
    and (cast(:institution as text) is null or a.institution = :institution)
    and (cast(:kind as text) is null or a.kind = :kind)
    and (cast(:status as text) is null or a.status = :status)
    and (a.status <> 'draft' or cast(:drafts_of as json) is null
        or a.institution = any(array(select json_array_elements_text(cast(:drafts_of as json)))) or a.opened_by = :opened_by)
order by a.activity_id limit :limit
""")
_OPENING = sa.text("select opening from activity where activity_id = :activity_id")
_ADD = sa.text("""
with added as (
    insert into activity
        (activity_id, programme, kind, title, district, institution_id, institution, status, capacity, opening, way, description, told,
            completes_with, join_until, line, rule, windows, needs, opened_by)
    values (:activity_id, :programme, :kind, cast(:title as jsonb), :district, :institution_id, :institution, :status, :capacity,
        :opening, :way, cast(:description as jsonb), :told, :completes_with, :join_until, cast(:line as jsonb),
        cast(:rule as jsonb), cast(:windows as jsonb), cast(:needs as jsonb), :opened_by)
    on conflict do nothing returning activity_id),
quotas as (
    insert into quota (activity_id, code, place, who, seats, reserved_until)
    select added.activity_id, r.code, r.place, r.who, r.seats, r.reserved_until from added, json_to_recordset(cast(:quotas as json))
        as r(code text, place smallint, who jsonb, seats integer, reserved_until jsonb))
insert into session (session_id, activity_id, starts_at, ends_at, place)
select r.session_id, added.activity_id, r.starts_at, r.ends_at, r.place from added, json_to_recordset(cast(:sessions as json))
    as r(session_id uuid, starts_at timestamptz, ends_at timestamptz, place text)
""")
_SAVE = sa.text("""
with r as (select * from json_to_recordset(cast(:rows as json))
    as x(activity_id uuid, capacity integer, status text, last_number integer, taken integer, waiting integer, version integer,
        told boolean))
update activity a
set capacity = r.capacity, status = r.status, last_number = r.last_number, taken = a.taken + r.taken, waiting = a.waiting + r.waiting,
    version = r.version, told = r.told
from r where a.activity_id = r.activity_id and a.activity_id = any(array(select activity_id from r))
""")
_CHANGE = sa.text("""
with r as (select * from json_to_recordset(cast(:rows as json)) as x(activity_id uuid, title jsonb, description jsonb, way text,
        district text, institution_id uuid, institution text, completes_with integer, join_until integer, rule jsonb, windows jsonb,
        needs jsonb)),
    changed as (
        update activity a
        set title = r.title, description = r.description, way = r.way, district = r.district, institution_id = r.institution_id,
            institution = r.institution, completes_with = r.completes_with, join_until = r.join_until, rule = r.rule,
            windows = r.windows, needs = r.needs
        from r where a.activity_id = r.activity_id and a.activity_id = any(array(select activity_id from r)))
insert into session (session_id, activity_id, starts_at, ends_at, place, called_off)
select session_id, activity_id, starts_at, ends_at, place, called_off from json_to_recordset(cast(:sessions as json))
    as s(session_id uuid, activity_id uuid, starts_at timestamptz, ends_at timestamptz, place text, called_off boolean)
on conflict (session_id) do update
set starts_at = excluded.starts_at, ends_at = excluded.ends_at, place = excluded.place, called_off = excluded.called_off
""")
_DETAILS = (
    "activity_id",
    "title",
    "description",
    "way",
    "district",
    "institution_id",
    "institution",
    "completes_with",
    "join_until",
    "rule",
    "windows",
    "needs",
)
_ENDED = sa.text("""
select cast(a.activity_id as text) from activity a
where a.status = 'open'
    and not exists (select from session s where s.activity_id = a.activity_id and not s.called_off and s.ends_at > :now)
order by a.activity_id limit :limit
""")
_SAVE_QUOTAS = sa.text("""
with r as (select * from json_to_recordset(cast(:rows as json))
    as x(activity_id uuid, code text, seats integer, released boolean, taken integer))
update quota q set seats = r.seats, released = r.released, taken = q.taken + r.taken
from r where q.activity_id = r.activity_id and q.code = r.code and q.activity_id = any(array(select activity_id from r))
""")
_SET_QUOTAS = sa.text("""
with r as (select * from json_to_recordset(cast(:rows as json)) as x(activity_id uuid, code text, place smallint, who jsonb,
        seats integer, reserved_until jsonb, released boolean, taken integer)),
    gone as (delete from quota q where q.activity_id = any(array(select cast(json_array_elements_text(cast(:ids as json)) as uuid)))
        and not exists (select from r where r.activity_id = q.activity_id and r.code = q.code))
insert into quota (activity_id, code, place, who, seats, reserved_until, released, taken, granted)
select activity_id, code, place, who, seats, reserved_until, released, taken, taken from r
on conflict (activity_id, code) do update set place = excluded.place, who = excluded.who, seats = excluded.seats,
    reserved_until = excluded.reserved_until, released = excluded.released, taken = excluded.taken, granted = excluded.granted
""")
_TO_RELEASE = sa.text("""
select distinct cast(q.activity_id as text) from quota q join activity a on a.activity_id = q.activity_id
where q.reserved_until is not null and not q.released and a.status = 'open'
""")


class Activities:
    """Every activity that was ever opened."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._locked: dict[str, Activity] = {}

    def add(self, activity: Activity) -> bool:
        """Keep a new activity; False if its id is taken."""
        row = msgspec.to_builtins(activity, builtin_types=())
        documents = {
            name: msgspec.json.encode(row[name]).decode()
            for name in ("title", "description", "rule", "windows", "needs", "sessions", "line")
        }
        quotas = json_of(row | {"place": place} for place, row in enumerate(row["quotas"]))
        return self._connection.execute(_ADD, row | documents | {"quotas": quotas, "opening": activity.opening()}).rowcount > 0

    def opening_of(self, activity_id: str) -> str | None:
        """The digest of what was asked when it was opened."""
        return self._connection.execute(_OPENING, {"activity_id": activity_id}).scalar()

    def get(self, activity_id: str) -> Activity | None:
        return first(Activity, self._connection.execute(_GET, {"activity_id": activity_id}))

    def of_session(self, session_id: str) -> Activity | None:
        return first(Activity, self._connection.execute(_OF_SESSION, {"session_id": session_id}))

    def these(self, activity_ids: Iterable[str]) -> Sequence[Activity]:
        """As many of these activities as there are, in the order of their ids."""
        return every(Activity, self._connection.execute(_READ, {"ids": json_of(activity_ids)}))

    def lock(self, activity_ids: Iterable[str], *, wait: bool = True) -> Sequence[Activity]:
        """These activities, in the order of their ids, for this unit of work alone until it ends.

        Where it may not `wait`, those that another unit of work has locked are left out.
        They are read by a statement of their own: one that has waited for a lock reads the row anew, but not its sessions and quotas.
        """
        those = list(activity_ids)
        locked = self._connection.execute(_LOCK if wait else _LOCK_FREE, {"ids": json_of(those)}).scalars().all()
        activities = self.these(locked)
        self._locked |= {activity.activity_id: replace(activity) for activity in activities}
        return activities

    def ended(self, now: datetime, limit: int) -> Sequence[str]:
        """The ids of open activities whose last session has ended."""
        return self._connection.execute(_ENDED, {"now": now, "limit": limit}).scalars().all()

    def save(self, activities: Iterable[Activity]) -> None:
        """Write locked activities back.

        The counts are written as differences to what was locked, not as totals: even a writer who forgot the lock would add
        up, and run into the constraint `never_overbooked`.
        """
        changes = [(activity, self._locked[activity.activity_id]) for activity in activities]
        self._locked |= {activity.activity_id: replace(activity) for activity, _ in changes}
        self._connection.execute(_SAVE, {"rows": json_of(_difference(*change) for change in changes)})
        if quotas := [row for change in changes for row in _quota_differences(*change)]:
            self._connection.execute(_SAVE_QUOTAS, {"rows": json_of(quotas)})

    def change(self, activities: Sequence[Activity]) -> None:
        """Write what else organisers changed of locked activities: their details, their terms and their sessions."""
        rows = [{name: getattr(activity, name) for name in _DETAILS} for activity in activities]
        sessions = [row for activity in activities for row in _session_rows(activity)]
        self._connection.execute(_CHANGE, {"rows": json_of(rows), "sessions": json_of(sessions)})
        self.set_quotas([one for one in activities if _defined(one) != _defined(self._locked[one.activity_id])])

    def set_quotas(self, activities: Sequence[Activity]) -> None:
        """Write quotas that are otherwise than they were locked, with what is taken of them, which is granted also beyond their seats."""
        if not activities:
            return
        quotas = [
            asdict(quota) | {"activity_id": activity.activity_id, "place": place}
            for activity in activities
            for place, quota in enumerate(activity.quotas)
        ]
        ids = [activity.activity_id for activity in activities]
        self._connection.execute(_SET_QUOTAS, {"rows": json_of(quotas), "ids": json_of(ids)})
        self._locked |= {one.activity_id: replace(self._locked[one.activity_id], quotas=one.quotas) for one in activities}

    def to_release(self) -> Sequence[str]:
        """The ids of open activities with seats that are kept for some until a moment that may have come."""
        return self._connection.execute(_TO_RELEASE).scalars().all()

    def page(
        self,
        where: Mapping[str, Any],
        after: str | None,
        limit: int,
        drafts_of: Collection[str] | None = None,
        opened_by: str | None = None,
    ) -> Sequence[Activity]:
        """Activities by id after `after`; `where` may name programme, district, institution, kind and status.

        Drafts are of these institutions only, or opened by this system; of all, where none are named (None).
        """
        anything = dict.fromkeys(("programme", "district", "institution", "kind", "status"))
        drafts = {"drafts_of": None if drafts_of is None else json_of(drafts_of), "opened_by": opened_by}
        return every(Activity, self._connection.execute(_PAGE, anything | dict(where) | drafts | {"after": after, "limit": limit}))

    def stream(self) -> Iterator[Activity]:
        """Every activity that was ever told of."""
        return stream(Activity, self._connection, _TOLD)


def _session_rows(activity: Activity) -> Iterator[Mapping[str, Any]]:
    for sessions, called_off in ((activity.sessions, False), (activity.called_off_sessions, True)):
        for session in sessions:
            yield asdict(session) | {"activity_id": activity.activity_id, "called_off": called_off}


def _difference(activity: Activity, before: Activity) -> Mapping[str, Any]:
    return {
        "activity_id": activity.activity_id,
        "capacity": activity.capacity,
        "status": activity.status,
        "last_number": activity.last_number,
        "taken": activity.taken - before.taken,
        "waiting": activity.waiting - before.waiting,
        "version": activity.version,
        "told": activity.told,
    }


def _quota_differences(activity: Activity, before: Activity) -> Iterator[Mapping[str, Any]]:
    """Of those that changed; an activity's quotas keep their order."""
    for quota, was in zip(activity.quotas, before.quotas, strict=True):
        if quota != was:
            row = {"code": quota.code, "seats": quota.seats, "released": quota.released, "taken": quota.taken - was.taken}
            yield row | {"activity_id": activity.activity_id}


def _defined(activity: Activity) -> Sequence[Any]:
    """What its quotas are, whoever takes seats of them."""
    return [(quota.code, quota.who, quota.seats, quota.reserved_until) for quota in activity.quotas]
