"""What was merged and undone, and the details that merging changes."""

# ruff: noqa: S608 - the statements are put together from our own text; values travel as parameters

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from services.registration.domain.merge import FIELDS, Details, Merge
from services.registration.domain.person import Kind
from services.registration.storage.rows import as_json, columns

_MERGE = "select merge_id::text, kind, merged_id::text, into_id::text, before, after, merged_at, merged_by, undone_at, undone_by from merge"
_ADD = sa.text("insert into merge select * from json_populate_recordset(null::merge, cast(:rows as json))")
_SAVE = sa.text(
    "update merge m set before = x.before, undone_at = x.undone_at, undone_by = x.undone_by"
    " from json_populate_recordset(null::merge, cast(:rows as json)) as x where m.merge_id = x.merge_id"
)
_GET = sa.text(f"{_MERGE} where merge_id = cast(:id as uuid) for update")
_PAGE = sa.text(
    f"{_MERGE} where (cast(:after as uuid) is null or merge_id > cast(:after as uuid))"
    " and (cast(:person_id as uuid) is null or cast(:person_id as uuid) in (merged_id, into_id)) order by merge_id limit :limit"
)
_LATER = sa.text(
    f"{_MERGE} where into_id = cast(:into_id as uuid) and merge_id > cast(:merge_id as uuid) and undone_at is null"
    " order by merge_id for update"
)
_LATEST = sa.text(f"select distinct on (merged_id) * from ({_MERGE}) as merge order by merged_id, merge_id desc")
_DETAILS = {
    kind: sa.text(
        f"select {kind}_id::text as person_id, {', '.join(FIELDS[kind])} from {kind}"
        f" where {kind}_id in (select cast(json_array_elements_text(cast(:ids as json)) as uuid)) order by {kind}_id for update"
    )
    for kind in Kind
}
_CHANGE = {
    kind: sa.text(
        f"update {kind} p set ({', '.join(FIELDS[kind])}) = (select {', '.join(FIELDS[kind])}"
        f" from jsonb_populate_record(p, cast(:details as jsonb))) where {kind}_id = cast(:id as uuid)"
    )
    for kind in Kind
}


class Merges:
    """Every merge that there ever was; which of them hold is what `work.aliases` knows."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, merge: Merge) -> None:
        self._connection.execute(_ADD, {"rows": as_json([merge])})

    def save(self, merges: Sequence[Merge]) -> None:
        self._connection.execute(_SAVE, {"rows": as_json(merges)})

    def later(self, merge: Merge) -> list[Merge]:
        """Those into the same one since, in order, as far as they hold."""
        rows = self._connection.execute(_LATER, {"into_id": merge.into_id, "merge_id": merge.merge_id})
        return [_merge(row) for row in rows]

    def lock(self, merge_id: str) -> Merge | None:
        """One, and nobody else changes it until the end of the transaction."""
        row = self._connection.execute(_GET, {"id": merge_id}).first()
        return _merge(row) if row else None

    def page(self, *, person_id: str | None, after: str | None, limit: int) -> list[Merge]:
        """By id, which is by time."""
        rows = self._connection.execute(_PAGE, {"person_id": person_id, "after": after, "limit": limit})
        return [_merge(row) for row in rows]

    def latest(self) -> Iterator[Merge]:
        """Of everybody who was ever merged into somebody the last merge, a few at a time."""
        return map(_merge, self._connection.execute(_LATEST, execution_options={"yield_per": 500}))

    def details(self, kind: Kind, *ids: str) -> Mapping[str, Details]:
        """What may differ between these people, by id, locked; those who exist."""
        rows = self._connection.execute(_DETAILS[kind], {"ids": as_json(ids)})
        return {row.person_id: {name: getattr(row, name) for name in FIELDS[kind]} for row in rows}

    def change(self, kind: Kind, person_id: str, details: Details) -> None:
        """Set some of them."""
        if details:
            self._connection.execute(_CHANGE[kind], {"id": person_id, "details": msgspec.json.encode(details).decode()})


def _merge(row: Any) -> Merge:
    return Merge(**{**columns(row), "kind": Kind(row.kind)})
