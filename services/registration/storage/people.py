"""Children, guardians and professionals: the only tables with names, addresses and CPR numbers in them."""

# ruff: noqa: S608 - the statements are put together from our own text; values travel as parameters

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from services.chassis.ids import new_id
from services.registration.domain.child import Child
from services.registration.domain.cpr_number import CprNumber
from services.registration.domain.guardian import Guardian, Guardianships
from services.registration.domain.professional import Professional
from services.registration.domain.reach import Reach
from services.registration.domain.request import ChildDetails, GuardianDetails
from services.registration.storage.rows import as_bytea, as_json, columns
from services.registration.vault import CprVault

CHILD_NUMBER = "child.cpr_sealed"
GUARDIAN_NUMBER = "guardian.cpr_sealed"
"""The columns to which a sealed number is bound."""

_TAKE_IN_CHILDREN = sa.text(  # the update changes nothing: it locks a child that is known, so that nobody else decides about it now
    "insert into child (child_id, cpr_lookup, cpr_sealed, birth_date, given_name, family_name)"
    " select i, l, s, b, g, f from json_to_recordset(cast(:rows as json))"
    " as x(i uuid, l bytea, s bytea, b date, g text, f text) order by l"
    " on conflict (cpr_lookup) do update set cpr_lookup = excluded.cpr_lookup"
    " returning child_id::text, cpr_lookup, birth_date, given_name, family_name"
)
_CHILD = sa.text("select child_id::text, cpr_sealed, birth_date, given_name, family_name from child where child_id = cast(:id as uuid)")
_IN_REACH = sa.text(
    "select exists (select from enrolment join institution using (institution_id) where child_id = cast(:id as uuid)"
    " and status = 'accepted' and code in (select json_array_elements_text(cast(:institutions as json))))"
    " or exists (select from guardianship where child_id = cast(:id as uuid) and guardian_id = cast(:guardian as uuid))"
)
_GUARDIAN = "select guardian_id::text, given_name, family_name, email, phone, language, spoken_language, cpr_sealed from guardian"
_GUARDIANS_OF = sa.text(
    f"{_GUARDIAN} where guardian_id in ("
    " select guardian_id from guardian where cpr_lookup in (select l from json_to_recordset(cast(:numbers as json)) as x(l bytea))"
    " union select guardian_id from guardianship where child_id in"
    " (select cast(json_array_elements_text(cast(:children as json)) as uuid))) order by guardian.guardian_id for update"
)
_GUARDIANS = sa.text(_GUARDIAN)
_GUARDIANSHIPS_OF = sa.text(
    "select child_id::text, guardian_id::text from guardianship"
    " where child_id in (select cast(json_array_elements_text(cast(:children as json)) as uuid))"
)
_GUARDIANS_OF_CHILD = sa.text(
    "select guardian_id::text, given_name, family_name, email, phone, language, spoken_language, custody"
    " from guardian join guardianship using (guardian_id) where child_id = cast(:id as uuid) order by guardian.guardian_id"
)
_GUARDIAN_ROWS = "json_to_recordset(cast(:rows as json)) as x(i uuid, l bytea, s bytea, g text, f text, e text, p text, r text, t text)"
_ADD_GUARDIANS = sa.text(
    "insert into guardian (guardian_id, cpr_lookup, cpr_sealed, given_name, family_name, email, phone, language, spoken_language)"
    f" select i, l, s, g, f, e, p, r, t from {_GUARDIAN_ROWS} order by l, i"
    " on conflict (cpr_lookup) do update set given_name = excluded.given_name, family_name = excluded.family_name,"
    " email = coalesce(excluded.email, guardian.email), phone = coalesce(excluded.phone, guardian.phone),"
    " language = excluded.language, spoken_language = coalesce(excluded.spoken_language, guardian.spoken_language)"
    " returning guardian_id::text, cpr_lookup"
)
_CHANGE_GUARDIANS = sa.text(
    "update guardian set cpr_lookup = l, cpr_sealed = s, given_name = g, family_name = f, email = e, phone = p, language = r,"
    f" spoken_language = t from {_GUARDIAN_ROWS} where guardian_id = i"
)
_LINK = sa.text(
    "insert into guardianship (child_id, guardian_id, custody)"
    " select c, g, k from json_to_recordset(cast(:rows as json)) as x(c uuid, g uuid, k boolean) order by c, g"
    " on conflict (child_id, guardian_id) do update set custody = excluded.custody where guardianship.custody <> excluded.custody"
)
_PROFESSIONAL = (
    "select professional_id::text, p.programme, profession, given_name, family_name, email, phone, language,"
    " i.institution_id::text, i.code as institution, p.district from professional p join institution i using (institution_id)"
)
_PROFESSIONAL_OF = sa.text(f"{_PROFESSIONAL} where p.programme = :programme and lower(email) = lower(:email) for update of p")
_PROFESSIONALS = sa.text(f"{_PROFESSIONAL} order by professional_id")
_SAVE_PROFESSIONAL = sa.text(
    "insert into professional (professional_id, programme, profession, given_name, family_name, email, phone, language, institution_id,"
    " district)"
    " values (cast(:professional_id as uuid), :programme, :profession, :given_name, :family_name, :email, :phone, :language,"
    " cast(:institution_id as uuid), :district) on conflict (programme, lower(email)) do update set profession = excluded.profession,"
    " given_name = excluded.given_name, family_name = excluded.family_name, email = excluded.email, phone = excluded.phone,"
    " language = excluded.language, institution_id = excluded.institution_id,"
    " district = excluded.district returning professional_id::text"
)


class Children:
    """Every child once."""

    def __init__(self, connection: sa.Connection, vault: CprVault) -> None:
        self._connection = connection
        self._vault = vault

    def take_in(self, described: Mapping[CprNumber, ChildDetails]) -> dict[CprNumber, Child]:
        """Each child, known or new, locked until the end of the transaction. What is known of a child stays as it was."""
        if not described:
            return {}
        numbers = {self._vault.lookup(number): number for number in described}
        rows = [self._row(lookup, number, described[number]) for lookup, number in numbers.items()]
        found = self._connection.execute(_TAKE_IN_CHILDREN, {"rows": as_json(rows)})
        return {number: _child(row, number) for row in found for number in (numbers[row.cpr_lookup],)}

    def get(self, child_id: str) -> Child | None:
        row = self._connection.execute(_CHILD, {"id": child_id}).first()
        return _child(row, self._vault.open(row.cpr_sealed, CHILD_NUMBER)) if row else None

    def within(self, child_id: str, reach: Reach) -> bool:
        """Whether the child is of the caller's family, or enrolled in one of his institutions."""
        if reach.everywhere:
            return True
        parameters = {"id": child_id, "institutions": as_json(reach.institutions or ()), "guardian": reach.guardian_id}
        return bool(self._connection.execute(_IN_REACH, parameters).scalar())

    def _row(self, lookup: bytes, number: CprNumber, details: ChildDetails) -> dict[str, Any]:
        sealed = self._vault.seal(number, CHILD_NUMBER)
        names = {"g": details.given_name, "f": details.family_name}
        return {"i": new_id(), "l": as_bytea(lookup), "s": as_bytea(sealed), "b": details.birth_date} | names


class Guardians:
    """Adults, and whose guardians they are."""

    def __init__(self, connection: sa.Connection, vault: CprVault) -> None:
        self._connection = connection
        self._vault = vault

    def around(self, children: Iterable[Child], described: Iterable[GuardianDetails]) -> Guardianships:
        """Everybody whom these requests may be about: the children's guardians, and those with a number that is named. Locked."""
        ids = as_json(child.child_id for child in children)
        numbers = {number for details in described if details.cpr_number and (number := CprNumber.read(details.cpr_number))}
        lookups = as_json({"l": as_bytea(self._vault.lookup(number))} for number in numbers)
        known = self._connection.execute(_GUARDIANS_OF, {"children": ids, "numbers": lookups})
        links = self._connection.execute(_GUARDIANSHIPS_OF, {"children": ids})
        return Guardianships([self._guardian(row) for row in known], [(child_id, guardian_id) for child_id, guardian_id in links])

    def save(self, guardianships: Guardianships) -> None:
        """Store what a batch made of them. A new one whom somebody else added meanwhile gets that one's id."""
        self._add(guardianships.new)
        if guardianships.changed:
            self._connection.execute(_CHANGE_GUARDIANS, {"rows": as_json(map(self._row, guardianships.changed))})
        links = [
            {"c": child_id, "g": guardian.guardian_id, "k": custody} for (child_id, guardian), custody in guardianships.custody.items()
        ]
        self._connection.execute(_LINK, {"rows": as_json(links)})

    def of_child(self, child_id: str) -> list[tuple[Guardian, bool]]:
        """Each with whether he has custody."""
        rows = [dict(columns(row)) for row in self._connection.execute(_GUARDIANS_OF_CHILD, {"id": child_id})]
        return [(Guardian(**row), custody) for row in rows for custody in (row.pop("custody"),)]

    def stream(self) -> Iterator[Guardian]:
        """All of them, a few at a time."""
        return map(self._guardian, self._connection.execute(_GUARDIANS, execution_options={"yield_per": 500}))

    def _add(self, new: Sequence[Guardian]) -> None:
        if not new:
            return
        numbered = {self._vault.lookup(guardian.cpr_number): guardian for guardian in new if guardian.cpr_number}
        for row in self._connection.execute(_ADD_GUARDIANS, {"rows": as_json(map(self._row, new))}):
            if row.cpr_lookup:
                numbered[row.cpr_lookup].guardian_id = row.guardian_id

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
        }

    def _guardian(self, row: Any) -> Guardian:
        found = dict(columns(row))
        sealed = found.pop("cpr_sealed")
        return Guardian(**found, cpr_number=self._vault.open(sealed, GUARDIAN_NUMBER) if sealed else None)


class Professionals:
    """Known by e-mail address within a programme."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def by_email(self, programme: str, email: str) -> Professional | None:
        row = self._connection.execute(_PROFESSIONAL_OF, {"programme": programme, "email": email}).first()
        return Professional(**columns(row)) if row else None

    def save(self, professional: Professional) -> None:
        """Add or correct; one whom somebody else added meanwhile keeps that one's id."""
        row = {name: getattr(professional, name) for name in Professional.__slots__}
        professional.professional_id = self._connection.execute(_SAVE_PROFESSIONAL, row).scalar_one()

    def stream(self) -> Iterator[Professional]:
        """All of them, a few at a time."""
        rows = self._connection.execute(_PROFESSIONALS, execution_options={"yield_per": 500})
        return (Professional(**columns(row)) for row in rows)


def _child(row: Any, number: CprNumber) -> Child:
    return Child(row.child_id, number, row.birth_date, row.given_name, row.family_name)
