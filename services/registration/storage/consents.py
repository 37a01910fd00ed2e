"""Consents, each giving a record of its own."""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from services.registration.domain.consent import Consent, ConsentStatus
from services.registration.storage.rows import as_json, columns

_CONSENT = (
    "select consent_id::text, child_id::text, guardian_id::text, programme, purpose, text_version, language, channel, given_at, status,"
    " withdrawn_at from consent"
)
_ADD = sa.text("insert into consent select * from json_populate_recordset(null::consent, cast(:rows as json))")
_LOCK = sa.text(f"{_CONSENT} where consent_id = cast(:id as uuid) for update")
_OF_CHILD = sa.text(f"{_CONSENT} where child_id = cast(:id as uuid) order by consent_id")
_ALL = sa.text(f"{_CONSENT} order by consent_id")
_WITHDRAW = sa.text("update consent set status = 'withdrawn', withdrawn_at = :at where consent_id = cast(:id as uuid)")


class Consents:
    """What was agreed to, by whom, and whether it holds."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, consents: Sequence[Consent]) -> None:
        if consents:
            self._connection.execute(_ADD, {"rows": as_json(consents)})

    def lock(self, consent_id: str) -> Consent | None:
        """One, and nobody else changes it until the end of the transaction."""
        row = self._connection.execute(_LOCK, {"id": consent_id}).first()
        return _consent(row) if row else None

    def save_withdrawn(self, consent: Consent) -> None:
        self._connection.execute(_WITHDRAW, {"id": consent.consent_id, "at": consent.withdrawn_at})

    def of_child(self, child_id: str) -> list[Consent]:
        return [_consent(row) for row in self._connection.execute(_OF_CHILD, {"id": child_id})]

    def stream(self) -> Iterator[Consent]:
        """All of them, a few at a time."""
        return map(_consent, self._connection.execute(_ALL, execution_options={"yield_per": 500}))


def _consent(row: Any) -> Consent:
    found = dict(columns(row))
    return Consent(**found | {"status": ConsentStatus(found["status"])})
