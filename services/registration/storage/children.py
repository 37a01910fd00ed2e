"""Children. With guardians (`guardians.py`) and professionals, theirs are the only tables with names and CPR numbers in them."""

# ruff: noqa: S608 - the statements are put together from our own text; values travel as parameters

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from services.chassis.ids import new_id
from services.registration.domain import newcomer
from services.registration.domain.child import Child, ChildKey, Unnumbered
from services.registration.domain.cpr_number import CprNumber
from services.registration.domain.reach import Reach
from services.registration.domain.request import ChildDetails
from services.registration.storage.guardianships import TOLD_OF
from services.registration.storage.protections import HIDDEN_CHILD
from services.registration.storage.rows import IDS, LIVING, as_bytea, as_json
from services.registration.vault import CprVault

CHILD_NUMBER = "child.cpr_sealed"
"""The column to which a sealed number is bound."""

_TAKE_IN_CHILDREN = sa.text(  # the update changes nothing: it locks a child that is known, so that nobody else decides about it now
    "with taken as (insert into child (child_id, cpr_lookup, cpr_sealed, birth_date, given_name, family_name)"
    " select i, l, s, b, g, f from json_to_recordset(cast(:rows as json))"
    " as x(i uuid, l bytea, s bytea, b date, g text, f text) order by l"
    " on conflict (cpr_lookup) do update set cpr_lookup = excluded.cpr_lookup"
    " returning child_id, cpr_lookup, birth_date, given_name, family_name)"
    " select coalesce(kept_id, child_id)::text as child_id, cpr_lookup, birth_date, given_name, family_name"
    " from taken left join chassis.alias on merged_id = child_id"
)
_TAKE_IN_UNNUMBERED = sa.text(  # the same for those who are named by their ids
    "with taken as (insert into child (child_id, birth_date, given_name, family_name)"
    " select i, b, g, f from json_to_recordset(cast(:rows as json)) as x(i uuid, b date, g text, f text) order by i"
    " on conflict (child_id) do update set child_id = excluded.child_id"
    " returning child_id, birth_date, given_name, family_name)"
    " select coalesce(kept_id, child_id)::text as child_id, child_id::text as named_id, birth_date, given_name, family_name"
    " from taken left join chassis.alias on merged_id = child_id"
)
_DESCRIBE = sa.text(
    "insert into child_description (described, child_id) select d, i from json_to_recordset(cast(:rows as json)) as x(i uuid, d bytea)"
    " where :anew or exists (select from child_description c where c.child_id = i) order by d, i on conflict do nothing"
)
_ALONE = sa.text(
    "select pg_advisory_xact_lock(n) from (select distinct cast(t as bigint) as n"
    " from json_array_elements_text(cast(:numbers as json)) as x(t) order by n) as ordered"
)
_DESCRIBED_AS = sa.text(
    "select described, coalesce(kept_id, child_id)::text as child_id from child_description left join chassis.alias on merged_id = child_id"
    " where described = any(array(select d from json_to_recordset(cast(:rows as json)) as x(d bytea))) order by 1, 2"
)
_CHILD = sa.text(
    "select child_id::text, cpr_sealed, birth_date, given_name, family_name, corrected,"
    f" {HIDDEN_CHILD.format('child.child_id')} as hidden from child"
    " where child_id = cast(:id as uuid)"
)
_IN_REACH = sa.text(
    "select exists (select from enrolment join institution using (institution_id)"
    " where child_id in (select chassis.same(cast(:id as uuid)))"
    f" and status in {LIVING} and code in (select json_array_elements_text(cast(:institutions as json))))"
    f" or cast(:id as uuid) in {TOLD_OF}"
)
_LOCK = sa.text(f"select child_id::text from child where child_id = {IDS} order by cpr_lookup, child_id for update")
_LOCK_WHOLE = sa.text(
    "select child_id::text, cpr_sealed, birth_date, given_name, family_name, corrected from child"
    f" where child_id = {IDS} order by cpr_lookup, child_id for update"
)
_CHANGE_CHILDREN = sa.text(
    "update child set cpr_lookup = l, cpr_sealed = s, birth_date = b, given_name = g, family_name = f, corrected = k"
    " from json_to_recordset(cast(:rows as json)) as x(i uuid, l bytea, s bytea, b date, g text, f text, k jsonb) where child_id = i"
)


class Children:
    """Every child once."""

    def __init__(self, connection: sa.Connection, vault: CprVault, today: date) -> None:
        self._connection = connection
        self._vault = vault
        self._today = today

    def take_in(self, described: Mapping[ChildKey, ChildDetails]) -> dict[ChildKey, Child]:
        """Each child, known or new, locked until the end of the transaction. What is known of a child stays as it was."""
        numbered = {key: details for key, details in described.items() if isinstance(key, CprNumber)}
        unnumbered = {key: details for key, details in described.items() if isinstance(key, Unnumbered)}
        return {**self._take_in_numbered(numbered), **self._take_in_unnumbered(unnumbered)}

    def described_as(self, descriptions: Iterable[str]) -> dict[str, list[str]]:
        """The children who came without a number and are described so, by the ids that are kept.

        Until the end of the transaction nobody else asks for these descriptions.
        """
        by_hash = {self._vault.blind(description): description for description in descriptions}
        self._connection.execute(_ALONE, {"numbers": as_json(str(_number(blinded)) for blinded in by_hash)})
        found: dict[str, list[str]] = {description: [] for description in by_hash.values()}
        for row in self._connection.execute(_DESCRIBED_AS, {"rows": as_json({"d": as_bytea(blinded)} for blinded in by_hash)}):
            found[by_hash[bytes(row.described)]].append(row.child_id)
        return found

    def get(self, child_id: str) -> Child | None:
        row = self._connection.execute(_CHILD, {"id": child_id, "today": self._today}).first()
        return replace(self._whole(row), hidden=row.hidden) if row else None

    def lock(self, ids: Iterable[str]) -> set[str]:
        """Which of these there are; nobody else changes their families until the end of the transaction."""
        return set(self._connection.execute(_LOCK, {"ids": as_json(set(ids))}).scalars())

    def lock_whole(self, ids: Iterable[str]) -> dict[str, Child]:
        """The same, as they are, by id."""
        return {row.child_id: self._whole(row) for row in self._connection.execute(_LOCK_WHOLE, {"ids": as_json(set(ids))})}

    def change(self, children: Iterable[Child]) -> None:
        """Keep who they are now."""
        changed = {child.child_id: child for child in children}
        if rows := [self._row(child_id, child.cpr_number, child) | {"k": child.corrected} for child_id, child in changed.items()]:
            self._connection.execute(_CHANGE_CHILDREN, {"rows": as_json(rows)})
            self._describe(changed, anew=False)

    def within(self, child_id: str, reach: Reach) -> bool:
        """Whether the child is of the caller's family, as far as he may be told of it today, or enrolled in one of his institutions."""
        if reach.everywhere:
            return True
        parameters = {"institutions": as_json(reach.institutions or ()), "guardian": reach.guardian_id, "today": self._today}
        return bool(self._connection.execute(_IN_REACH, parameters | {"id": child_id}).scalar())

    def _take_in_numbered(self, described: Mapping[CprNumber, ChildDetails]) -> dict[ChildKey, Child]:
        numbers = {self._vault.lookup(number): number for number in described}
        rows = [self._row(new_id(), number, described[number]) for number in numbers.values()]
        found = self._connection.execute(_TAKE_IN_CHILDREN, {"rows": as_json(rows)}) if rows else ()
        return {number: _child(row, number) for row in found for number in (numbers[row.cpr_lookup],)}

    def _take_in_unnumbered(self, described: Mapping[Unnumbered, ChildDetails]) -> dict[ChildKey, Child]:
        by_id = {key.child_id: details for key, details in described.items()}
        rows = [self._row(child_id, None, details) for child_id, details in by_id.items()]
        found = self._connection.execute(_TAKE_IN_UNNUMBERED, {"rows": as_json(rows)}) if rows else ()
        children: dict[ChildKey, Child] = {Unnumbered(row.named_id): _child(row, None) for row in found}
        self._describe(by_id, anew=True)
        return children

    def _describe(self, described: Mapping[str, ChildDetails | Child], *, anew: bool) -> None:
        """By what children without a number are recognised; unless `anew`, of those alone who came so."""
        rows = [
            {"i": child_id, "d": as_bytea(self._vault.blind(newcomer.described(one.birth_date, one.given_name, one.family_name)))}
            for child_id, one in described.items()
        ]
        if rows:
            self._connection.execute(_DESCRIBE, {"rows": as_json(rows), "anew": anew})

    def _row(self, child_id: str, number: CprNumber | None, described: ChildDetails | Child) -> dict[str, Any]:
        lookup = self._vault.lookup(number) if number else None
        sealed = self._vault.seal(number, CHILD_NUMBER) if number else None
        who = {"b": described.birth_date, "g": described.given_name, "f": described.family_name}
        return {"i": child_id, "l": as_bytea(lookup), "s": as_bytea(sealed)} | who

    def _whole(self, row: Any) -> Child:
        number = self._vault.open(row.cpr_sealed, CHILD_NUMBER) if row.cpr_sealed else None
        return replace(_child(row, number), corrected=msgspec.convert(row.corrected, dict[str, datetime]))


def _number(blinded: bytes) -> int:
    """As PostgreSQL's locks are numbered; two that are numbered alike by chance wait for each other."""
    return int.from_bytes(blinded[:8], signed=True)


def _child(row: Any, number: CprNumber | None) -> Child:
    return Child(row.child_id, number, row.birth_date, row.given_name, row.family_name)
