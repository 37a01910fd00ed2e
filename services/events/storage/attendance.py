"""Who came to which session, and everything that was ever seen of it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from services.events.domain.activity import Activity
from services.events.domain.attendance import Attendance, AttendanceState, CorrectionReason, Entry, Observation, Outcome
from services.events.domain.completion import Completion
from services.events.domain.eligibility import Came
from services.events.domain.session import LOCAL
from services.events.storage.rows import every, json_of, stream

CAME = "t.state in ({})".format(", ".join(f"'{state}'" for state in AttendanceState if state.came))
"""That the record `t` says that somebody came, by the domain's own word for it."""

_SELECT = f"""
select cast(t.attendance_id as text), cast(t.session_id as text), cast(a.activity_id as text), cast(t.signup_id as text),
    cast(t.person_id as text), t.role, t.state, a.kind, a.programme, a.district, t.recorded_at, t.recorded_by,
    coalesce(t.seen_at, t.recorded_at) as seen_at, cast(t.nonce as text), t.reason,
    cast(s.starts_at at time zone '{LOCAL.key}' as date) as held_on
from attendance t join session s on s.session_id = t.session_id join activity a on a.activity_id = s.activity_id
"""  # noqa: S608 - our own text
_OF_SESSION = sa.text(_SELECT + "where t.session_id = :session_id")
_OF_PERSON = sa.text(f"""{_SELECT}
where a.activity_id = :activity_id and not s.called_off
    and t.person_id = any(array(select cast(json_array_elements_text(cast(:ids as json)) as uuid)))
order by s.starts_at, t.session_id
""")
_ALL = sa.text(_SELECT)
_SAVE = sa.text("""
insert into attendance (attendance_id, session_id, signup_id, person_id, role, state, seen_at, nonce, reason, recorded_at, recorded_by)
select attendance_id, session_id, signup_id, person_id, role, state, seen_at, nonce, reason, recorded_at, recorded_by
from json_to_recordset(cast(:rows as json)) as x(attendance_id uuid, session_id uuid, signup_id uuid, person_id uuid, role text,
    state text, seen_at timestamptz, nonce uuid, reason text, recorded_at timestamptz, recorded_by text)
on conflict (attendance_id) do update
set state = excluded.state, seen_at = excluded.seen_at, nonce = excluded.nonce, reason = excluded.reason,
    recorded_at = excluded.recorded_at, recorded_by = excluded.recorded_by
""")
_KEEP = sa.text("""
insert into attendance_history (attendance_id, state, seen_at, nonce, reason, recorded_at, recorded_by)
select attendance_id, state, seen_at, nonce, reason, :now, recorded_by
from json_to_recordset(cast(:rows as json))
    as x(attendance_id uuid, state text, seen_at timestamptz, nonce uuid, reason text, recorded_by text)
""")
_COMPLETIONS = sa.text(f"""
select cast(p.person_id as text), p.role, count(distinct t.session_id) as attended
from party p join signup s on s.signup_id = p.signup_id and s.status = 'seated'
left join session m on m.activity_id = s.activity_id and not m.called_off
left join attendance t on t.session_id = m.session_id and {CAME}
    and chassis.surviving(t.person_id) = chassis.surviving(p.person_id)
where s.activity_id = :activity_id and (cast(:after as uuid) is null or p.person_id > cast(:after as uuid))
group by p.person_id, p.role order by p.person_id limit :limit
""")  # noqa: S608 - our own text
_HISTORY = sa.text("""
select cast(t.person_id as text), h.state, coalesce(h.seen_at, h.recorded_at) as seen_at, h.recorded_at, h.recorded_by, h.reason
from attendance_history h join attendance t on t.attendance_id = h.attendance_id
where t.session_id = :session_id order by 3, h.recorded_by, h.nonce nulls first, h.id
""")
_HEARD = sa.text("""
select cast(t.person_id as text), h.state, h.seen_at, h.recorded_by, cast(h.nonce as text), h.reason
from attendance_history h join attendance t on t.attendance_id = h.attendance_id
where t.session_id = :session_id and h.nonce = any(array(select cast(json_array_elements_text(cast(:nonces as json)) as uuid)))
""")
_CAME = sa.text(f"""
select distinct cast(t.person_id as text), a.kind, a.programme from attendance t
join session s on s.session_id = t.session_id join activity a on a.activity_id = s.activity_id
where {CAME}
    and t.person_id = any(array(select cast(json_array_elements_text(cast(:people as json)) as uuid)))
""")  # noqa: S608 - our own text


class AttendanceRecords:
    """The records of every session. Change them under the lock of their activity only."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def of_session(self, session_id: str) -> dict[str, Attendance]:
        """What counts now, by person."""
        records = every(Attendance, self._connection.execute(_OF_SESSION, {"session_id": session_id}))
        return {record.person_id: record for record in records}

    def of_person(self, activity_id: str, ids: Iterable[str]) -> Sequence[Attendance]:
        """What counts now of somebody, by all ids that mean him, at the sessions of one activity, in the order of time."""
        return every(Attendance, self._connection.execute(_OF_PERSON, {"activity_id": activity_id, "ids": json_of(ids)}))

    def history(self, session_id: str) -> Mapping[str, Sequence[Entry]]:
        """Everything that was seen of each person, the earliest first."""
        entries: defaultdict[str, list[Entry]] = defaultdict(list)
        for person_id, state, seen_at, recorded_at, by, reason in self._connection.execute(_HISTORY, {"session_id": session_id}):
            entries[person_id].append(Entry(AttendanceState(state), seen_at, recorded_at, by, _reason(reason)))
        return entries

    def completions(self, activity: Activity, after: str | None, limit: int) -> Sequence[Completion]:
        """To how many of the activity's sessions those with seats came, by the ids of the people after `after`."""
        asked = {"activity_id": activity.activity_id, "after": after, "limit": limit}
        return every(Completion, self._connection.execute(_COMPLETIONS, asked))

    def of_people(self, kept: Mapping[str, str]) -> Mapping[str, frozenset[Came]]:
        """To what these people ever came, in time or late; each by the id that is kept."""
        came: defaultdict[str, set[Came]] = defaultdict(set)
        for person_id, kind, programme in self._connection.execute(_CAME, {"people": json_of(kept)}):
            came[kept[person_id]].add(Came(kind, programme))
        return {person_id: frozenset(theirs) for person_id, theirs in came.items()}

    def heard(self, session_id: str, nonces: Iterable[str | None]) -> dict[tuple[str, str], Observation]:
        """What came under these nonces before, by person and nonce."""
        rows = self._connection.execute(_HEARD, {"session_id": session_id, "nonces": json_of(nonces)})
        seen = (Observation(p, AttendanceState(s), at, by, nonce, _reason(reason)) for p, s, at, by, nonce, reason in rows)
        return {(one.person_id, one.nonce or ""): one for one in seen}

    def save(self, outcomes: Iterable[Outcome], now: datetime) -> None:
        """Keep what was seen, and the records as it left them."""
        seen = [(one.attendance, one.seen) for one in outcomes if one.attendance and one.seen]
        if not seen:
            return
        records = {record.attendance_id: record for record, _ in seen}
        self._connection.execute(_SAVE, {"rows": json_of(records.values())})
        entries = [_entry(record.attendance_id, observation) for record, observation in seen]
        self._connection.execute(_KEEP, {"rows": json_of(entries), "now": now})

    def stream(self) -> Iterator[Attendance]:
        return stream(Attendance, self._connection, _ALL)


def _entry(attendance_id: str, seen: Observation) -> Mapping[str, object]:
    return {
        "attendance_id": attendance_id,
        "state": seen.state,
        "seen_at": seen.seen_at,
        "nonce": seen.nonce,
        "reason": seen.reason,
        "recorded_by": seen.recorded_by,
    }


def _reason(code: str | None) -> CorrectionReason | None:
    return CorrectionReason(code) if code else None
