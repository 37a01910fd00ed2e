"""Ids that stand for others: two turned out to be one, and from then on both ids mean the one that is kept.

Every service keeps its own records under the ids with which they came, and looks an id up when it decides something. So
nothing has to be rewritten when two are merged, and nothing has to be put back when the merge is undone. In statements,
`chassis.surviving(id)` is the id that is kept, and `chassis.same(id)` are all ids that mean the same. Each call costs some
microseconds; where there are many rows, the view `chassis.same_as (id, other_id)` and `SAME_IDS` are joined instead.

Merges come in any order: A into B before or after B into C. `into_id` is what was said; `kept_id` follows from all that
was said, and is worked out anew whenever anything is. A circle can be there for a moment only, while one of its facts is
on its way to another's place; until it has come, everybody in it stands for himself.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
import sqlalchemy as sa

SAME_IDS: Final = """(
with asked as (select cast(json_array_elements_text(cast(:ids as json)) as uuid) as id),
kept as (select coalesce(kept_id, id) as id from asked left join chassis.alias on merged_id = id)
select id from kept union select merged_id from kept join chassis.alias on kept_id = kept.id
)"""
"""For a statement: all ids that mean the same as one of `:ids`, a JSON list."""

_IDS = "(select cast(json_array_elements_text(cast(:ids as json)) as uuid))"
_FORGET = sa.text(f"delete from chassis.alias where merged_id in {_IDS}")  # noqa: S608 - our own text
_FORGET_ALL = sa.text("delete from chassis.alias")
_LEARN = sa.text(
    "insert into chassis.alias (merged_id, into_id, kept_id)"
    " select m, i, i from json_to_recordset(cast(:rows as json)) as x(m uuid, i uuid) order by m"
    " on conflict (merged_id) do update set into_id = excluded.into_id"
)
_FOLLOW = sa.text("""
with recursive up (merged_id, at, past) as (
    select merged_id, into_id, array[merged_id] from chassis.alias
    union all
    select up.merged_id, a.into_id, up.past || up.at from up join chassis.alias a on a.merged_id = up.at where up.at <> all (up.past)
),
ends as (select distinct on (merged_id) merged_id, at as kept_id from up order by merged_id, cardinality(past) desc)
update chassis.alias a set kept_id = ends.kept_id from ends where ends.merged_id = a.merged_id and ends.kept_id <> a.kept_id
""")
_AROUND = sa.text("""
with asked as (
    select distinct coalesce(kept_id, id) as kept_id
    from (select cast(json_array_elements_text(cast(:ids as json)) as uuid) as id) as x left join chassis.alias on merged_id = id
)
select kept_id::text as id, kept_id::text from asked
union all select a.merged_id::text, a.kept_id::text from chassis.alias a join asked using (kept_id)
""")
_ONE_AT_A_TIME = sa.text("select pg_advisory_xact_lock(hashtext('deltag aliases'))")


class Aliases:
    """Which ids stand for which others, in one service's database."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def learn(self, into: Mapping[str, str | None]) -> None:
        """Each id was merged into another, or (None) stands for itself again. Saying it twice changes nothing."""
        if not into:
            return
        self._connection.execute(_ONE_AT_A_TIME)
        self._connection.execute(_FORGET, {"ids": _json(id_ for id_, other in into.items() if other is None)})
        self._connection.execute(_LEARN, {"rows": _json({"m": id_, "i": other} for id_, other in into.items() if other)})
        self._connection.execute(_FOLLOW)

    def forget(self) -> None:
        """Everybody stands for himself again."""
        self._connection.execute(_FORGET_ALL)

    def surviving(self, ids: Iterable[str]) -> dict[str, str]:
        """For each of these the id that is kept: itself, unless it was merged."""
        asked = set(ids)
        around = self.around(asked)
        return {id_: around[id_.lower()] for id_ in asked}

    def around(self, ids: Iterable[str]) -> dict[str, str]:
        """The same for every id that means the same as one of these."""
        asked = set(ids)
        rows = self._connection.execute(_AROUND, {"ids": _json(asked)}) if asked else ()
        return {row.id: row.kept_id for row in rows}

    def lock(self) -> None:
        """Nobody else merges or undoes a merge until the end of the transaction."""
        self._connection.execute(_ONE_AT_A_TIME)


def _json(rows: Iterable[object]) -> str:
    return msgspec.json.encode(list(rows)).decode()
