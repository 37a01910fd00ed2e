"""Who is to be looked up in a national register, and where it knows something else than we were told."""

# ruff: noqa: S608 - the statements are put together from our own text; values travel as parameters

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.registration.domain.cpr_number import CprNumber
from services.registration.domain.register import About, Decision, Difference, RegisteredPerson
from services.registration.storage.guardians import GUARDIAN_NUMBER
from services.registration.storage.rows import as_json, columns
from services.registration.vault import CprVault

_WAITING = sa.text("select count(*) from lookup")
_TAKE = sa.text(
    "update lookup l set due_at = :lease from guardian g where g.guardian_id = l.guardian_id and l.guardian_id in"
    " (select guardian_id from lookup where due_at <= :now order by due_at limit :limit for update skip locked)"
    " returning l.guardian_id::text, l.asked, g.cpr_sealed, g.given_name, g.family_name"
)
_PUT_OFF = sa.text("update lookup set due_at = :later where guardian_id = cast(:id as uuid) and asked = :asked")
_DONE = sa.text("delete from lookup where guardian_id = cast(:id as uuid) and asked = :asked")
_IDS = "(select cast(json_array_elements_text(cast(:ids as json)) as uuid))"
_ROWS = "json_to_recordset(cast(:rows as json)) as x(about text, subject_id uuid, field text, told text, registered text)"
_NO_MORE = sa.text(
    f"delete from register_difference d where subject_id in {_IDS} and decision is null"
    f" and not exists (select from {_ROWS} where x.subject_id = d.subject_id and x.field = d.field)"
)
_KEEP = sa.text(
    "insert into register_difference (difference_id, about, subject_id, field, told, registered, found_at)"
    f" select gen_random_uuid(), about, subject_id, field, told, registered, :now from {_ROWS} order by subject_id, field"
    " on conflict (subject_id, field) do update set told = excluded.told, registered = excluded.registered, found_at = excluded.found_at,"
    " decision = null, decided_at = null, decided_by = null"
    " where (register_difference.told, register_difference.registered) is distinct from (excluded.told, excluded.registered)"
)
_DIFFERENCE = (
    "select difference_id::text, about, subject_id::text, field, told, registered, found_at, decision, decided_at from register_difference"
)
_PAGE = sa.text(
    f"{_DIFFERENCE} where (decision is not null) = :decided and (cast(:about as text) is null or about = :about)"
    " and (cast(:after as uuid) is null or difference_id > cast(:after as uuid)) order by difference_id limit :limit"
)
_DECIDE = sa.text(
    "update register_difference set decision = :decision, decided_at = :now, decided_by = :by where difference_id = cast(:id as uuid)"
    " returning difference_id::text, about, subject_id::text, field, told, registered, found_at, decision, decided_at"
)


@dataclass(frozen=True, slots=True, repr=False)
class Due:
    """Somebody who is to be looked up. `asked` counts how often something about him changed: an older answer does not count."""

    guardian_id: str
    asked: int
    number: CprNumber
    told: RegisteredPerson


@dataclass(frozen=True, slots=True, repr=False)
class Listed:
    """A difference on the list, and what was decided about it."""

    difference_id: str
    difference: Difference
    found_at: datetime
    decision: Decision | None
    decided_at: datetime | None


class Registers:
    """Look-ups that wait, and the list of differences."""

    def __init__(self, connection: sa.Connection, vault: CprVault) -> None:
        self._connection = connection
        self._vault = vault

    def waiting(self) -> int:
        return int(self._connection.execute(_WAITING).scalar_one())

    def take_due(self, now: datetime, lease: datetime, limit: int) -> list[Due]:
        """Some who are due, the longest first; nobody else takes them before the lease ends."""
        rows = self._connection.execute(_TAKE, {"now": now, "lease": lease, "limit": limit})
        return [self._due(row) for row in rows]

    def put_off(self, due: Due, later: datetime) -> None:
        self._connection.execute(_PUT_OFF, {"id": due.guardian_id, "asked": due.asked, "later": later})

    def done(self, due: Due) -> None:
        """Unless something about him has changed meanwhile: then he is looked up again."""
        self._connection.execute(_DONE, {"id": due.guardian_id, "asked": due.asked})

    def keep(self, ids: Iterable[str], found: Sequence[Difference], now: datetime) -> None:
        """What was found about these now, instead of what was found before. What was decided stays so until something else differs."""
        rows = {"rows": as_json(found)}
        self._connection.execute(_NO_MORE, rows | {"ids": as_json(ids)})
        self._connection.execute(_KEEP, rows | {"now": now})

    def page(self, *, about: str | None, decided: bool, after: str | None, limit: int) -> list[Listed]:
        row = {"about": about, "decided": decided, "after": after, "limit": limit}
        return [_listed(found) for found in self._connection.execute(_PAGE, row)]

    def decide(self, difference_id: str, decision: Decision, now: datetime, by: str) -> Listed | None:
        row = self._connection.execute(_DECIDE, {"id": difference_id, "decision": decision, "now": now, "by": by}).first()
        return _listed(row) if row else None

    def _due(self, row: Any) -> Due:
        number = self._vault.open(row.cpr_sealed, GUARDIAN_NUMBER)
        return Due(row.guardian_id, row.asked, number, RegisteredPerson(row.given_name, row.family_name))


def _listed(row: Any) -> Listed:
    found = dict(columns(row))
    difference = Difference(About(found["about"]), *(found[name] for name in ("subject_id", "field", "told", "registered")))
    decision = Decision(found["decision"]) if found["decision"] else None
    return Listed(found["difference_id"], difference, found["found_at"], decision, found["decided_at"])
