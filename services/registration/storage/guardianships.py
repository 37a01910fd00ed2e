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

from services.registration.domain.guardian import Guardian
from services.registration.domain.guardianship import Guardianship, Spell, Terms, Told
from services.registration.storage.rows import as_json

_SPELL = (
    "select child_id::text, guardian_id::text, lower(valid) as valid_from, upper(valid) as valid_until, relation, custody, contact_allowed,"
    " residence, said_at from guardianship"
)
_ORDER = "order by child_id, guardian_id, valid"
_IDS = "(select cast(json_array_elements_text(cast(:ids as json)) as uuid))"
_TOLD = (
    "json_to_recordset(cast(:rows as json)) as x(c uuid, g uuid, n text, k boolean, p boolean, r boolean, dn text, dp boolean, dr boolean)"
)
_LINK = sa.text(
    f"with told as (select * from {_TOLD}), other as (update guardianship set relation = coalesce(n, relation), custody = k,"
    " contact_allowed = coalesce(p, contact_allowed), residence = coalesce(r, residence) from told"
    " where child_id = c and guardian_id = g and said_at is null and (relation, custody, contact_allowed, residence)"
    " is distinct from (coalesce(n, relation), k, coalesce(p, contact_allowed), coalesce(r, residence)) returning child_id),"
    " new as (insert into guardianship (child_id, guardian_id, valid, relation, custody, contact_allowed, residence)"
    " select c, g, daterange(null, null), dn, k, dp, dr from told where not exists"
    " (select from guardianship where child_id = c and guardian_id = g) order by c, g returning child_id)"
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
_OF_CHILDREN = sa.text(f"{_SPELL} where child_id in {_IDS} {_ORDER}")
_BESIDE = sa.text(  # a brother or sister may have a guardian whom this child has not: he lives in the household too
    f"{_SPELL} where child_id in (select n.child_id from guardianship n join guardianship o using (guardian_id)"
    f" where o.child_id = cast(:id as uuid)) {_ORDER}"
)
_OF_GUARDIAN = sa.text(f"{_SPELL} where guardian_id = cast(:id as uuid) {_ORDER}")
_ALL = sa.text(f"{_SPELL} {_ORDER}")


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

    def of_children(self, ids: Iterable[str]) -> dict[str, list[Guardianship]]:
        """The guardianships of each of these children, by child."""
        found: dict[str, list[Guardianship]] = defaultdict(list)
        for guardianship in _guardianships(self._connection.execute(_OF_CHILDREN, {"ids": as_json(set(ids))})):
            found[guardianship.child_id].append(guardianship)
        return found

    def beside(self, child_id: str) -> list[Guardianship]:
        """Those of the child, and those of all children with whom it shares a guardian."""
        return list(_guardianships(self._connection.execute(_BESIDE, {"id": child_id})))

    def of_guardian(self, guardian_id: str) -> list[Guardianship]:
        return list(_guardianships(self._connection.execute(_OF_GUARDIAN, {"id": guardian_id})))

    def stream(self) -> Iterator[list[Guardianship]]:
        """All of them, a child's at a time."""
        rows = self._connection.execute(_ALL, execution_options={"yield_per": 500})
        return (list(of_child) for _, of_child in groupby(_guardianships(rows), attrgetter("child_id")))


def _guardianships(rows: Iterable[Any]) -> Iterator[Guardianship]:
    for (child_id, guardian_id), spells in groupby(rows, attrgetter("child_id", "guardian_id")):
        yield Guardianship(child_id, guardian_id, [_spell(row) for row in spells])


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
