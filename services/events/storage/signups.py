"""Sign-ups with their parties, in the order of their numbers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import msgspec
import sqlalchemy as sa

from services.events.domain.attendance import Seat
from services.events.domain.signup import Affected, PartyRole, Signup
from services.events.storage.rows import every, first, json_of, stream

_STANDING = "rank, place, signed_up_at, number"
"""By what a line is sorted, as `domain/waitlist.py` has it."""
_POSITION = """case when s.status = 'waiting' then
    (select count(*) from signup w where w.activity_id = s.activity_id and w.status = 'waiting'
        and (w.rank, w.place, w.signed_up_at, w.number) <= (s.rank, s.place, s.signed_up_at, s.number)) end"""
_POSITION_OF_ALL = """case when s.status = 'waiting' then
    row_number() over (partition by s.activity_id, s.status order by s.rank, s.place, s.signed_up_at, s.number) end"""


def _select(position: str) -> str:
    return f"""
select cast(s.signup_id as text), cast(s.activity_id as text), a.programme, a.kind, a.district, cast(s.contact_id as text),
    s.number, s.status, s.reason, s.signed_up_at, s.rank, s.place, s.passes, cast(s.transfers_from as text), s.offers, s.lots,
    s.counted, s.late, cast(s.instead_of as text), cast(a.line -> 'offers' ->> 'answer_hours' as integer) as answer_hours, s.made_by,
    case when s.status = 'waiting' then
        (select w.closes_at from draw w where w.activity_id = s.activity_id and w.drawn_at is null) end as draws_at,
    case when s.status = 'offered' then (select o.answer_by from offer o where o.signup_id = s.signup_id) end as answer_by,
    (select json_agg(json_build_object('person_id', p.person_id, 'role', p.role) order by p.place)
        from party p where p.signup_id = s.signup_id) as party,
    {position} as position
from signup s join activity a on a.activity_id = s.activity_id
"""  # noqa: S608 - our own text


_SELECT = _select(_POSITION)
_GET = sa.text(_SELECT + "where s.signup_id = :signup_id")
_ALL = sa.text(_select(_POSITION_OF_ALL))
_ACTIVE = sa.text(_SELECT + "where s.activity_id = :activity_id and s.status <> 'cancelled' order by s.number")
_ACTIVE_OF = sa.text(f"""{_SELECT}
where s.status <> 'cancelled'
    and s.activity_id = any(array(select cast(json_array_elements_text(cast(:activities as json)) as uuid)))
order by s.activity_id, s.number
""")
_RECOUNT = sa.text("""
update signup s set counted = r.counted from json_to_recordset(cast(:rows as json)) as r(signup_id uuid, counted jsonb)
where s.signup_id = r.signup_id
""")
_LINES = sa.text(f"""{_select("null")}
where s.signup_id in (select h.signup_id from json_to_recordset(cast(:rows as json)) as r(activity_id uuid, most integer)
    cross join lateral (select w.signup_id from signup w where w.activity_id = r.activity_id and w.status = 'waiting'
        order by {_STANDING} limit r.most) h)
order by s.activity_id, s.rank, s.place, s.signed_up_at, s.number
""")  # noqa: S608 - our own text
_OF_PEOPLE = sa.text(f"""{_SELECT}
where s.signup_id in (select p.signup_id from party p where p.active
    and p.person_id = any(array(select cast(json_array_elements_text(cast(:people as json)) as uuid)))
    and p.activity_id = any(array(select cast(json_array_elements_text(cast(:activities as json)) as uuid))))
order by s.activity_id, s.number
""")  # noqa: S608 - our own text
_COMING = sa.text("""
select distinct cast(p.activity_id as text) from party p
where p.active and p.person_id = any(array(select cast(json_array_elements_text(cast(:people as json)) as uuid)))
    and exists (select from session s where s.activity_id = p.activity_id and s.ends_at > :now)
""")
_PAGE = sa.text(f"""{_SELECT}
where s.activity_id = :activity_id and s.number > :after and (cast(:status as text) is null or s.status = :status)
order by s.number limit :limit
""")
_KNOWN_TO = sa.text(f"""{_SELECT}
where s.signup_id in (
        select p.signup_id from party p where p.person_id = any(array(select cast(json_array_elements_text(cast(:people as json)) as uuid)))
        union select c.signup_id from signup c
        where c.contact_id = any(array(select cast(json_array_elements_text(cast(:contacts as json)) as uuid))))
    and exists (select from session o where o.activity_id = s.activity_id and o.ends_at > :since)
order by s.activity_id, s.number
""")  # noqa: S608 - our own text
_ENDING_IN = sa.text("""
select cast(signup_id as text) from signup where activity_id = :activity_id and right(cast(signup_id as text), length(:tail)) = :tail
""")
_EVERY = sa.text(_SELECT + "where s.signup_id = any(array(select cast(json_array_elements_text(cast(:ids as json)) as uuid)))")
_PENDING = sa.text("select cast(signup_id as text) from signup where transfers_from = :signup_id and status = 'waiting'")
_LEFT_BEHIND = sa.text(f"""{_SELECT}
where s.status <> 'cancelled' and s.signup_id in
    (select n.transfers_from from signup n where n.transfers_from is not null and n.status = 'seated')
order by s.activity_id
""")  # noqa: S608 - our own text
_PLACE_SINCE = sa.text("""
select min(place) from signup where activity_id = :activity_id and status = 'waiting' and rank = :rank and signed_up_at > :since
""")
_LARGEST = sa.text("select coalesce(max(seats), 0) from signup where activity_id = :activity_id and status = 'waiting'")
_AFFECTED = sa.text("""
select cast(asked.id as text), count(s.signup_id) as signups, count(*) filter (where s.status = 'seated') as seated,
    count(*) filter (where s.status = 'waiting') as waiting, coalesce(sum(s.seats), 0) as people
from (select cast(json_array_elements_text(cast(:activities as json)) as uuid) as id) asked
left join signup s on s.activity_id = asked.id and s.status <> 'cancelled'
group by asked.id
""")
_LARGEST_COUNTED = sa.text("""
select coalesce(max(cast(counted ->> :code as integer)), 0) from signup where activity_id = :activity_id and status = 'waiting'
""")
_SEATS = sa.text("""
select cast(p.person_id as text), cast(p.signup_id as text), p.role from party p join signup s on s.signup_id = p.signup_id
where s.activity_id = :activity_id and s.status = 'seated' order by s.number, p.place
""")
_ADD = sa.text("""
with added as (
    insert into signup
        (signup_id, activity_id, contact_id, seats, number, status, reason, signed_up_at, rank, place, passes, transfers_from, lots,
            counted, made_by)
    values (:signup_id, :activity_id, :contact_id, :seats, :number, :status, :reason, :signed_up_at, :rank, :place, :passes,
        cast(:transfers_from as uuid), :lots, cast(:counted as jsonb), :made_by)
    returning signup_id, activity_id)
insert into party (signup_id, place, activity_id, person_id, role)
select added.signup_id, r.place, added.activity_id, r.person_id, r.role from added, json_to_recordset(cast(:party as json))
    as r(place smallint, person_id uuid, role text)
""")
_SAVE = sa.text("""
with r as (select * from json_to_recordset(cast(:rows as json))
        as x(signup_id uuid, status text, reason text, rank integer, place integer, passes integer, offers integer, late boolean)),
    gone as (update party set active = false where signup_id = any(array(select signup_id from r where status = 'cancelled'))),
    answered as (delete from offer where signup_id = any(array(select signup_id from r where status <> 'offered')))
update signup s set status = r.status, reason = r.reason, rank = r.rank, place = r.place, passes = r.passes, offers = r.offers,
    late = r.late
from r where s.signup_id = r.signup_id and s.signup_id = any(array(select signup_id from r))
""")


_SAVED = ("signup_id", "status", "reason", "rank", "place", "passes", "offers", "late")


class Signups:
    """Every sign-up that was ever made. Change them under the lock of their activity only."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, signup: Signup) -> None:
        row = msgspec.to_builtins(signup, builtin_types=(datetime,))
        party = [{"place": place, "person_id": m.person_id, "role": m.role} for place, m in enumerate(signup.party)]
        counted = msgspec.json.encode(signup.counted).decode()
        self._connection.execute(_ADD, row | {"seats": signup.seats, "party": json_of(party), "counted": counted})

    def save(self, signups: Sequence[Signup]) -> None:
        """Write back how these sign-ups stand; who cancelled may sign up anew, and whose seats are not offered any more has no offer."""
        if signups:
            rows = [{name: getattr(signup, name) for name in _SAVED} for signup in signups]
            self._connection.execute(_SAVE, {"rows": json_of(rows)})

    def get(self, signup_id: str) -> Signup | None:
        return first(Signup, self._connection.execute(_GET, {"signup_id": signup_id}))

    def active(self, activity_id: str) -> Sequence[Signup]:
        """Those that are not cancelled, in the order of their numbers."""
        return every(Signup, self._connection.execute(_ACTIVE, {"activity_id": activity_id}))

    def active_of(self, activity_ids: Iterable[str]) -> Sequence[Signup]:
        """The same of several activities, one after the other."""
        return every(Signup, self._connection.execute(_ACTIVE_OF, {"activities": json_of(activity_ids)}))

    def recount(self, signups: Iterable[Signup]) -> None:
        """Write in which quotas their people count."""
        rows = [{"signup_id": signup.signup_id, "counted": signup.counted} for signup in signups]
        self._connection.execute(_RECOUNT, {"rows": json_of(rows)})

    def lines(self, most: Mapping[str, int | None]) -> Mapping[str, Sequence[Signup]]:
        """The heads of the lines of these activities, in order: at most so many parties of each (None: the whole line)."""
        rows = json_of({"activity_id": activity_id, "most": parties} for activity_id, parties in most.items())
        heads = every(Signup, self._connection.execute(_LINES, {"rows": rows}))
        return {activity_id: list(line) for activity_id, line in groupby(heads, key=lambda signup: signup.activity_id)}

    def position(self, signup_id: str) -> int | None:
        """The present place in the line; None if it does not wait."""
        signup = self.get(signup_id)
        return signup.position if signup else None

    def some(self, signup_ids: Iterable[str]) -> Sequence[Signup]:
        """These sign-ups."""
        return every(Signup, self._connection.execute(_EVERY, {"ids": json_of(signup_ids)}))

    def pending_transfer(self, signup_id: str) -> str | None:
        """The id of the sign-up elsewhere that waits to take this one's place."""
        return self._connection.execute(_PENDING, {"signup_id": signup_id}).scalar()

    def left_behind(self) -> Sequence[Signup]:
        """What is held still although what it was transferred to has seats."""
        return every(Signup, self._connection.execute(_LEFT_BEHIND))

    def place_since(self, activity_id: str, rank: int, since: datetime) -> int | None:
        """The place of the first in the line who signed up later than that; None if nobody did."""
        return self._connection.execute(_PLACE_SINCE, {"activity_id": activity_id, "rank": rank, "since": since}).scalar()

    def of_people(self, people: Iterable[str], activities: Iterable[str]) -> Sequence[Signup]:
        """Seated and waiting sign-ups of these activities whose party has any of these people."""
        those = {"people": json_of(people), "activities": json_of(activities)}
        return every(Signup, self._connection.execute(_OF_PEOPLE, those))

    def coming(self, people: Iterable[str], now: datetime) -> Sequence[str]:
        """The ids of activities that are not over and to which any of these people is signed up."""
        return self._connection.execute(_COMING, {"people": json_of(people), "now": now}).scalars().all()

    def known_to(self, people: Iterable[str], contacts: Iterable[str], since: datetime) -> Sequence[Signup]:
        """All sign-ups, cancelled ones too, with any of these people or contacts, to activities that end after `since`."""
        those = {"people": json_of(people), "contacts": json_of(contacts), "since": since}
        return every(Signup, self._connection.execute(_KNOWN_TO, those))

    def ending_in(self, activity_id: str, tail: str) -> Sequence[str]:
        """The ids of the activity's sign-ups that end in these digits."""
        return self._connection.execute(_ENDING_IN, {"activity_id": activity_id, "tail": tail}).scalars().all()

    def largest_waiting(self, activity_id: str) -> int:
        """The size of the largest party in the line; 0 if nobody waits."""
        return int(self._connection.execute(_LARGEST, {"activity_id": activity_id}).scalar_one())

    def affected(self, activity_ids: Iterable[str]) -> Mapping[str, Affected]:
        """How many are signed up to each of these activities."""
        counts = self._connection.execute(_AFFECTED, {"activities": json_of(activity_ids)})
        return {activity_id: Affected(*map(int, numbers)) for activity_id, *numbers in counts}

    def most_counted(self, activity_id: str, code: str) -> int:
        """How many people of one party in the line count in this quota, at most."""
        return int(self._connection.execute(_LARGEST_COUNTED, {"activity_id": activity_id, "code": code}).scalar_one())

    def seats_of(self, activity_id: str) -> Mapping[str, Seat]:
        """Who has a seat, by person."""
        rows = self._connection.execute(_SEATS, {"activity_id": activity_id})
        return {person_id: Seat(signup_id, PartyRole(role)) for person_id, signup_id, role in rows}

    def page(self, activity_id: str, status: str | None, after: int, limit: int) -> Sequence[Signup]:
        """Sign-ups of an activity in the order of their numbers, after the number `after`."""
        where: dict[str, Any] = {"activity_id": activity_id, "status": status, "after": after, "limit": limit}
        return every(Signup, self._connection.execute(_PAGE, where))

    def stream(self) -> Iterator[Signup]:
        return stream(Signup, self._connection, _ALL)
