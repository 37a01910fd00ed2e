"""Who came to which session, and everything that was ever said of it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import sqlalchemy as sa

from services.events.domain.activity import Activity
from services.events.domain.attendance import Attendance, AttendanceState, Entry
from services.events.domain.completion import Completion
from services.events.domain.session import LOCAL
from services.events.storage.rows import every, json_of, stream

_SELECT = f"""
select cast(t.attendance_id as text), cast(t.session_id as text), cast(a.activity_id as text), cast(t.signup_id as text),
    cast(t.person_id as text), t.role, t.state, a.kind, a.programme, a.district, t.recorded_at, t.recorded_by,
    cast(s.starts_at at time zone '{LOCAL.key}' as date) as held_on
from attendance t join session s on s.session_id = t.session_id join activity a on a.activity_id = s.activity_id
"""  # noqa: S608 - our own text
_OF_SESSION = sa.text(_SELECT + "where t.session_id = :session_id")
_ALL = sa.text(_SELECT)
_SAVE = sa.text("""
with r as (select * from json_to_recordset(cast(:rows as json)) as x(attendance_id uuid, session_id uuid, signup_id uuid,
        person_id uuid, role text, state text, recorded_at timestamptz, recorded_by text)),
    kept as (
        insert into attendance
        select r.attendance_id, r.session_id, r.signup_id, r.person_id, r.role, r.state, r.recorded_at, r.recorded_by from r
        on conflict (attendance_id) do update
        set state = excluded.state, recorded_at = excluded.recorded_at, recorded_by = excluded.recorded_by)
insert into attendance_history (attendance_id, state, recorded_at, recorded_by)
select attendance_id, state, recorded_at, recorded_by from r
""")
_COMPLETIONS = sa.text("""
select cast(p.person_id as text), p.role, count(distinct t.session_id) as attended
from party p join signup s on s.signup_id = p.signup_id and s.status = 'seated'
left join session m on m.activity_id = s.activity_id and not m.called_off
left join attendance t on t.session_id = m.session_id and t.state in ('present', 'late')
    and chassis.surviving(t.person_id) = chassis.surviving(p.person_id)
where s.activity_id = :activity_id and (cast(:after as uuid) is null or p.person_id > cast(:after as uuid))
group by p.person_id, p.role order by p.person_id limit :limit
""")
_HISTORY = sa.text("""
select cast(t.person_id as text), h.state, h.recorded_at, h.recorded_by from attendance_history h
join attendance t on t.attendance_id = h.attendance_id
where t.session_id = :session_id order by h.id
""")


class AttendanceRecords:
    """The records of every session. Change them under the lock of their activity only."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def of_session(self, session_id: str) -> dict[str, Attendance]:
        """What is recorded now, by person."""
        records = every(Attendance, self._connection.execute(_OF_SESSION, {"session_id": session_id}))
        return {record.person_id: record for record in records}

    def history(self, session_id: str) -> Mapping[str, Sequence[Entry]]:
        """Everything that was recorded of each person, the oldest first."""
        entries: defaultdict[str, list[Entry]] = defaultdict(list)
        for person_id, state, recorded_at, recorded_by in self._connection.execute(_HISTORY, {"session_id": session_id}):
            entries[person_id].append(Entry(AttendanceState(state), recorded_at, recorded_by))
        return entries

    def completions(self, activity: Activity, after: str | None, limit: int) -> Sequence[Completion]:
        """To how many of the activity's sessions those with seats came, by the ids of the people after `after`."""
        asked = {"activity_id": activity.activity_id, "after": after, "limit": limit}
        return every(Completion, self._connection.execute(_COMPLETIONS, asked))

    def save(self, records: Sequence[Attendance]) -> None:
        """Keep new and corrected records, and add each to its history."""
        if records:
            self._connection.execute(_SAVE, {"rows": json_of(records)})

    def stream(self) -> Iterator[Attendance]:
        return stream(Attendance, self._connection, _ALL)
