"""Who may be told of which child, and when, as registration's facts tell of it.

Of a child that was stored twice and merged registration tells a family anew, under the id that is kept. Until that has come,
what was told under the other ids counts.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from msgspec.structs import asdict

from services.events.domain.family import Families as FamiliesByChild
from services.events.domain.family import Permission
from services.events.messages import FamilyChanged
from services.events.storage.rows import json_of

_LEARN = sa.text("""
insert into family (child_id, guardian_ids, permissions)
select child_id, guardian_ids, permissions from json_to_recordset(cast(:rows as json))
    as r(child_id uuid, guardian_ids jsonb, permissions jsonb)
order by child_id
on conflict (child_id) do update set guardian_ids = excluded.guardian_ids, permissions = excluded.permissions
""")
_OF_CHILDREN = sa.text("""
with asked as materialized (
    select c.id, s.id as child_id
    from (select distinct cast(json_array_elements_text(cast(:ids as json)) as uuid) as id) as c
    cross join lateral chassis.same(c.id) as s (id)
),
told as (
    select a.id, f.permissions, rank() over (partition by a.id order by chassis.surviving(f.child_id) <> f.child_id) as place
    from family f join asked a on a.child_id = f.child_id
    where f.child_id = any(array(select child_id from asked))
)
select cast(id as text) as child_id, cast(chassis.surviving(p.guardian_id) as text) as guardian_id,
    p.contact_allowed, p.valid_from, p.valid_until
from told left join lateral jsonb_to_recordset(permissions)
    as p (guardian_id uuid, contact_allowed boolean, valid_from date, valid_until date) on true
where place = 1
""")


class Families:
    """The family of each child of whose family anything was heard."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def learn(self, families: Iterable[FamilyChanged]) -> None:
        """Each is the whole family, in place of what was known of it."""
        self._connection.execute(_LEARN, {"rows": json_of(map(_row, families))})

    def of(self, children: Iterable[str]) -> FamiliesByChild:
        """What is known of the families of these children, with every guardian by the id that is kept."""
        found: dict[str, list[Permission]] = {}
        for row in self._connection.execute(_OF_CHILDREN, {"ids": json_of(children)}):
            family = found.setdefault(row.child_id, [])
            if row.guardian_id:
                family.append(Permission(row.guardian_id, row.contact_allowed, row.valid_from, row.valid_until))
        return found


def _row(family: FamilyChanged) -> Mapping[str, Any]:
    permissions = [asdict(period) | {"guardian_id": one.guardian_id} for one in family.guardians for period in one.periods]
    return {"child_id": family.child_id, "guardian_ids": [one.guardian_id for one in family.guardians], "permissions": permissions}
