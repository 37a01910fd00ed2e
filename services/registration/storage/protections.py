"""Who is protected, and what of it has been told.

Nothing here says "not protected" of what cannot be read: a row without dates protects.
"""

# ruff: noqa: S608 - the statements are put together from our own text; values travel as parameters

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Final

import sqlalchemy as sa

from services.registration.domain.protection import PersonKind, ProtectionRequest
from services.registration.storage.rows import IDS, as_json

_NOW = "coalesce({0}.valid @> cast(:today as date), true)"

PROTECTED: Final = (
    "(select person_id, valid from protection union all select id, valid from chassis.same_as join protection on person_id = other_id)"
)
"""For a statement: who is protected and when, under whatever id: of two who were merged, both while one of them is."""

_THROUGH = (
    f"exists (select from {{1}} join {PROTECTED} as y on y.person_id = s.guardian_id"
    f" where {{2}} = {{0}} and s.valid @> cast(:today as date) and (s.custody or s.residence) and {_NOW.format('y')})"
)

HIDDEN_ADULT: Final = f"exists (select from {PROTECTED} as x where x.person_id = {{0}} and {_NOW.format('x')})"
"""Whether a guardian or professional is protected on the day `:today`, for a statement; `{0}` is his id."""

HIDDEN_CHILD: Final = (
    f"({HIDDEN_ADULT} or {_THROUGH.format('{0}', 'guardianship s', 's.child_id')}"
    f" or {_THROUGH.format('{0}', 'chassis.same_as m join guardianship s on s.child_id = m.other_id', 'm.id')})"
)
"""Whether a child is protected on that day, itself or through a guardian. `{0}` is its id, named with its table: `child_id` alone
would be that of the guardianship inside, and so of everybody."""

_ROWS = "json_to_recordset(cast(:rows as json)) as x(k text, i uuid, f date, u date, s timestamptz)"
_KNOWN = sa.text(
    f"select k, i::text from {_ROWS} where (k = 'child' and exists (select from child where child_id = i))"
    " or (k = 'guardian' and exists (select from guardian where guardian_id = i))"
    " or (k = 'professional' and exists (select from professional where professional_id = i))"
)
_LAST: Final = "coalesce(upper({0}.valid), '-infinity')"
_FIRST: Final = "coalesce(lower({0}.valid), '-infinity')"
_KEEP = sa.text(
    "insert into protection (person_id, kind, valid, said_at)"
    f" select distinct on (i) i, k, daterange(f, u), s from {_ROWS} order by i, s desc, u desc, f"
    " on conflict (person_id) do update set valid = excluded.valid, said_at = excluded.said_at"
    f" where (protection.said_at, {_LAST.format('protection')}, {_FIRST.format('excluded')})"
    f" < (excluded.said_at, {_LAST.format('excluded')}, {_FIRST.format('protection')}) or protection.valid is null"
)
_HIDDEN = sa.text(f"select child_id::text from child where child_id = {IDS} and {HIDDEN_CHILD.format('child.child_id')}")
_UNTOLD = sa.text(
    f"update protection p set told = {_NOW.format('p')} where p.told is distinct from {_NOW.format('p')} and p.kind <> 'child'"
    " returning p.kind, p.person_id::text"
)


class Protections:
    """By person: who he is, and from when until when."""

    def __init__(self, connection: sa.Connection, today: date) -> None:
        self._connection = connection
        self._today = today

    def known(self, requests: Iterable[ProtectionRequest]) -> set[tuple[PersonKind, str]]:
        """Whom of these there are."""
        rows = as_json({"k": request.kind, "i": request.person_id} for request in requests)
        return {(PersonKind(kind), person_id) for kind, person_id in self._connection.execute(_KNOWN, {"rows": rows})}

    def keep(self, said: Iterable[tuple[ProtectionRequest, datetime]]) -> None:
        """Of two about one person the one that was said later counts; of two at the same moment, the one that protects longer."""
        rows = [{"k": r.kind, "i": r.person_id, "f": r.valid_from, "u": r.until, "s": at} for r, at in said]
        self._connection.execute(_KEEP, {"rows": as_json(rows)})

    def children(self, ids: Collection[str]) -> set[str]:
        """Which of these children are protected today, themselves or through a guardian."""
        return set(self._connection.execute(_HIDDEN, {"ids": as_json(ids), "today": self._today}).scalars()) if ids else set()

    def untold(self) -> list[tuple[PersonKind, str]]:
        """The guardians and professionals of whom others have been told otherwise than it is today; they count as told from now on."""
        rows = self._connection.execute(_UNTOLD, {"today": self._today})
        return [(PersonKind(kind), person_id) for kind, person_id in rows]
