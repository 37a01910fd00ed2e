"""What can be booked, and which session has booked it when."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from services.events.domain.booking import Bookable, Booking, Clash
from services.events.storage.rows import every, json_of

_IDS = "any(array(select cast(json_array_elements_text(cast(:ids as json)) as uuid)))"
_BOOKABLE = "select cast(bookable_id as text), kind, programme, institution, name, cast(professional_id as text), hard from bookable"
_ADD = sa.text("""
insert into bookable (bookable_id, kind, programme, institution, name, professional_id, hard)
values (:bookable_id, :kind, :programme, :institution, cast(:name as jsonb), :professional_id, :hard) on conflict do nothing
""")
_THESE = sa.text(f"{_BOOKABLE} where bookable_id = {_IDS}")
_LOCK = sa.text(f"{_BOOKABLE} where bookable_id = {_IDS} order by bookable_id for no key update")
_PAGE = sa.text(f"""{_BOOKABLE}
where (cast(:after as uuid) is null or bookable_id > cast(:after as uuid))
    and (cast(:programme as text) is null or programme = :programme)
    and (cast(:institution as text) is null or institution = :institution)
    and (cast(:kind as text) is null or kind = :kind)
order by bookable_id limit :limit
""")
_BOOKED_BY = sa.text(f"select distinct cast(bookable_id as text) from booking where session_id = {_IDS}")  # noqa: S608 - our own text
_SET = sa.text("""
with gone as (delete from booking where session_id = :session_id
    and bookable_id <> all(array(select cast(json_array_elements_text(cast(:ids as json)) as uuid))))
insert into booking (session_id, bookable_id, number, hard, during)
select s.session_id, b.bookable_id, b.number, b.hard, tstzrange(s.starts_at, s.ends_at)
from session s, bookable b
where s.session_id = :session_id and b.bookable_id = any(array(select cast(json_array_elements_text(cast(:ids as json)) as uuid)))
on conflict (session_id, bookable_id) do update set during = excluded.during
""")
_FOLLOW = sa.text(f"""
with gone as (delete from booking b using session s where s.session_id = b.session_id and s.called_off and s.session_id = {_IDS})
update booking b set during = tstzrange(s.starts_at, s.ends_at)
from session s where s.session_id = b.session_id and not s.called_off and s.session_id = {_IDS}
""")  # noqa: S608 - our own text
_FREE = sa.text("delete from booking b using session s where s.session_id = b.session_id and s.activity_id = :activity_id")
_CLASHES = sa.text(f"""
select cast(b.bookable_id as text), k.kind, k.hard, cast(s.activity_id as text), cast(b.session_id as text),
    cast(o.session_id as text) as other_session_id, s.starts_at
from booking b join booking o on o.number = b.number and o.session_id <> b.session_id and o.during && b.during
join bookable k on k.bookable_id = b.bookable_id join session s on s.session_id = b.session_id
where b.session_id = {_IDS} order by s.starts_at, b.session_id, b.bookable_id, o.session_id
""")  # noqa: S608 - our own text
_BOOKED = """
select cast(b.bookable_id as text), cast(b.session_id as text), cast(s.activity_id as text), s.starts_at, s.ends_at
from booking b join session s on s.session_id = b.session_id
"""
_OF_SESSION = sa.text(_BOOKED + "where b.session_id = :session_id order by b.bookable_id")
_BUSY = sa.text(f"""{_BOOKED}
where b.bookable_id = :bookable_id and (cast(:after_start as timestamptz) is null
    or (s.starts_at, s.session_id) > (cast(:after_start as timestamptz), cast(:after_id as uuid)))
    and b.during && tstzrange(cast(:since as timestamptz), cast(:until as timestamptz))
order by s.starts_at, s.session_id limit :limit
""")


class Bookings:
    """Rooms, equipment and facilitators with their bookings. Who books something locks it first, after its activity."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, bookable: Bookable) -> bool:
        """Keep something new; False if its id is taken."""
        row = asdict(bookable) | {"name": msgspec.json.encode(bookable.name).decode() if bookable.name else None}
        return self._connection.execute(_ADD, row).rowcount > 0

    def these(self, bookable_ids: Iterable[str]) -> Mapping[str, Bookable]:
        """As many of these as there are, by id."""
        return {one.bookable_id: one for one in every(Bookable, self._connection.execute(_THESE, {"ids": json_of(bookable_ids)}))}

    def lock(self, bookable_ids: Iterable[str]) -> Mapping[str, Bookable]:
        """The same, for this unit of work alone until it ends."""
        return {one.bookable_id: one for one in every(Bookable, self._connection.execute(_LOCK, {"ids": json_of(bookable_ids)}))}

    def page(self, where: Mapping[str, Any], after: str | None, limit: int) -> Sequence[Bookable]:
        """What can be booked by id after `after`; `where` may name programme, institution and kind."""
        anything = dict.fromkeys(("programme", "institution", "kind"))
        return every(Bookable, self._connection.execute(_PAGE, anything | dict(where) | {"after": after, "limit": limit}))

    def booked_by(self, session_ids: Iterable[str]) -> Sequence[str]:
        """The ids of what these sessions have booked."""
        return self._connection.execute(_BOOKED_BY, {"ids": json_of(session_ids)}).scalars().all()

    def set(self, session_id: str, bookable_ids: Sequence[str]) -> None:
        """From now on the session has booked exactly these, which are locked."""
        self._connection.execute(_SET, {"session_id": session_id, "ids": json_of(bookable_ids)})

    def follow(self, session_ids: Sequence[str]) -> None:
        """What these sessions have booked is booked at their times now; what was called off needs it no more."""
        self._connection.execute(_FOLLOW, {"ids": json_of(session_ids)})

    def free(self, activity_id: str) -> None:
        """The activity needs nothing any more."""
        self._connection.execute(_FREE, {"activity_id": activity_id})

    def clashes(self, session_ids: Iterable[str]) -> Sequence[Clash]:
        """Where these sessions have booked what another session has at the same time."""
        return every(Clash, self._connection.execute(_CLASHES, {"ids": json_of(session_ids)}))

    def of_session(self, session_id: str) -> Sequence[Booking]:
        return every(Booking, self._connection.execute(_OF_SESSION, {"session_id": session_id}))

    def busy(
        self, bookable_id: str, since: datetime | None, until: datetime | None, after: tuple[datetime, str] | None, limit: int
    ) -> Sequence[Booking]:
        """When it is booked between two moments (None: without an end), in order of time, after the booking `after`."""
        start, session_id = after or (None, None)
        asked = {"bookable_id": bookable_id, "since": since, "until": until, "after_start": start, "after_id": session_id, "limit": limit}
        return every(Booking, self._connection.execute(_BUSY, asked))
