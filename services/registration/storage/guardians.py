"""Guardians: who they are and how they are reached."""

# ruff: noqa: S608 - the statements are put together from our own text; values travel as parameters

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from services.chassis.aliases import Aliases
from services.registration.domain.address import Address
from services.registration.domain.cpr_number import CprNumber
from services.registration.domain.guardian import Guardian, Guardianships
from services.registration.domain.reach import Reach
from services.registration.domain.request import GuardianDetails
from services.registration.storage.protections import HIDDEN_ADULT
from services.registration.storage.rows import IDS, LIVING, as_bytea, as_json, columns
from services.registration.vault import CprVault

GUARDIAN_NUMBER = "guardian.cpr_sealed"
"""The column to which a sealed number is bound."""

_GUARDIAN = (
    "select guardian_id::text, given_name, family_name, email, phone, language, spoken_language, address, channels, shares_contacts,"
    f" corrected, former_names, cpr_sealed, {HIDDEN_ADULT.format('guardian.guardian_id')} as hidden from guardian"
)
_CHILDREN = (  # with the ids that stand for them
    "any(array(select cast(json_array_elements_text(cast(:children as json)) as uuid) union all select merged_id from chassis.alias"
    " where kept_id = any(array(select cast(json_array_elements_text(cast(:children as json)) as uuid)))))"
)
_AROUND = sa.text(
    "with named (id) as (select guardian_id from guardian"
    " where cpr_lookup = any(array(select l from json_to_recordset(cast(:numbers as json)) as x(l bytea)))"
    f" union select guardian_id from guardianship where child_id = {_CHILDREN})"
    f" {_GUARDIAN} where guardian_id = any(array(select id from named"
    " union select kept_id from named join chassis.alias on merged_id = id)) order by guardian.guardian_id for update"
)
_LINKS = sa.text(
    "select distinct coalesce(kept_id, child_id)::text, guardian_id::text from guardianship left join chassis.alias on merged_id = child_id"
    f" where child_id = {_CHILDREN} order by 1, 2"
)
_GET = sa.text(f"{_GUARDIAN} where guardian_id = {IDS} order by guardian_id")
_LOCK = sa.text(f"{_GUARDIAN} where guardian_id = {IDS} order by guardian_id for update")
_ALL = sa.text(_GUARDIAN)
_IN_REACH = sa.text(
    "select exists (select from guardianship s join enrolment e on e.child_id in (select chassis.same(s.child_id))"
    " join institution using (institution_id) where guardian_id in (select chassis.same(cast(:id as uuid)))"
    f" and valid @> cast(:today as date) and status in {LIVING}"
    " and code in (select json_array_elements_text(cast(:institutions as json))))"
)
_ROWS = (
    "json_to_recordset(cast(:rows as json)) as x(i uuid, l bytea, s bytea, g text, f text, e text, p text, r text, t text,"
    " a jsonb, c jsonb, h boolean, k jsonb, n jsonb)"
)
_ADD = sa.text(
    "insert into guardian (guardian_id, cpr_lookup, cpr_sealed, given_name, family_name, email, phone, language, spoken_language, address,"
    f" channels, shares_contacts, corrected, former_names) select i, l, s, g, f, e, p, r, t, a, c, h, k, n from {_ROWS} order by l, i"
    " on conflict (cpr_lookup) do update set given_name = excluded.given_name, family_name = excluded.family_name,"
    " email = coalesce(excluded.email, guardian.email), phone = coalesce(excluded.phone, guardian.phone),"
    " language = excluded.language, spoken_language = coalesce(excluded.spoken_language, guardian.spoken_language),"
    " address = coalesce(excluded.address, guardian.address),"
    " channels = case when excluded.channels = '[]' then guardian.channels else excluded.channels end"
    f" returning guardian_id::text, cpr_lookup, {HIDDEN_ADULT.format('guardian.guardian_id')} as hidden"
)
_CHANGE = sa.text(
    "update guardian set cpr_lookup = l, cpr_sealed = s, given_name = g, family_name = f, email = e, phone = p, language = r,"
    " spoken_language = t, address = a, channels = c, shares_contacts = h, corrected = k, former_names = n"
    f" from {_ROWS} where guardian_id = i"
)


class Guardians:
    """Adults with children."""

    def __init__(self, connection: sa.Connection, vault: CprVault, today: date) -> None:
        self._connection = connection
        self._vault = vault
        self._today = today

    def around(self, children: Iterable[str], described: Iterable[GuardianDetails]) -> Guardianships:
        """Everybody whom these requests may be about: the children's guardians, and those with a number that is named. Locked."""
        ids = as_json(children)
        numbers = {number for details in described if details.cpr_number and (number := CprNumber.read(details.cpr_number))}
        lookups = as_json({"l": as_bytea(self._vault.lookup(number))} for number in numbers)
        rows = self._connection.execute(_AROUND, {"children": ids, "numbers": lookups, "today": self._today})
        known = [self._guardian(row) for row in rows]
        links = self._connection.execute(_LINKS, {"children": ids})
        kept = Aliases(self._connection).around(guardian.guardian_id for guardian in known)
        return Guardianships(known, [(child_id, guardian_id) for child_id, guardian_id in links], kept)

    def add(self, new: Sequence[Guardian]) -> None:
        """One with a number whom somebody else added meanwhile gets that one's id."""
        if not new:
            return
        numbered = {self._vault.lookup(guardian.cpr_number): guardian for guardian in new if guardian.cpr_number}
        for row in self._connection.execute(_ADD, {"rows": as_json(map(self._row, new)), "today": self._today}):
            if row.cpr_lookup:
                numbered[row.cpr_lookup].guardian_id, numbered[row.cpr_lookup].hidden = row.guardian_id, row.hidden

    def change(self, changed: Sequence[Guardian]) -> None:
        if changed:
            self._connection.execute(_CHANGE, {"rows": as_json(map(self._row, changed))})

    def lock(self, ids: Iterable[str]) -> dict[str, Guardian]:
        """Those that exist, by id; nobody else changes them until the end of the transaction."""
        return self._by_id(_LOCK, ids)

    def of(self, ids: Iterable[str]) -> dict[str, Guardian]:
        """Those that exist, by id."""
        return self._by_id(_GET, ids)

    def within(self, guardian_id: str, reach: Reach) -> bool:
        """Whether it is the caller himself, or the guardian of a child in one of his institutions."""
        if reach.everywhere or reach.guardian_id == guardian_id:
            return True
        parameters = {"id": guardian_id, "institutions": as_json(reach.institutions or ()), "today": self._today}
        return bool(self._connection.execute(_IN_REACH, parameters).scalar())

    def stream(self) -> Iterator[Guardian]:
        """All of them, a few at a time."""
        return map(self._guardian, self._connection.execute(_ALL, {"today": self._today}, execution_options={"yield_per": 500}))

    def _by_id(self, statement: sa.TextClause, ids: Iterable[str]) -> dict[str, Guardian]:
        rows = self._connection.execute(statement, {"ids": as_json(set(ids)), "today": self._today})
        return {row.guardian_id: self._guardian(row) for row in rows}

    def _row(self, guardian: Guardian) -> dict[str, Any]:
        number = guardian.cpr_number
        return {
            "i": guardian.guardian_id,
            "l": as_bytea(self._vault.lookup(number) if number else None),
            "s": as_bytea(self._vault.seal(number, GUARDIAN_NUMBER) if number else None),
            "g": guardian.given_name,
            "f": guardian.family_name,
            "e": guardian.email,
            "p": guardian.phone,
            "r": guardian.language,
            "t": guardian.spoken_language,
            "a": guardian.address,
            "c": guardian.channels,
            "h": guardian.shares_contacts,
            "k": guardian.corrected,
            "n": guardian.former_names,
        }

    def _guardian(self, row: Any) -> Guardian:
        found = dict(columns(row))
        sealed = found.pop("cpr_sealed")
        found["cpr_number"] = self._vault.open(sealed, GUARDIAN_NUMBER) if sealed else None
        found["address"] = msgspec.convert(found["address"], Address | None)
        found["corrected"] = msgspec.convert(found["corrected"], dict[str, datetime])
        return Guardian(**found | {name: tuple(found[name]) for name in ("channels", "former_names")})
