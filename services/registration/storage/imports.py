"""Imports: the files, sealed; their lines; what came of each; and which column was which in a sender's files before."""

# ruff: noqa: S608 - the statements are put together from our own text; values travel as parameters

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from services.registration.imports.columns import Kind
from services.registration.imports.record import Deed, Import, Outcome, Reading, Row, State, Status, Undoing
from services.registration.imports.safe import Safe
from services.registration.storage.rows import as_bytea, as_json, columns

_IMPORT = (
    "select import_id::text, kind, state, sender, file_hash, constants, header_sealed, header_line, columns, cursor, done, total, report,"
    " trouble, created_at, expires_at from import"
)
_ADD = sa.text(
    "insert into import (import_id, kind, state, sender, file_hash, constants, created_at, expires_at)"
    " values (cast(:id as uuid), :kind, :state, :sender, :file_hash, cast(:constants as jsonb), :created_at, :expires_at)"
)
_ADD_FILE = sa.text("insert into import_file (import_id, sealed) values (cast(:id as uuid), :sealed)")
_FILE = sa.text("select sealed from import_file where import_id = cast(:id as uuid)")
_GET = sa.text(f"{_IMPORT} where import_id = cast(:id as uuid)")
_LOCK = sa.text(f"{_IMPORT} where import_id = cast(:id as uuid) for update")
_LOCK_UNLESS_TAKEN = sa.text(f"{_IMPORT} where import_id = cast(:id as uuid) for update skip locked")
_PAGE = sa.text(
    f"{_IMPORT} where cast(:after as uuid) is null or import_id < cast(:after as uuid) order by import.import_id desc limit :limit"
)
_WAITING = sa.text(
    "select import_id::text from import where state in (select json_array_elements_text(cast(:states as json)))"
    " order by random() limit 1 for update skip locked"
)
_SAVE = sa.text(
    "update import set state = :state, constants = cast(:constants as jsonb), header_sealed = :header, header_line = :header_line,"
    " columns = cast(:columns as jsonb), cursor = :cursor, done = :done, total = :total, report = :report,"
    " trouble = cast(:trouble as jsonb) where import_id = cast(:id as uuid)"
)
_ADD_ROWS = sa.text(
    "insert into import_row (import_id, number, family, status, errors, warnings, reading_sealed)"
    " select cast(:id as uuid), n, n, s, e, w, r from json_to_recordset(cast(:rows as json))"
    " as x(n integer, s text, e smallint, w smallint, r bytea)"
)
_ADD_KEYS = sa.text(
    "insert into import_key (import_id, key, number)"
    " select cast(:id as uuid), k, n from json_to_recordset(cast(:rows as json)) as x(n integer, k bytea)"
)
_BEGIN_AGAIN = (
    sa.text("delete from import_row where import_id = cast(:id as uuid)"),
    sa.text("delete from import_key where import_id = cast(:id as uuid)"),
)
_GROUP = sa.text(  # each line's least, over all that share a key with it, and then its family's own
    "with tied as (select number, min(family) over (partition by key) as family from import_key join import_row using (import_id, number)"
    " where import_id = cast(:id as uuid)), least_of_row as (select number, min(family) as family from tied group by number)"
    " update import_row r set family = least.family from least_of_row l"
    " join import_row least on least.import_id = cast(:id as uuid) and least.number = l.family"
    " where r.import_id = cast(:id as uuid) and r.number = l.number and least.family < r.family"
)
_SIDE_BY_SIDE = sa.text("select set_config('enable_nestloop', 'off', true)")
_PART_CROWDS = sa.text(
    "update import_row set family = number, crowd = true where import_id = cast(:id as uuid) and family in"
    " (select family from import_row where import_id = cast(:id as uuid) group by family having count(*) > :most)"
)
_ROW = "select number, family, crowd, status, deed, fingerprint, reading_sealed, outcome_sealed from import_row"
_SAVE_UNDOING = sa.text(
    "update import_row r set undoing = x.u, fingerprint = x.f, outcome_sealed = x.o"
    " from json_to_recordset(cast(:rows as json)) as x(n integer, u text, f bytea, o bytea)"
    " where r.import_id = cast(:id as uuid) and r.number = x.n"
)
_CHUNK = sa.text(
    f"with ahead as (select family from import_row where import_id = cast(:id as uuid) and family > :cursor order by family limit :limit)"
    f" {_ROW} where import_id = cast(:id as uuid) and family > :cursor and family <= (select max(family) from ahead)"
    " order by family, number"
)
_NUMBERS = "any(array(select n from json_to_recordset(cast(:rows as json)) as x(n integer)))"
_SAVE_OUTCOMES = sa.text(
    "update import_row r set status = x.s, errors = x.e, warnings = x.w, deed = null, fingerprint = x.f, outcome_sealed = x.o"
    " from json_to_recordset(cast(:rows as json)) as x(n integer, s text, e smallint, w smallint, f bytea, o bytea)"
    f" where r.import_id = cast(:id as uuid) and r.number = x.n and r.number = {_NUMBERS}"
)
_SAVE_DEEDS = sa.text(
    "update import_row r set deed = x.d, undoing = null, outcome_sealed = coalesce(x.o, r.outcome_sealed)"
    " from json_to_recordset(cast(:rows as json)) as x(n integer, d text, o bytea)"
    f" where r.import_id = cast(:id as uuid) and r.number = x.n and r.number = {_NUMBERS}"
)
_REPORT = sa.text(
    "select encode(sha256(string_agg(int4send(number) || fingerprint, '' order by number)), 'hex') from import_row"
    " where import_id = cast(:id as uuid) and fingerprint is not null"
)
_ROWS_PAGE = sa.text(
    f"{_ROW} where import_id = cast(:id as uuid) and number > :after and (cast(:status as text) is null or status = :status)"
    " and (cast(:deed as text) is null or deed = :deed) and (not :troubled or errors > 0 or warnings > 0) order by number limit :limit"
)
_COUNTS = sa.text(
    "select status, deed, undoing, count(*) as lines, sum(errors) as errors, sum(warnings) as warnings from import_row"
    " where import_id = cast(:id as uuid) group by status, deed, undoing"
)
_REMEMBER = sa.text(
    "insert into import_columns (sender, kind, header_hash, fields) values (:sender, :kind, :header_hash, cast(:fields as jsonb))"
    " on conflict (sender, kind, header_hash) do update set fields = excluded.fields"
)
_REMEMBERED = sa.text("select fields from import_columns where sender = :sender and kind = :kind and header_hash = :header_hash")
_EXPIRED = sa.text("select import_id::text from import where expires_at <= :now and state <> 'expired' for update skip locked")
_NAMING = sa.text(
    "select import_id::text from import where state <> 'expired' and import_id in (select import_id from import_key where key in"
    " (select k from json_to_recordset(cast(:keys as json)) as x(k bytea))) order by import_id for update"
)
_FORGET = (
    *_BEGIN_AGAIN,
    sa.text("delete from import_file where import_id = cast(:id as uuid)"),
    sa.text(
        "update import set state = 'expired', header_sealed = null, constants = jsonb_build_object('programme', constants -> 'programme'),"
        " columns = null, trouble = '[]' where import_id = cast(:id as uuid)"
    ),
)


class Imports:
    """Files that become people and places. What a line says is opened only here, and only by who holds the key."""

    def __init__(self, connection: sa.Connection, safe: Safe) -> None:
        self._connection = connection
        self._safe = safe

    def add(self, imported: Import, content: bytes) -> None:
        row = {name: getattr(imported, name) for name in ("kind", "state", "sender", "file_hash", "created_at", "expires_at")}
        id_ = {"id": imported.import_id}
        self._connection.execute(_ADD, row | id_ | {"constants": _json(imported.constants)})
        self._connection.execute(_ADD_FILE, id_ | {"sealed": self._safe.seal(content, f"file {imported.import_id}")})

    def content(self, import_id: str) -> bytes:
        """The file as it came."""
        sealed = self._connection.execute(_FILE, {"id": import_id}).scalar_one()
        return self._safe.open(bytes(sealed), f"file {import_id}")

    def get(self, import_id: str) -> Import | None:
        return self._import(self._connection.execute(_GET, {"id": import_id}).first())

    def lock(self, import_id: str, *, unless_taken: bool = False) -> Import | None:
        """One, and nobody else works on it until the end of the transaction; None, too, where somebody does and that is asked for."""
        return self._import(self._connection.execute(_LOCK_UNLESS_TAKEN if unless_taken else _LOCK, {"id": import_id}).first())

    def page(self, *, limit: int, after: str | None) -> list[Import]:
        """The latest first."""
        rows = self._connection.execute(_PAGE, {"limit": limit, "after": after})
        return [found for row in rows if (found := self._import(row))]

    def waiting(self, states: Iterable[State]) -> str | None:
        """One in which there is something to do and nobody is doing it: any of them, so that none holds up the others."""
        found: str | None = self._connection.execute(_WAITING, {"states": as_json(states)}).scalar()
        return found

    def save(self, imported: Import) -> None:
        header = self._safe.seal_value(list(imported.header), f"header {imported.import_id}") if imported.header else None
        row = {name: getattr(imported, name) for name in ("state", "header_line", "cursor", "done", "total", "report")}
        jsons = {name: _json(getattr(imported, name)) for name in ("constants", "columns", "trouble")}
        self._connection.execute(_SAVE, row | jsons | {"id": imported.import_id, "header": header})

    def begin_again(self, import_id: str) -> None:
        """Drop the lines: they are read anew."""
        for statement in _BEGIN_AGAIN:
            self._connection.execute(statement, {"id": import_id})

    def add_rows(self, import_id: str, read: Sequence[tuple[int, Reading]], keys: Sequence[tuple[int, str]]) -> None:
        """Lines, and by which people each is tied to others: a text that is stored only as a keyed hash."""
        rows = [self._reading_row(import_id, number, reading) for number, reading in read]
        self._connection.execute(_ADD_ROWS, {"id": import_id, "rows": as_json(rows)})
        tied = sorted({(number, self._safe.blind(key)) for number, key in keys})
        self._connection.execute(_ADD_KEYS, {"id": import_id, "rows": as_json({"n": n, "k": as_bytea(key)} for n, key in tied)})

    def group(self, import_id: str) -> int:
        """One step towards every line bearing the least number of its family, each twice as far as the last; how many it changed.

        All lines have just come, and PostgreSQL plans for a few: it would lay them beside one another, each beside each.
        """
        self._connection.execute(_SIDE_BY_SIDE)
        return self._connection.execute(_GROUP, {"id": import_id}).rowcount

    def part_crowds(self, import_id: str, most: int) -> None:
        """Lines of what is larger than a family are marked, and each stands alone again."""
        self._connection.execute(_PART_CROWDS, {"id": import_id, "most": most})

    def chunk(self, imported: Import, limit: int) -> list[Row]:
        """The next lines after the cursor, whole families, about as many as asked."""
        parameters = {"id": imported.import_id, "cursor": imported.cursor, "limit": limit}
        return [self._row(imported.import_id, row) for row in self._connection.execute(_CHUNK, parameters)]

    def save_outcomes(self, import_id: str, rows: Sequence[Row]) -> None:
        """What the dry run found of each."""
        found = [self._outcome_row(import_id, row, row.outcome) for row in rows if row.outcome]
        self._connection.execute(_SAVE_OUTCOMES, {"id": import_id, "rows": as_json(found)})

    def save_deeds(self, import_id: str, rows: Sequence[Row]) -> None:
        """What was done with each, and how its outcome reads now."""
        done = [{"n": row.number, "d": row.deed, "o": self._sealed(import_id, row.number, row.outcome)} for row in rows]
        self._connection.execute(_SAVE_DEEDS, {"id": import_id, "rows": as_json(done)})

    def save_undoing(self, import_id: str, rows: Sequence[Row]) -> None:
        """What taking each back would leave."""
        found = [self._undoing_row(import_id, row.number, row.outcome) for row in rows if row.outcome]
        self._connection.execute(_SAVE_UNDOING, {"id": import_id, "rows": as_json(found)})

    def report_of(self, import_id: str) -> str:
        """A fingerprint of everything that the report says would happen."""
        return str(self._connection.execute(_REPORT, {"id": import_id}).scalar() or "")

    def rows(self, import_id: str, *, limit: int, after: int, where: Mapping[str, Any]) -> list[Row]:
        """Lines in order; `status`, `deed` and `troubled` narrow them."""
        narrowed = {"status": where.get("status"), "deed": where.get("deed"), "troubled": where.get("troubled", False)}
        found = self._connection.execute(_ROWS_PAGE, narrowed | {"id": import_id, "limit": limit, "after": after})
        return [self._row(import_id, row) for row in found]

    def counts(self, import_id: str) -> list[Any]:
        """Lines, errors and warnings by status, deed, and what taking them back would do."""
        return list(self._connection.execute(_COUNTS, {"id": import_id}))

    def remember(self, imported: Import, header_hash: str, fields: Mapping[int, str]) -> None:
        """The next file of this sender with this header is read the same way."""
        key = {"sender": imported.sender, "kind": imported.kind, "header_hash": header_hash}
        self._connection.execute(_REMEMBER, key | {"fields": _json(fields)})

    def remembered(self, imported: Import, header_hash: str) -> dict[int, str] | None:
        key = {"sender": imported.sender, "kind": imported.kind, "header_hash": header_hash}
        found = self._connection.execute(_REMEMBERED, key).scalar()
        return None if found is None else {int(column): field for column, field in found.items()}

    def forget_expired(self, now: datetime) -> list[str]:
        """Delete what stood in files whose time is up; that there was an import is kept, without anybody in it."""
        expired = list(self._connection.execute(_EXPIRED, {"now": now}).scalars())
        self.forget(expired)
        return expired

    def naming(self, keys: Iterable[str]) -> list[str]:
        """Those in which a line names one of these people, by number or e-mail address; locked. One that was not read yet names nobody."""
        blinded = as_json({"k": as_bytea(self._safe.blind(key))} for key in keys)
        return list(self._connection.execute(_NAMING, {"keys": blinded}).scalars())

    def forget(self, import_ids: Iterable[str]) -> None:
        """The same as when their time is up: they cannot be undone any more."""
        for import_id in import_ids:
            for statement in _FORGET:
                self._connection.execute(statement, {"id": import_id})

    def _import(self, row: Any) -> Import | None:
        if row is None:
            return None
        found = dict(columns(row))
        sealed = found.pop("header_sealed")
        header = self._safe.open_value(bytes(sealed), f"header {row.import_id}", list[str]) if sealed else ()
        mapped = found["columns"] and {int(column): field for column, field in found["columns"].items()}
        return Import(**found | {"kind": Kind(row.kind), "state": State(row.state), "header": header, "columns": mapped})

    def _reading_row(self, import_id: str, number: int, reading: Reading) -> dict[str, Any]:
        errors = sum(issue.error for issue in reading.issues)
        sealed = as_bytea(self._safe.seal_value(reading, f"line {import_id}/{number}"))
        status = Status.UNREAD if reading.sound else Status.REFUSED
        return {"n": number, "s": status, "e": errors, "w": len(reading.issues) - errors, "r": sealed}

    def _outcome_row(self, import_id: str, row: Row, outcome: Outcome) -> dict[str, Any]:
        issues = [*row.reading.issues, *outcome.issues]
        errors = sum(issue.error for issue in issues)
        told = {"s": outcome.status, "e": errors, "w": len(issues) - errors + len(outcome.candidates)}
        sealed = self._sealed(import_id, row.number, outcome)
        return told | {"n": row.number, "f": as_bytea(outcome.fingerprint), "o": sealed}

    def _undoing_row(self, import_id: str, number: int, outcome: Outcome) -> dict[str, Any]:
        would = Undoing.WOULD_STAY if outcome.stays else Undoing.WOULD_GO
        return {"n": number, "u": would, "f": as_bytea(outcome.undoing), "o": self._sealed(import_id, number, outcome)}

    def _sealed(self, import_id: str, number: int, outcome: Outcome | None) -> str | None:
        return as_bytea(self._safe.seal_value(outcome, f"outcome {import_id}/{number}")) if outcome else None

    def _row(self, import_id: str, row: Any) -> Row:
        sealed = row.outcome_sealed
        return Row(
            number=row.number,
            family=row.family,
            crowd=row.crowd,
            reading=self._safe.open_value(bytes(row.reading_sealed), f"line {import_id}/{row.number}", Reading),
            outcome=self._safe.open_value(bytes(sealed), f"outcome {import_id}/{row.number}", Outcome) if sealed else None,
            fingerprint=bytes(row.fingerprint) if row.fingerprint else None,
            deed=Deed(row.deed) if row.deed else None,
        )


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
