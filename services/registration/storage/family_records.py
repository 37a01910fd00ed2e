"""Families as they are stored, read in one go for a set of children: what an import compares its lines with, and goes back to."""

# ruff: noqa: S608 - the statements are put together from our own text; values travel as parameters

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from services.registration.domain.cpr_number import CprNumber
from services.registration.domain.life import ENROLLED
from services.registration.imports.stored import StoredChild, StoredEnrolment, StoredFamilies, StoredGuardian
from services.registration.storage.guardians import GUARDIAN_NUMBER
from services.registration.storage.protections import HIDDEN_ADULT
from services.registration.storage.rows import as_bytea, as_json, columns
from services.registration.vault import CprVault

_NUMBERS = "(select l from json_to_recordset(cast(:numbers as json)) as x(l bytea))"
_IDS = "(select cast(json_array_elements_text(cast(:ids as json)) as uuid))"
_CHILDREN = sa.text(f"select child_id::text, cpr_lookup, birth_date, given_name, family_name from child where cpr_lookup in {_NUMBERS}")
_ENROLMENTS = sa.text(
    "select child_id::text, enrolment_id::text, i.code as institution, track, start_date, steps from enrolment left join institution i"
    " using (institution_id) where enrolment.programme = :programme"
    f" and status in (select json_array_elements_text(cast(:enrolled as json))) and child_id in {_IDS}"
)
_LINKS = sa.text(
    f"select child_id::text, guardian_id::text, custody from guardianship where child_id in {_IDS} and valid @> cast(:today as date)"
)
_GUARDIANS = sa.text(
    "select guardian_id::text, cpr_sealed, given_name, family_name, email, phone, language, spoken_language,"
    f" {HIDDEN_ADULT.format('guardian_id')} as hidden from guardian"
    f" where cpr_lookup in {_NUMBERS} or guardian_id in (select guardian_id from guardianship where child_id in {_IDS})"
)
_SAME_CHILDREN = sa.text(
    "select n, child_id::text from json_to_recordset(cast(:rows as json)) as x(n integer, l bytea, b date, g text, f text)"
    " join child on birth_date = b and lower(given_name) = lower(g) and lower(family_name) = lower(f) and cpr_lookup <> l order by n"
)
_SAME_CONTACTS = sa.text(
    "with x as materialized (select * from json_to_recordset(cast(:rows as json)) as x(n integer, k text, e text, p text))"
    " select n, k, guardian_id::text from x join guardian on lower(email) = lower(e)"
    " union select n, k, guardian_id::text from x join guardian on phone = p order by 1, 3"
)
_SET_CUSTODY = sa.text(
    "update guardianship s set custody = x.k from json_to_recordset(cast(:rows as json)) as x(c uuid, g uuid, k boolean)"
    " where s.child_id = x.c and s.guardian_id = x.g and x.k is not null and s.said_at is null"
)
_UNLINK = sa.text(
    "delete from guardianship s using json_to_recordset(cast(:rows as json)) as x(c uuid, g uuid, k boolean)"
    " where s.child_id = x.c and s.guardian_id = x.g and x.k is null and s.said_at is null"
)
_REMOVE_STRANGERS = sa.text(
    f"delete from guardian g where guardian_id in {_IDS}"
    " and not exists (select from guardianship s where s.guardian_id = g.guardian_id)"
    " and not exists (select from consent c where c.guardian_id = g.guardian_id)"
    " and not exists (select from protection p where p.person_id = g.guardian_id)"
    " and not exists (select from answer_sheet a where a.person_id = g.guardian_id)"
)


class FamilyRecords:
    """Reads and takes back; what is new goes through the rules of enrolment."""

    def __init__(self, connection: sa.Connection, vault: CprVault, today: date) -> None:
        self._connection = connection
        self._vault = vault
        self._today = today

    def stored(self, programme: str, children: Iterable[CprNumber], guardians: Iterable[CprNumber]) -> StoredFamilies:
        """Those that are known, as they are now."""
        by_lookup = {self._vault.lookup(number): number for number in children}
        rows = self._connection.execute(_CHILDREN, {"numbers": _lookups(by_lookup)})
        found = {by_lookup[bytes(row.cpr_lookup)]: _child(row) for row in rows}
        by_id = {child.child_id: child for child in found.values()}
        ids = as_json(by_id)
        for row in self._connection.execute(_ENROLMENTS, {"programme": programme, "ids": ids, "enrolled": as_json(sorted(ENROLLED))}):
            enrolment = StoredEnrolment(row.enrolment_id, row.institution, row.track, row.start_date, row.steps)
            by_id[row.child_id].enrolment = enrolment
        for row in self._connection.execute(_LINKS, {"ids": ids, "today": self._today}):
            by_id[row.child_id].custody[row.guardian_id] = row.custody
        numbers = _lookups(map(self._vault.lookup, guardians))
        known = self._connection.execute(_GUARDIANS, {"numbers": numbers, "ids": ids, "today": self._today})
        return StoredFamilies(found, {row.guardian_id: self._guardian(row) for row in known})

    def same_children(self, described: Sequence[Mapping[str, Any]]) -> list[tuple[int, str]]:
        """Line and child's id, where another child has that name and birth date; `described` has n, number, b, g and f."""
        rows = [{**one, "l": as_bytea(self._vault.lookup(one["number"])), "number": None} for one in described]
        return [(n, child_id) for n, child_id in self._connection.execute(_SAME_CHILDREN, {"rows": as_json(rows)})]

    def same_contacts(self, described: Sequence[Mapping[str, Any]]) -> list[tuple[int, str, str]]:
        """Line, field and guardian's id, where somebody has that e-mail or phone; `described` has n, k, e and p."""
        rows = self._connection.execute(_SAME_CONTACTS, {"rows": as_json(described)})
        return [(n, field, guardian_id) for n, field, guardian_id in rows]

    def set_custody(self, links: Mapping[tuple[str, str], bool | None]) -> None:
        """(child's id, guardian's id) → the custody that it was; None where he was no guardian of the child."""
        rows = as_json({"c": child, "g": guardian, "k": custody} for (child, guardian), custody in links.items())
        self._connection.execute(_SET_CUSTODY, {"rows": rows})
        self._connection.execute(_UNLINK, {"rows": rows})

    def remove(self, guardians: Iterable[str]) -> None:
        """Delete those who are nobody's guardian any more."""
        self._connection.execute(_REMOVE_STRANGERS, {"ids": as_json(guardians)})

    def _guardian(self, row: Any) -> StoredGuardian:
        found = dict(columns(row))
        found.pop("guardian_id")
        sealed = found.pop("cpr_sealed")
        return StoredGuardian(**found, cpr_number=self._vault.open(bytes(sealed), GUARDIAN_NUMBER) if sealed else None)


def _lookups(lookups: Iterable[bytes]) -> str:
    return as_json({"l": as_bytea(lookup)} for lookup in lookups)


def _child(row: Any) -> StoredChild:
    return StoredChild(row.child_id, row.birth_date, row.given_name, row.family_name)
