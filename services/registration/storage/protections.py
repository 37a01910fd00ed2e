"""Who is protected, and what of it has been told.

Nothing here says "not protected" of what cannot be read: a row without dates protects. A row is what one speaker says; which
rows count is seen when they are read, so that it is the same in whatever order, and however much at once, they were written.
"""

# ruff: noqa: S608 - the statements are put together from our own text; values travel as parameters

from collections.abc import Collection, Iterable
from datetime import date
from typing import Final

import sqlalchemy as sa

from services.registration.domain.protection import About, PersonKind, Word
from services.registration.storage.rows import IDS, as_json
from services.registration.storage.sources import BROUGHT, OF_FAMILY, OF_PROFESSIONAL

_NOW = "coalesce({0}.valid @> cast(:today as date), true)"

_COUNTS = (  # nothing that was said before the municipality's word
    "{0}.said_at >= coalesce((select m.said_at from protection m where m.person_id = {0}.person_id and m.asked_by = ''), '-infinity')"
)

PROTECTED: Final = (
    f"(select p.person_id, p.valid from protection p where {_COUNTS.format('p')} union all"
    f" select id, p.valid from chassis.same_as join protection p on p.person_id = other_id where {_COUNTS.format('p')})"
)
"""For a statement: who is protected and when, under whatever id: of two who were merged, both while one of them is."""

_HOLDS_TODAY = "s.valid @> cast(:today as date) and (s.custody or s.residence)"
"""Whether it is told where a child is, when it is told of that guardian."""

_THROUGH = (
    f"exists (select from {{1}} join {PROTECTED} as y on y.person_id = s.guardian_id"
    f" where {{2}} = {{0}} and {_HOLDS_TODAY} and {_NOW.format('y')})"
)

HIDDEN_ADULT: Final = f"exists (select from {PROTECTED} as x where x.person_id = {{0}} and {_NOW.format('x')})"
"""Whether a guardian or professional is protected on the day `:today`, for a statement; `{0}` is his id."""

HIDDEN_CHILD: Final = (
    f"({HIDDEN_ADULT} or {_THROUGH.format('{0}', 'guardianship s', 's.child_id')}"
    f" or {_THROUGH.format('{0}', 'chassis.same_as m join guardianship s on s.child_id = m.other_id', 'm.id')})"
)
"""Whether a child is protected on that day, itself or through a guardian. `{0}` is its id, named with its table: `child_id` alone
would be that of the guardianship inside, and so of everybody."""

_ROWS = "json_to_recordset(cast(:rows as json)) as x(k text, i uuid, a text, f date, u date, s timestamptz)"
_REACHED = sa.text(
    f"select k, i::text, a from {_ROWS} where"
    f" (k = 'child' and exists (select from child where child_id = i) and (a = '' or {BROUGHT.format('i', 'a')}))"
    f" or (k = 'guardian' and exists (select from guardian where guardian_id = i) and (a = '' or {OF_FAMILY.format('i', 'a')}))"
    f" or (k = 'professional' and exists (select from professional where professional_id = i)"
    f" and (a = '' or {OF_PROFESSIONAL.format('i', 'a')}))"
)
_LAST: Final = "coalesce(upper({0}.valid), '-infinity')"
_FIRST: Final = "coalesce(lower({0}.valid), '-infinity')"
_KEEP = sa.text(
    "insert into protection (person_id, asked_by, kind, valid, said_at)"
    f" select distinct on (i, a) i, a, k, daterange(f, u), s from {_ROWS} order by i, a, s desc, u desc, f"
    " on conflict (person_id, asked_by) do update set valid = excluded.valid, said_at = excluded.said_at"
    f" where (protection.said_at, {_LAST.format('protection')}, {_FIRST.format('excluded')})"
    f" < (excluded.said_at, {_LAST.format('excluded')}, {_FIRST.format('protection')}) or protection.valid is null"
)
_HIDDEN = sa.text(  # the same of a set: every step a list, looked up in an index also where PostgreSQL takes a table for empty
    "with known (child_id, other_id) as materialized ("
    "select i, i from (select cast(json_array_elements_text(cast(:ids as json)) as uuid)) as given (i)"
    f" union all select id, other_id from chassis.same_as where id = {IDS}"
    "), whose (child_id, person_id) as materialized ("
    "select child_id, child_id from known union all select known.child_id, s.guardian_id from guardianship s"
    f" join known on known.other_id = s.child_id where s.child_id = any(array(select other_id from known)) and {_HOLDS_TODAY}"
    f") select distinct whose.child_id::text from {PROTECTED} as y join whose using (person_id)"
    f" where y.person_id = any(array(select person_id from whose)) and {_NOW.format('y')}"
)
_HOLDS = f"({_NOW.format('p')} and {_COUNTS.format('p')})"
_UNTOLD = sa.text(
    f"update protection p set told = {_HOLDS} where p.told is distinct from {_HOLDS} and p.kind <> 'child'"
    " returning p.kind, p.person_id::text"
)


class Protections:
    """By person and by who said so: who he is, and from when until when."""

    def __init__(self, connection: sa.Connection, today: date) -> None:
        self._connection = connection
        self._today = today

    def reached(self, abouts: Iterable[About]) -> set[About]:
        """Of whom there are, those whom their speaker may speak of: everybody for the municipality, for a source whom it brought."""
        rows = as_json({"k": kind, "i": person_id, "a": asked_by} for kind, person_id, asked_by in abouts)
        return {(PersonKind(kind), person_id, by) for kind, person_id, by in self._connection.execute(_REACHED, {"rows": rows})}

    def keep(self, words: Iterable[Word]) -> None:
        """Of one speaker's two about one person the later counts; of two at the same moment, the one that protects longer."""
        said = ((word, word.request) for word in words)
        rows = [{"k": r.kind, "i": r.person_id, "a": w.asked_by, "f": r.valid_from, "u": w.until, "s": w.said_at} for w, r in said]
        self._connection.execute(_KEEP, {"rows": as_json(rows)})

    def children(self, ids: Collection[str]) -> set[str]:
        """Which of these are protected today: children, themselves or through a guardian, and adults where their ids are among them."""
        return set(self._connection.execute(_HIDDEN, {"ids": as_json(ids), "today": self._today}).scalars()) if ids else set()

    def untold(self) -> list[tuple[PersonKind, str]]:
        """The guardians and professionals of whom others have been told otherwise than it is today; they count as told from now on."""
        rows = self._connection.execute(_UNTOLD, {"today": self._today})
        return [(PersonKind(kind), person_id) for kind, person_id in rows]
