"""Professionals."""

# ruff: noqa: S608 - the statements are put together from our own text; values travel as parameters

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from services.registration.domain.life import Status
from services.registration.domain.professional import Professional
from services.registration.storage.protections import HIDDEN_ADULT
from services.registration.storage.rows import IDS, as_json, columns

_PROFESSIONAL = (
    "select professional_id::text, p.programme, profession, given_name, family_name, email, phone, language,"
    " i.institution_id::text, i.code as institution, p.district, status, share_percent, start_date, end_date, reason, since, steps,"
    f" {HIDDEN_ADULT.format('professional_id')} as hidden from professional p join institution i using (institution_id)"
)
_PROFESSIONALS_OF_EMAILS = sa.text(
    f"{_PROFESSIONAL} where (p.programme, lower(p.email)) in"
    " (select programme, lower(email) from json_to_recordset(cast(:rows as json)) as x(programme text, email text))"
    " order by professional_id for update of p"
)
_GET_PROFESSIONAL = sa.text(f"{_PROFESSIONAL} where professional_id = cast(:id as uuid)")
_LOCK_PROFESSIONAL = sa.text(f"{_PROFESSIONAL} where professional_id = cast(:id as uuid) for update of p")
_PROFESSIONALS_OF = sa.text(f"{_PROFESSIONAL} where professional_id = {IDS} order by professional_id")
_PROFESSIONALS = sa.text(f"{_PROFESSIONAL} order by professional_id")
_SAVE_PROFESSIONALS = sa.text(
    "insert into professional (professional_id, programme, profession, given_name, family_name, email, phone, language, institution_id,"
    " district, share_percent, start_date, steps) select professional_id, programme, profession, given_name, family_name, email, phone,"
    " language, institution_id, district, share_percent, start_date, steps"
    " from json_populate_recordset(null::professional, cast(:rows as json)) order by programme, lower(email)"
    " on conflict (programme, lower(email)) do update set profession = excluded.profession,"
    " given_name = excluded.given_name, family_name = excluded.family_name, email = excluded.email, phone = excluded.phone,"
    " language = excluded.language, institution_id = excluded.institution_id, district = excluded.district,"
    " share_percent = excluded.share_percent, start_date = excluded.start_date returning professional_id::text, programme, email"
)
_SAME_NAMES = sa.text(
    "select n, professional_id::text from json_to_recordset(cast(:rows as json)) as x(n integer, g text, f text, e text)"
    " join professional p on p.programme = :programme and lower(given_name) = lower(g) and lower(family_name) = lower(f)"
    " and lower(email) <> lower(e) order by n, professional_id"
)
_CHANGE_PROFESSIONAL = sa.text(
    "update professional set institution_id = cast(:institution_id as uuid), district = :district, status = :status,"
    " end_date = :end_date, reason = :reason, since = :since, steps = :steps where professional_id = cast(:professional_id as uuid)"
)


class Professionals:
    """Known by e-mail address within a programme."""

    def __init__(self, connection: sa.Connection, today: date) -> None:
        self._connection = connection
        self._today = today

    def by_emails(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Professional]:
        """Those who are known among (programme, e-mail address), by their keys; locked until the end of the transaction."""
        rows = as_json({"programme": programme, "email": email} for programme, email in keys)
        found = map(_professional, self._connection.execute(_PROFESSIONALS_OF_EMAILS, {"rows": rows, "today": self._today}))
        return {professional.key: professional for professional in found}

    def get(self, professional_id: str) -> Professional | None:
        row = self._connection.execute(_GET_PROFESSIONAL, {"id": professional_id, "today": self._today}).first()
        return _professional(row) if row else None

    def lock(self, professional_id: str) -> Professional | None:
        """One, and nobody else changes him until the end of the transaction."""
        row = self._connection.execute(_LOCK_PROFESSIONAL, {"id": professional_id, "today": self._today}).first()
        return _professional(row) if row else None

    def of(self, ids: Iterable[str]) -> list[Professional]:
        """Those that exist."""
        rows = self._connection.execute(_PROFESSIONALS_OF, {"ids": as_json(set(ids)), "today": self._today})
        return [_professional(row) for row in rows]

    def change(self, professional: Professional) -> None:
        """Keep his latest step."""
        self._connection.execute(_CHANGE_PROFESSIONAL, _row(professional))

    def same_names(self, programme: str, described: Sequence[Mapping[str, Any]]) -> list[tuple[int, str]]:
        """Number and id, where somebody of that name is known by another address; `described` has n, g, f and e."""
        if not described:
            return []
        rows = self._connection.execute(_SAME_NAMES, {"programme": programme, "rows": as_json(described)})
        return [(n, professional_id) for n, professional_id in rows]

    def save(self, professionals: Sequence[Professional]) -> None:
        """Add or correct; one whom somebody else added meanwhile keeps that one's id."""
        if not professionals:
            return
        by_key = {professional.key: professional for professional in professionals}
        for row in self._connection.execute(_SAVE_PROFESSIONALS, {"rows": as_json(map(_row, by_key.values()))}):
            by_key[row.programme, row.email.lower()].professional_id = row.professional_id

    def stream(self) -> Iterator[Professional]:
        """All of them, a few at a time."""
        rows = self._connection.execute(_PROFESSIONALS, {"today": self._today}, execution_options={"yield_per": 500})
        return map(_professional, rows)


def _row(professional: Professional) -> dict[str, Any]:
    return {name: getattr(professional, name) for name in Professional.__slots__}


def _professional(row: Any) -> Professional:
    found = dict(columns(row))
    return Professional(**found | {"status": Status(found["status"])})
