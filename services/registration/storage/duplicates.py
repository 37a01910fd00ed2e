"""Who may be stored twice: whom to look at, the keys by which people are found, the candidates, and what was decided."""

# ruff: noqa: S608 - the statements are put together from our own text; values travel as parameters

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.registration.domain.cpr_number import CprNumber
from services.registration.domain.person import Kind, Person
from services.registration.storage.rows import IDS, as_bytea, as_json, columns
from services.registration.vault import CprVault

CROWD = 25
"""With how many others who share a key somebody is compared: what more people share says little."""

Pair = tuple[str, str]
"""Two ids, the smaller one first."""

_ALONE = sa.text("select pg_try_advisory_xact_lock(hashtext('deltag duplicates'))")
_TAKE = sa.text(
    "delete from unmatched where id in (select id from unmatched order by id limit :limit for update skip locked)"
    " returning person_id::text, kind"
)
_LOOK_AGAIN = sa.text(
    "insert into unmatched (person_id, kind) select cast(id as uuid), :kind"
    " from json_array_elements_text(cast(:ids as json)) as x(id)"
    f" union all select distinct guardian_id, 'guardian' from guardianship where child_id = {IDS}"
)
_PEOPLE = {
    Kind.CHILD: sa.text(f"select child_id::text as person_id, given_name, family_name, birth_date from child where child_id = {IDS}"),
    Kind.GUARDIAN: sa.text(
        "select guardian_id::text as person_id, given_name, family_name, email, phone, array(select distinct"
        " chassis.surviving(s.child_id)::text from guardianship s where s.guardian_id = g.guardian_id) as children"
        f" from guardian g where guardian_id = {IDS}"
    ),
}
_FORGET_KEYS = sa.text(f"delete from match_key where person_id = {IDS}")
_ADD_KEYS = sa.text("insert into match_key (key, person_id) select k, i from json_to_recordset(cast(:rows as json)) as x(k bigint, i uuid)")
_SHARING = sa.text(
    "select distinct least(k.person_id, o.person_id)::text, greatest(k.person_id, o.person_id)::text"
    " from match_key k cross join lateral"
    " (select person_id from match_key o where o.key = k.key and o.person_id <> k.person_id order by person_id limit :crowd) as o"
    f" where k.person_id = {IDS}"
)
_OF_KEYS = sa.text(
    "select x.place, coalesce(kept_id, o.person_id)::text as person_id from json_to_recordset(cast(:rows as json))"
    " as x(place integer, k bigint)"
    " cross join lateral (select person_id from match_key where key = x.k order by person_id limit :crowd) as o"
    " left join chassis.alias on merged_id = o.person_id"
)
_NUMBERED = {
    kind: sa.text(
        f"select x.place, coalesce(kept_id, p.{kind}_id)::text as person_id from json_to_recordset(cast(:rows as json))"
        f" as x(place integer, l bytea) join {kind} p on p.cpr_lookup = x.l left join chassis.alias on merged_id = p.{kind}_id"
    )
    for kind in Kind
}
_ROWS = "json_to_recordset(cast(:rows as json)) as x(one uuid, other uuid, kind text, score smallint, reasons jsonb)"
_NO_MORE = sa.text(  # each side by its own index: `one … or other …` reads the whole table
    f"with theirs as (select one, other from candidate where one = {IDS}"
    f" union select one, other from candidate where other = {IDS})"
    " delete from candidate c using theirs t where c.one = t.one and c.other = t.other"
    f" and not exists (select from {_ROWS} where x.one = t.one and x.other = t.other)"
)
_FOUND = sa.text(
    f"insert into candidate (one, other, kind, score, reasons, found_at) select one, other, kind, score, reasons, :now from {_ROWS}"
    " order by one, other on conflict (one, other) do update set score = excluded.score, reasons = excluded.reasons"
)
_CANDIDATE = "select one::text, other::text, kind, score, reasons, found_at from candidate c"
_OPEN = (
    " not exists (select from not_the_same n where n.one = c.one and n.other = c.other)"
    " and not exists (select from chassis.alias a where a.merged_id in (c.one, c.other))"
)
_PAGE = sa.text(
    f"{_CANDIDATE} where {_OPEN} and score >= :least and (cast(:kind as text) is null or kind = :kind)"
    " and (cast(:score as integer) is null or score < :score"
    " or (score = :score and (one, other) > (cast(:one as uuid), cast(:other as uuid))))"
    " order by score desc, one, other limit :limit"
)
_DECIDE = sa.text(
    "insert into not_the_same (one, other, decided_at, decided_by) values (cast(:one as uuid), cast(:other as uuid), :now, :by)"
    " on conflict (one, other) do nothing"
)
_IS_DECIDED = sa.text("select exists (select from not_the_same where one = cast(:one as uuid) and other = cast(:other as uuid))")
_WITHDRAW = sa.text("delete from not_the_same where one = cast(:one as uuid) and other = cast(:other as uuid)")


@dataclass(frozen=True, slots=True)
class Candidate:
    """Two who may be one."""

    one: str
    other: str
    kind: Kind
    score: int
    reasons: Sequence[str]
    found_at: datetime | None = None


class Duplicates:
    """Candidates, and how they are found."""

    def __init__(self, connection: sa.Connection, vault: CprVault) -> None:
        self._connection = connection
        self._vault = vault

    def alone(self) -> bool:
        """Whether nobody else looks for duplicates until the end of this transaction: two at once would not see each other's people."""
        return bool(self._connection.execute(_ALONE).scalar())

    def take_unmatched(self, limit: int) -> dict[Kind, set[str]]:
        """Some of those who have come in or changed since they were looked at."""
        found: dict[Kind, set[str]] = {kind: set() for kind in Kind}
        for row in self._connection.execute(_TAKE, {"limit": limit}):
            found[Kind(row.kind)].add(row.person_id)
        return found

    def look_again(self, kind: Kind, ids: Iterable[str]) -> None:
        """Something has changed by which these, or the guardians of these children, are recognised."""
        self._connection.execute(_LOOK_AGAIN, {"ids": as_json(ids), "kind": kind})

    def people(self, kind: Kind, ids: Iterable[str]) -> dict[str, Person]:
        """Those of them who exist, by id."""
        rows = self._connection.execute(_PEOPLE[kind], {"ids": as_json(ids)})
        return {row.person_id: _person(kind, row) for row in rows}

    def keep_keys(self, keys: Mapping[str, Iterable[int]]) -> None:
        """The present keys of these people, instead of what they were."""
        self._connection.execute(_FORGET_KEYS, {"ids": as_json(keys)})
        rows = [{"k": key, "i": person_id} for person_id, theirs in keys.items() for key in theirs]
        self._connection.execute(_ADD_KEYS, {"rows": as_json(rows)})

    def sharing(self, ids: Iterable[str]) -> set[Pair]:
        """Pairs that share a key, one of them among these."""
        return {(one, other) for one, other in self._connection.execute(_SHARING, {"ids": as_json(ids), "crowd": CROWD})}

    def keep(self, ids: Iterable[str], found: Sequence[Candidate], now: datetime) -> None:
        """What was found about these people now, instead of what was found before."""
        rows = {"rows": as_json(found)}
        self._connection.execute(_NO_MORE, rows | {"ids": as_json(ids)})
        self._connection.execute(_FOUND, rows | {"now": now})

    def of_keys(self, keys: Sequence[Iterable[int]]) -> list[set[str]]:
        """For each set of keys the people who share one of them, by the ids that are kept."""
        rows = [{"place": place, "k": key} for place, theirs in enumerate(keys) for key in theirs]
        return _placed(len(keys), self._connection.execute(_OF_KEYS, {"rows": as_json(rows), "crowd": CROWD}))

    def numbered(self, kind: Kind, numbers: Sequence[CprNumber | None]) -> list[set[str]]:
        """For each number the one who has it."""
        rows = [{"place": n, "l": as_bytea(self._vault.lookup(number))} for n, number in enumerate(numbers) if number]
        return _placed(len(numbers), self._connection.execute(_NUMBERED[kind], {"rows": as_json(rows)}))

    def page(self, *, kind: str | None, least: int, after: tuple[int, str, str] | None, limit: int) -> list[Candidate]:
        """Those that nobody has decided about, the likeliest first."""
        score, one, other = after or (None, None, None)
        row = {"kind": kind, "least": least, "score": score, "one": one, "other": other, "limit": limit}
        return [_candidate(found) for found in self._connection.execute(_PAGE, row)]

    def set_apart(self, pair: Pair, now: datetime, by: str) -> None:
        """Somebody has looked: they are two."""
        self._connection.execute(_DECIDE, {"one": pair[0], "other": pair[1], "now": now, "by": by})

    def are_apart(self, pair: Pair) -> bool:
        """Whether somebody has decided that they are two."""
        return bool(self._connection.execute(_IS_DECIDED, {"one": pair[0], "other": pair[1]}).scalar())

    def put_together(self, pair: Pair) -> None:
        """That they are two is no longer what was decided last."""
        self._connection.execute(_WITHDRAW, {"one": pair[0], "other": pair[1]})


def _placed(places: int, rows: Iterable[Any]) -> list[set[str]]:
    found: list[set[str]] = [set() for _ in range(places)]
    for row in rows:
        found[row.place].add(row.person_id)
    return found


def _person(kind: Kind, row: Any) -> Person:
    details = dict(columns(row))
    return Person(kind=kind, **details | ({"children": frozenset(details["children"])} if "children" in details else {}))


def _candidate(row: Any) -> Candidate:
    return Candidate(**{**columns(row), "kind": Kind(row.kind)})
