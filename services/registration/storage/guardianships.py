"""What holds between children and their guardians, by date.

A spell is a row; that no two of the same child and guardian overlap is the database's own rule as well
(`guardianship_without_overlap`).
"""

# ruff: noqa: S608 - the statements are put together from our own text; values travel as parameters

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from services.chassis.aliases import SAME_IDS
from services.registration.domain.guardian import Guardian
from services.registration.domain.guardianship import Guardianship, Pair, Spell, Terms, Told, together
from services.registration.storage.rows import as_json

_TOLD = (
    "json_to_recordset(cast(:rows as json)) as x(c uuid, g uuid, n text, k boolean, p boolean, r boolean, dn text, dp boolean, dr boolean)"
)
_LINK = sa.text(
    f"with told as (select * from {_TOLD}), other as (update guardianship set relation = coalesce(n, relation), custody = k,"
    " contact_allowed = coalesce(p, contact_allowed), residence = coalesce(r, residence) from told"
    " where child_id = c and guardian_id = g and said_at is null and (relation, custody, contact_allowed, residence)"
    " is distinct from (coalesce(n, relation), k, coalesce(p, contact_allowed), coalesce(r, residence)) returning child_id),"
    " new as (insert into guardianship (child_id, guardian_id, valid, relation, custody, contact_allowed, residence)"
    " select c, g, daterange(null, (select min(lower(valid)) from guardianship where child_id = c and guardian_id = g)), dn, k, dp, dr"
    " from told where not exists"
    " (select from guardianship where child_id = c and guardian_id = g and said_at is null) order by c, g returning child_id)"
    " select child_id::text from other union select child_id::text from new"
)
_FORGET = sa.text(
    "delete from guardianship using json_to_recordset(cast(:rows as json)) as x(c uuid, g uuid) where child_id = c and guardian_id = g"
)
_KEEP = sa.text(
    "insert into guardianship (child_id, guardian_id, valid, relation, custody, contact_allowed, residence, said_at)"
    " select c, g, daterange(f, u), n, k, p, r, s from json_to_recordset(cast(:rows as json))"
    " as x(c uuid, g uuid, f date, u date, n text, k boolean, p boolean, r boolean, s timestamptz)"
)
_RECORD = (  # of two records of the same two people the one under the ids that are kept comes first
    "select coalesce(c.kept_id, s.child_id)::text as child_id, coalesce(g.kept_id, s.guardian_id)::text as guardian_id,"
    " s.child_id::text as own_child_id, s.guardian_id::text as own_guardian_id,"
    " lower(valid) as valid_from, upper(valid) as valid_until, relation, custody, contact_allowed, residence, said_at"
    " from guardianship s left join chassis.alias c on c.merged_id = s.child_id left join chassis.alias g on g.merged_id = s.guardian_id"
)
_ORDER = "order by 1, 2, num_nonnulls(c.kept_id, g.kept_id), 3, 4, valid"
_OF_CHILDREN = sa.text(f"{_RECORD} where s.child_id = any(array{SAME_IDS}) {_ORDER}")
_OF_GUARDIANS = sa.text(f"{_RECORD} where s.guardian_id = any(array{SAME_IDS}) {_ORDER}")
_ALL = sa.text(f"{_RECORD} {_ORDER}")

TOLD_OF = (
    "(select chassis.same(child_id) from (select distinct on (kept_id) child_id, contact_allowed"
    " from (select *, chassis.surviving(child_id) as kept_id from guardianship"
    " where guardian_id in (select chassis.same(cast(:guardian as uuid))) and valid @> cast(:today as date)) as record"
    " order by kept_id, lower(valid) desc nulls last, said_at desc nulls last, contact_allowed) as child where contact_allowed)"
)
"""For a statement: the ids of the children of whom the guardian `:guardian` may be told on the day `:today`."""


class Families:
    """Who is whose guardian, on which terms and when."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def link(self, links: Mapping[tuple[str, Guardian], Told]) -> set[str]:
        """What enrolments told; a change that was asked for since is not touched. Returns the children about whom that was new."""
        rows = [_pair(child_id, guardian.guardian_id) | _told(told) for (child_id, guardian), told in links.items()]
        return set(self._connection.execute(_LINK, {"rows": as_json(rows)}).scalars())

    def save(self, changed: Sequence[Guardianship]) -> None:
        """The whole history of each."""
        if changed:
            self._connection.execute(_FORGET, {"rows": as_json(_pair(one.child_id, one.guardian_id) for one in changed)})
            self._connection.execute(_KEEP, {"rows": as_json(_row(one, spell) for one in changed for spell in one.spells)})

    def records_of(self, ids: Iterable[str]) -> dict[Pair, list[Guardianship]]:
        """What is stored between these children and their guardians, by the ids that are kept, each under those with which it came."""
        return dict(_records(self._connection.execute(_OF_CHILDREN, {"ids": as_json(set(ids))})))

    def of_children(self, ids: Iterable[str]) -> dict[str, list[Guardianship]]:
        """The guardianships of each of these children, by child; of people who were merged, by the ids that are kept."""
        found: dict[str, list[Guardianship]] = defaultdict(list)
        for pair, records in self.records_of(ids).items():
            found[pair[0]].append(_of_kept(pair, records))
        return dict(found)

    def of_guardians(self, ids: Iterable[str]) -> list[Guardianship]:
        """What holds between these guardians and their children; of people who were merged, by the ids that are kept."""
        rows = self._connection.execute(_OF_GUARDIANS, {"ids": as_json(set(ids))})
        return [_of_kept(pair, records) for pair, records in _records(rows)]

    def stream(self) -> Iterator[list[Guardianship]]:
        """All of them, a child's at a time."""
        rows = self._connection.execute(_ALL, execution_options={"yield_per": 500})
        every = (_of_kept(pair, records) for pair, records in _records(rows))
        return (list(of_child) for _, of_child in groupby(every, attrgetter("child_id")))


def _records(rows: Iterable[Any]) -> Iterator[tuple[Pair, list[Guardianship]]]:
    """Each pair with its records; the rows come in order."""
    for pair, of_pair in groupby(rows, attrgetter("child_id", "guardian_id")):
        records = groupby(of_pair, attrgetter("own_child_id", "own_guardian_id"))
        yield pair, [Guardianship(*own, [_spell(row) for row in spells]) for own, spells in records]


def _of_kept(pair: Pair, records: Sequence[Guardianship]) -> Guardianship:
    first, *others = records
    return together(Guardianship(*pair, first.spells), others)


def _spell(row: Any) -> Spell:
    terms = Terms(row.relation, row.custody, row.contact_allowed, row.residence)
    return Spell(row.valid_from, row.valid_until, terms, row.said_at)


def _pair(child_id: str, guardian_id: str) -> dict[str, Any]:
    return {"c": child_id, "g": guardian_id}


def _told(told: Told) -> dict[str, Any]:
    new = told.as_new
    said = {"n": told.relation, "k": told.custody, "p": told.contact_allowed, "r": told.residence}
    return said | {"dn": new.relation, "dp": new.contact_allowed, "dr": new.residence}


def _terms(terms: Terms) -> dict[str, Any]:
    return {"n": terms.relation, "k": terms.custody, "p": terms.contact_allowed, "r": terms.residence}


def _row(of: Guardianship, spell: Spell) -> dict[str, Any]:
    when = {"f": spell.valid_from, "u": spell.valid_until, "s": spell.said_at}
    return _pair(of.child_id, of.guardian_id) | _terms(spell.terms) | when
