"""Families as they are stored, read in one go for a set of children: what an import compares its lines with, and goes back to."""

# ruff: noqa: S608 - the statements are put together from our own text; values travel as parameters

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

import msgspec
import sqlalchemy as sa

from services.chassis.aliases import SAME_IDS
from services.registration.domain.address import Address
from services.registration.domain.child import ChildKey, Unnumbered
from services.registration.domain.cpr_number import CprNumber
from services.registration.domain.guardianship import Terms
from services.registration.domain.life import ENROLLED
from services.registration.imports.stored import StoredChild, StoredEnrolment, StoredFamilies, StoredGuardian
from services.registration.storage.guardians import GUARDIAN_NUMBER
from services.registration.storage.protections import HIDDEN_ADULT
from services.registration.storage.rows import IDS, as_bytea, as_json, columns
from services.registration.vault import CprVault

_NUMBERS = "any(array(select l from json_to_recordset(cast(:numbers as json)) as x(l bytea)))"
_CHILDREN = sa.text(  # of a child that was merged into another, that one
    "with named as (select child_id, cpr_lookup from child"
    f" where cpr_lookup = {_NUMBERS} union all select child_id, null from child where child_id = {IDS})"
    " select k.child_id::text, c.child_id::text as named_id, c.cpr_lookup, k.birth_date, k.given_name, k.family_name from named c"
    " left join chassis.alias on merged_id = c.child_id join child k on k.child_id = coalesce(kept_id, c.child_id)"
)
_ENROLMENTS = sa.text(
    "select coalesce(kept_id, child_id)::text as child_id, enrolment_id::text, i.code as institution, track, start_date, steps"
    " from enrolment left join institution i using (institution_id) left join chassis.alias on merged_id = child_id"
    " where enrolment.programme = :programme"
    f" and status in (select json_array_elements_text(cast(:enrolled as json))) and child_id = any(array{SAME_IDS})"
    " order by kept_id nulls last"
)
_LINKS = sa.text(
    "select coalesce(c.kept_id, child_id)::text as child_id, coalesce(g.kept_id, guardian_id)::text as guardian_id,"
    " relation, custody, contact_allowed, residence"
    " from guardianship left join chassis.alias c on c.merged_id = child_id left join chassis.alias g on g.merged_id = guardian_id"
    f" where child_id = any(array{SAME_IDS}) and valid @> cast(:today as date) order by num_nonnulls(c.kept_id, g.kept_id) desc"
)
_GUARDIANS = sa.text(
    "select guardian_id::text, cpr_sealed, given_name, family_name, email, phone, language, spoken_language, former_names, address,"
    f" {HIDDEN_ADULT.format('guardian_id')} as hidden from guardian"
    f" where cpr_lookup = {_NUMBERS} or guardian_id = any(array(select coalesce(kept_id, guardian_id) from guardianship"
    f" left join chassis.alias on merged_id = guardian_id where child_id = any(array{SAME_IDS})))"
)
_TERMS = "json_to_recordset(cast(:rows as json)) as x(c uuid, g uuid, n text, k boolean, p boolean, r boolean)"
_SET_TERMS = sa.text(
    f"update guardianship s set relation = x.n, custody = x.k, contact_allowed = x.p, residence = x.r from {_TERMS}"
    " where s.child_id = x.c and s.guardian_id = x.g and x.k is not null and s.said_at is null"
)
_UNLINK = sa.text(
    f"delete from guardianship s using {_TERMS} where s.child_id = x.c and s.guardian_id = x.g and x.k is null and s.said_at is null"
)
_PARENTS = sa.text(f"select distinct guardian_id::text from guardianship where guardian_id = {IDS}")


class FamilyRecords:
    """Reads and takes back; what is new goes through the rules of enrolment."""

    def __init__(self, connection: sa.Connection, vault: CprVault, today: date) -> None:
        self._connection = connection
        self._vault = vault
        self._today = today

    def stored(self, programme: str, children: Mapping[int, ChildKey | None], guardians: Iterable[CprNumber]) -> StoredFamilies:
        """Those that are known, as they are now; `children` by the line that names them."""
        known_as = self._known_as(set(filter(None, children.values())))
        by_id = {child.child_id: child for child in known_as.values()}
        found = {line: by_id[known_as[key].child_id] for line, key in children.items() if key in known_as}
        ids = as_json(by_id)
        for row in self._connection.execute(_ENROLMENTS, {"programme": programme, "ids": ids, "enrolled": as_json(sorted(ENROLLED))}):
            enrolment = StoredEnrolment(row.enrolment_id, row.institution, row.track, row.start_date, row.steps)
            by_id[row.child_id].enrolment = enrolment
        for row in self._connection.execute(_LINKS, {"ids": ids, "today": self._today}):
            by_id[row.child_id].terms[row.guardian_id] = Terms(row.relation, row.custody, row.contact_allowed, row.residence)
        numbers = _lookups(map(self._vault.lookup, guardians))
        adults = self._connection.execute(_GUARDIANS, {"numbers": numbers, "ids": ids, "today": self._today})
        return StoredFamilies(found, {row.guardian_id: self._guardian(row) for row in adults})

    def _known_as(self, keys: Collection[ChildKey]) -> dict[ChildKey | None, StoredChild]:
        """The children who are known among these, by what they are named."""
        by_lookup = {self._vault.lookup(key): key for key in keys if isinstance(key, CprNumber)}
        ids = as_json(key.child_id for key in keys if isinstance(key, Unnumbered))
        rows = self._connection.execute(_CHILDREN, {"numbers": _lookups(by_lookup), "ids": ids})
        return {by_lookup.get(bytes(row.cpr_lookup or b""), Unnumbered(row.named_id)): _child(row) for row in rows}

    def set_terms(self, links: Mapping[tuple[str, str], Terms | None]) -> None:
        """(child's id, guardian's id) → what held before; None where he was no guardian of the child."""
        rows = as_json({"c": child, "g": guardian} | _row(terms) for (child, guardian), terms in links.items())
        self._connection.execute(_SET_TERMS, {"rows": rows})
        self._connection.execute(_UNLINK, {"rows": rows})

    def parents(self, guardians: Iterable[str]) -> set[str]:
        """Those of these guardians who have a child."""
        return set(self._connection.execute(_PARENTS, {"ids": as_json(guardians)}).scalars())

    def _guardian(self, row: Any) -> StoredGuardian:
        found = dict(columns(row))
        found.pop("guardian_id")
        sealed = found.pop("cpr_sealed")
        found["address"] = msgspec.convert(found["address"], Address | None)
        return StoredGuardian(**found, cpr_number=self._vault.open(bytes(sealed), GUARDIAN_NUMBER) if sealed else None)


def _lookups(lookups: Iterable[bytes]) -> str:
    return as_json({"l": as_bytea(lookup)} for lookup in lookups)


def _child(row: Any) -> StoredChild:
    return StoredChild(row.child_id, row.birth_date, row.given_name, row.family_name)


def _row(terms: Terms | None) -> dict[str, Any]:
    return {"n": terms.relation, "k": terms.custody, "p": terms.contact_allowed, "r": terms.residence} if terms else {}
