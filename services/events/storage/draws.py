"""Draws, and who took part in them; a ticket names a sign-up and nobody."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
import sqlalchemy as sa

from services.events.domain.draw import Draw, Ticket
from services.events.storage.rows import every, first, json_of

_ADD = sa.text("""
insert into draw (activity_id, seed, commitment, closes_at)
values (:activity_id, :seed, :commitment, :closes_at) on conflict do nothing
""")
_SELECT = "select cast(d.activity_id as text), d.seed, d.commitment, d.closes_at, d.drawn_at from draw d\n"
_GET = sa.text(_SELECT + "where d.activity_id = :activity_id")
_DUE = sa.text(f"""{_SELECT}
join activity a on a.activity_id = d.activity_id
where d.drawn_at is null and d.closes_at <= :now and a.status = 'open' order by d.closes_at limit :limit
""")
_KEEP = sa.text("""
with held as (update draw set drawn_at = :drawn_at where activity_id = cast(:activity_id as uuid))
insert into draw_ticket (activity_id, place, signup_id, lots)
select cast(:activity_id as uuid), place, signup_id, lots from json_to_recordset(cast(:tickets as json))
    as r(place integer, signup_id uuid, lots integer)
""")
_TICKETS = sa.text("""
select cast(signup_id as text), lots, place from draw_ticket
where activity_id = :activity_id and place > :after order by place limit :limit
""")

AT_ONCE = 20
"""Draws that are held in one unit of work."""


class Draws:
    """Every draw that is to be held or was."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, draw: Draw) -> None:
        self._connection.execute(_ADD, msgspec.to_builtins(draw, builtin_types=(datetime,)))

    def get(self, activity_id: str) -> Draw | None:
        return first(Draw, self._connection.execute(_GET, {"activity_id": activity_id}))

    def due(self, now: datetime) -> Sequence[Draw]:
        """Draws of open activities whose moment has come, and that were not held yet."""
        return every(Draw, self._connection.execute(_DUE, {"now": now, "limit": AT_ONCE}))

    def keep(self, draw: Draw, tickets: Sequence[Ticket], now: datetime) -> None:
        """It was held, with this result."""
        result = {"activity_id": draw.activity_id, "drawn_at": now, "tickets": json_of(tickets)}
        self._connection.execute(_KEEP, result)

    def tickets(self, activity_id: str, after: int, limit: int) -> Sequence[Ticket]:
        """The result in order, from after a place."""
        return every(Ticket, self._connection.execute(_TICKETS, {"activity_id": activity_id, "after": after, "limit": limit}))
