"""What parties need, in sets; and the demand of sessions that comes of it. Sign-ups that were cancelled need nothing."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.events.domain.need import Demand, Need
from services.events.storage.rows import every, json_of

_SET = sa.text("""
with r as (select * from json_to_recordset(cast(:rows as json)) as x(need text, option text, people integer)),
    gone as (delete from need n where n.signup_id = :signup_id
        and not exists (select from r where r.need = n.need and coalesce(r.option, '') = n.option))
insert into need (signup_id, contact_id, need, option, people)
select :signup_id, :contact_id, need, coalesce(option, ''), people from r
on conflict (signup_id, need, option) do update set people = excluded.people
""")
_OF = sa.text("""
select cast(signup_id as text), need, nullif(option, '') as option, people from need
where signup_id = any(array(select cast(json_array_elements_text(cast(:ids as json)) as uuid))) order by signup_id, need, option
""")
_SEATED = sa.text("""
select cast(n.signup_id as text), n.need, nullif(n.option, '') as option, n.people from need n join signup s on s.signup_id = n.signup_id
where s.activity_id = :activity_id and s.status = 'seated' order by n.signup_id, n.need, n.option
""")
_COPY = sa.text("""
insert into need (signup_id, contact_id, need, option, people)
select s.signup_id, n.contact_id, n.need, n.option, n.people
from json_to_recordset(cast(:rows as json)) as r(signup_id uuid, old_id uuid)
join signup s on s.signup_id = r.signup_id join activity a on a.activity_id = s.activity_id join need n on n.signup_id = r.old_id
where a.needs -> 'kinds' ? n.need
on conflict do nothing
""")
_DEMAND = """
select cast(m.session_id as text), cast(m.activity_id as text), m.starts_at, m.ends_at, m.place, a.programme, a.kind, a.title,
    a.institution,
    (select coalesce(json_agg(json_build_object('need', d.need, 'option', nullif(d.option, ''), 'people', d.people, 'waiting', d.waiting)
        order by d.need, d.option), '[]')
        from (select n.need, n.option, coalesce(sum(n.people) filter (where s.status in ('seated', 'offered')), 0) as people,
                coalesce(sum(n.people) filter (where s.status = 'waiting'), 0) as waiting
            from signup s join need n on n.signup_id = s.signup_id
            where s.activity_id = a.activity_id and s.status <> 'cancelled' group by n.need, n.option) d) as demand
from session m join activity a on a.activity_id = m.activity_id
where not m.called_off
"""
_OF_SESSION = sa.text(f"{_DEMAND} and m.session_id = :session_id")
_PAGE = sa.text(f"""{_DEMAND}
    and a.status = 'open' and a.needs -> 'kinds' <> '[]' and m.ends_at > :since
    and (cast(:until as timestamptz) is null or m.starts_at < cast(:until as timestamptz))
    and (cast(:programme as text) is null or a.programme = :programme)
    and (cast(:institutions as json) is null
        or a.institution = any(array(select json_array_elements_text(cast(:institutions as json)))))
    and (cast(:starts_at as timestamptz) is null
        or (m.starts_at, m.session_id) > (cast(:starts_at as timestamptz), cast(:session_id as uuid)))
order by m.starts_at, m.session_id limit :limit
""")
_FORGET = sa.text("""
delete from need where signup_id in (select n.signup_id from need n join signup s on s.signup_id = n.signup_id
    where s.status = 'cancelled'
        or not exists (select from session m where m.activity_id = s.activity_id and m.ends_at > :before) limit :most)
""")
_DROP_OF = sa.text("""
delete from need where signup_id in (select p.signup_id from party p
    where p.person_id = any(array(select cast(json_array_elements_text(cast(:people as json)) as uuid))))
""")
_DEADLINES = sa.text("""
select cast(a.activity_id as text), c.closed_at from activity a left join needs_closed c on c.activity_id = a.activity_id
where a.status = 'open' and a.needs ->> 'until' is not null and a.needs -> 'kinds' <> '[]'
""")
_CLOSE = sa.text("""
insert into needs_closed (activity_id, closed_at)
select activity_id, closed_at from json_to_recordset(cast(:rows as json)) as r(activity_id uuid, closed_at timestamptz)
on conflict (activity_id) do update set closed_at = excluded.closed_at
""")

AT_ONCE = 1_000


@dataclass(frozen=True)
class SessionDemand:
    """A session, and what is needed at it."""

    session_id: str
    activity_id: str
    starts_at: datetime
    ends_at: datetime
    place: str
    programme: str
    kind: str
    title: Mapping[str, str]
    institution: str | None
    demand: Sequence[Demand]


class Needs:
    """What is needed of all whose sign-ups hold. Change a sign-up's under the lock of its activity only."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def set(self, signup_id: str, contact_id: str, needs: Iterable[Need]) -> None:
        """The party needs exactly this."""
        self._connection.execute(_SET, {"signup_id": signup_id, "contact_id": contact_id, "rows": json_of(needs)})

    def of(self, signup_id: str) -> Sequence[Need]:
        """What the party needs."""
        return _by_signup(self._connection.execute(_OF, {"ids": json_of([signup_id])})).get(signup_id, ())

    def of_seated(self, activity_id: str) -> Mapping[str, Sequence[Need]]:
        """What those need who have seats, by sign-up."""
        return _by_signup(self._connection.execute(_SEATED, {"activity_id": activity_id}))

    def copy(self, made: Mapping[str, str]) -> None:
        """Give each of these new sign-ups what its old one needed, as far as it is asked there."""
        rows = ({"signup_id": new, "old_id": old} for new, old in made.items())
        self._connection.execute(_COPY, {"rows": json_of(rows)})

    def demand_of(self, session_id: str) -> SessionDemand | None:
        """What is needed at a session."""
        found = every(SessionDemand, self._connection.execute(_OF_SESSION, {"session_id": session_id}))
        return found[0] if found else None

    def page(
        self, where: Mapping[str, Any], institutions: Collection[str] | None, after: tuple[datetime, str] | None, limit: int
    ) -> Sequence[SessionDemand]:
        """Sessions of open activities that ask anything, by their start, after that one; `where` names since, until and programme.

        Of these institutions only; of all, where none are named (None).
        """
        starts_at, session_id = after or (None, None)
        those = {"institutions": None if institutions is None else json_of(institutions), "limit": limit}
        found = self._connection.execute(_PAGE, dict(where) | those | {"starts_at": starts_at, "session_id": session_id})
        return every(SessionDemand, found)

    def forget(self, before: datetime) -> int:
        """Drop what was needed of sign-ups that were cancelled, or to activities that ended before; how many answers."""
        return self._connection.execute(_FORGET, {"before": before, "most": AT_ONCE}).rowcount

    def deadlines(self) -> Mapping[str, datetime | None]:
        """The ids of open activities that ask until a deadline, each with the last deadline of it that was told."""
        return {row.activity_id: row.closed_at for row in self._connection.execute(_DEADLINES)}

    def close(self, closed: Mapping[str, datetime]) -> None:
        """Note that these deadlines were told."""
        rows = ({"activity_id": activity_id, "closed_at": at} for activity_id, at in closed.items())
        if closed:
            self._connection.execute(_CLOSE, {"rows": json_of(rows)})

    def drop_of(self, people: Iterable[str]) -> None:
        """Drop what the parties of these people needed."""
        self._connection.execute(_DROP_OF, {"people": json_of(people)})


def _by_signup(rows: Iterable[Any]) -> Mapping[str, Sequence[Need]]:
    found: defaultdict[str, list[Need]] = defaultdict(list)
    for signup_id, need, option, people in rows:
        found[signup_id].append(Need(need, option, people))
    return found
