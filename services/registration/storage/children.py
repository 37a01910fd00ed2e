"""Children. With guardians (`guardians.py`) and professionals, theirs are the only tables with names and CPR numbers in them."""

# ruff: noqa: S608 - the statements are put together from our own text; values travel as parameters

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from services.chassis.ids import new_id
from services.registration.domain.child import Child
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
_LOCK = sa.text(f"select child_id::text from child where child_id = {IDS} order by cpr_lookup for update")
_LOCK_WHOLE = sa.text(
    "select child_id::text, cpr_sealed, birth_date, given_name, family_name, corrected from child"
    f" where child_id = {IDS} order by cpr_lookup for update"
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

    def take_in(self, described: Mapping[CprNumber, ChildDetails]) -> dict[CprNumber, Child]:
        """Each child, known or new, locked until the end of the transaction. What is known of a child stays as it was."""
        if not described:
            return {}
        numbers = {self._vault.lookup(number): number for number in described}
        rows = [self._row(new_id(), number, described[number]) for number in numbers.values()]
        found = self._connection.execute(_TAKE_IN_CHILDREN, {"rows": as_json(rows)})
        return {number: _child(row, number) for row in found for number in (numbers[row.cpr_lookup],)}

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
        if rows := [self._row(child.child_id, child.cpr_number, child) | {"k": child.corrected} for child in children]:
            self._connection.execute(_CHANGE_CHILDREN, {"rows": as_json(rows)})

    def within(self, child_id: str, reach: Reach) -> bool:
        """Whether the child is of the caller's family, as far as he may be told of it today, or enrolled in one of his institutions."""
        if reach.everywhere:
            return True
        parameters = {"institutions": as_json(reach.institutions or ()), "guardian": reach.guardian_id, "today": self._today}
        return bool(self._connection.execute(_IN_REACH, parameters | {"id": child_id}).scalar())

    def _row(self, child_id: str, number: CprNumber, described: ChildDetails | Child) -> dict[str, Any]:
        lookup, sealed = self._vault.lookup(number), self._vault.seal(number, CHILD_NUMBER)
        who = {"b": described.birth_date, "g": described.given_name, "f": described.family_name}
        return {"i": child_id, "l": as_bytea(lookup), "s": as_bytea(sealed)} | who

    def _whole(self, row: Any) -> Child:
        number = self._vault.open(row.cpr_sealed, CHILD_NUMBER)
        return replace(_child(row, number), corrected=msgspec.convert(row.corrected, dict[str, datetime]))


def _child(row: Any, number: CprNumber) -> Child:
    return Child(row.child_id, number, row.birth_date, row.given_name, row.family_name)
