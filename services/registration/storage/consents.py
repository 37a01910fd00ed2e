"""Consents, each giving a record of its own, and what the rules about them look at."""

# ruff: noqa: S608 - the statements are put together from our own text; values travel as parameters

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from services.registration.domain.consent import Consent, ConsentStatus, Subject
from services.registration.storage.rows import as_json, columns

_CONSENT = (
    "select consent_id::text, child_id::text, guardian_id::text, professional_id::text, programme, purpose, text_version, language,"
    " channel, given_at, status, withdrawn_at from consent"
)
_AS_KEPT = (
    "select consent_id::text, cast(:id as text) as child_id, chassis.surviving(guardian_id)::text as guardian_id, professional_id::text,"
    " programme, purpose, text_version, language, channel, given_at, status, withdrawn_at from consent"
)
_IDS = "(select cast(json_array_elements_text(cast(:ids as json)) as uuid))"
_ADD = sa.text("insert into consent select * from json_populate_recordset(null::consent, cast(:rows as json))")
_GET = sa.text(f"{_CONSENT} where consent_id = cast(:id as uuid)")
_LOCK = sa.text(f"{_CONSENT} where consent_id in {_IDS} order by consent_id for update")
_OF_CHILD = sa.text(f"{_AS_KEPT} where child_id in (select chassis.same(cast(:id as uuid))) order by consent_id")
_ALL = sa.text(f"{_CONSENT} order by consent_id")
_WITHDRAW = sa.text(
    "update consent set status = 'withdrawn', withdrawn_at = w"
    " from json_to_recordset(cast(:rows as json)) as x(i uuid, w timestamptz) where consent_id = i"
)
_WORDS = sa.text(
    "select words from consent_text where (programme, purpose, version, language) = (:programme, :purpose, :text_version, :language)"
)
_ADULTS = sa.text(
    f"select 'guardian' as kind, guardian_id::text as id from guardian where guardian_id in {_IDS}"
    f" union all select 'professional', professional_id::text from professional where professional_id in {_IDS}"
)


class Consents:
    """What was agreed to, by whom, and whether it holds."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, consents: Sequence[Consent]) -> None:
        if consents:
            self._connection.execute(_ADD, {"rows": as_json(consents)})

    def get(self, consent_id: str) -> Consent | None:
        row = self._connection.execute(_GET, {"id": consent_id}).first()
        return _consent(row) if row else None

    def lock(self, consent_ids: Iterable[str]) -> dict[str, Consent]:
        """Those that exist, by id; nobody else changes them until the end of the transaction."""
        rows = self._connection.execute(_LOCK, {"ids": as_json(set(consent_ids))})
        return {row.consent_id: _consent(row) for row in rows}

    def save_withdrawn(self, consents: Sequence[Consent]) -> None:
        if consents:
            rows = [{"i": consent.consent_id, "w": consent.withdrawn_at} for consent in consents]
            self._connection.execute(_WITHDRAW, {"rows": as_json(rows)})

    def words(self, consent: Consent) -> str:
        """The exact words that it was given to, in the language in which they were shown."""
        key = {name: getattr(consent, name) for name in ("programme", "purpose", "text_version", "language")}
        return str(self._connection.execute(_WORDS, key).scalar_one())

    def of_child(self, child_id: str) -> list[Consent]:
        """Under the ids that are kept."""
        return [_consent(row) for row in self._connection.execute(_OF_CHILD, {"id": child_id})]

    def adults(self, ids: Iterable[str]) -> set[tuple[Subject, str]]:
        """Which of these are guardians or professionals here."""
        return {(Subject(row.kind), row.id) for row in self._connection.execute(_ADULTS, {"ids": as_json(set(ids))})}

    def stream(self) -> Iterator[Consent]:
        """All of them, a few at a time."""
        return map(_consent, self._connection.execute(_ALL, execution_options={"yield_per": 500}))


def _consent(row: Any) -> Consent:
    found = dict(columns(row))
    return Consent(**found | {"status": ConsentStatus(found["status"])})
