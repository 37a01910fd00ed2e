"""Cycles and their parts."""

import msgspec
import sqlalchemy as sa

from services.events.domain.cycle import Cycle
from services.events.storage.rows import first, json_of

_ADD = sa.text("""
with added as (
    insert into cycle (cycle_id, programme, title) values (:cycle_id, :programme, cast(:title as jsonb))
    on conflict do nothing returning cycle_id)
insert into cycle_part (cycle_id, place, activity_id)
select added.cycle_id, p.place, cast(p.activity_id as uuid)
from added, json_array_elements_text(cast(:parts as json)) with ordinality as p (activity_id, place)
""")
_GET = sa.text("""
select cast(c.cycle_id as text), c.programme, c.title,
    (select json_agg(p.activity_id order by p.place) from cycle_part p where p.cycle_id = c.cycle_id) as parts
from cycle c where c.cycle_id = :cycle_id
""")


class Cycles:
    """Every cycle that was ever put together."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, cycle: Cycle) -> bool:
        """Keep a new cycle; False if its id is taken."""
        row = msgspec.to_builtins(cycle) | {"title": msgspec.json.encode(cycle.title).decode(), "parts": json_of(cycle.parts)}
        return self._connection.execute(_ADD, row).rowcount > 0

    def get(self, cycle_id: str) -> Cycle | None:
        return first(Cycle, self._connection.execute(_GET, {"cycle_id": cycle_id}))
