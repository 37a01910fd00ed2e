"""The ledger of sign-up links and codes: sealed as they came until they have come to an end, then ids and states."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from services.chassis.envelope import Received
from services.notifications.domain.link import LinkLetter
from services.notifications.domain.programme import Contact
from services.notifications.messages import SignUpLinkSealed

_ENCODE = msgspec.json.Encoder().encode
_COLUMNS = "link_id, channel, language, programme, sealed, expires_at, due_at, status, attempts, reason, version"
_KEEP = sa.text(
    "insert into link_letter (link_id, channel, language, programme, sealed, expires_at, due_at, status, attempts, version)"
    " select link_id, channel, language, programme, sealed, expires_at, :now, 'queued', 0, 0 from json_to_recordset(cast(:rows as json))"
    " as x(link_id uuid, channel text, language text, programme text, sealed text, expires_at timestamptz) on conflict (link_id) do nothing"
)
_NEXT = sa.text(
    f"select {_COLUMNS} from link_letter"  # noqa: S608 - our own text
    " where due_at <= :now and channel in (select json_array_elements_text(cast(:channels as json)))"
    " order by due_at limit 1 for update skip locked"
)
_SAVE = sa.text(
    "update link_letter set status = :status, attempts = :attempts, due_at = :due_at, reason = :reason, version = :version,"
    " sealed = :sealed where link_id = cast(:link_id as uuid) and version = :version - 1"
)
_OFFICE = sa.text("select name, contact from programme where programme = :programme")


class LinkLetters:
    """Each link or code once, whatever comes how often."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def keep(self, messages: Sequence[Received[SignUpLinkSealed]], now: datetime) -> None:
        """Add those that are not there yet; they are due at once."""
        rows = [msgspec.structs.asdict(message.data) | {"programme": message.programme} for message in messages]
        self._connection.execute(_KEEP, {"rows": _ENCODE(rows).decode(), "now": now})

    def next_due(self, channels: Collection[str], now: datetime) -> LinkLetter | None:
        """The one that has been due for longest on one of these channels; nobody else has it until the end of the transaction."""
        row = self._connection.execute(_NEXT, {"now": now, "channels": _ENCODE(list(channels)).decode()}).first()
        return msgspec.convert(_builtin(row), LinkLetter) if row else None

    def save(self, letter: LinkLetter) -> None:
        """Store its next step; one that was stored in another step meanwhile is left alone."""
        self._connection.execute(_SAVE, {name: getattr(letter, name) for name in LinkLetter.__slots__})

    def office(self, programme: str | None) -> tuple[str, Contact | None]:
        """What the programme is called and where its office is reached, as far as that is known here."""
        row = self._connection.execute(_OFFICE, {"programme": programme}).first()
        return (row.name, msgspec.convert(row.contact, Contact | None)) if row else ("", None)


def _builtin(row: sa.Row[Any]) -> dict[str, Any]:
    """The row with ids as text, as the domain has them."""
    return {name: str(value) if isinstance(value, UUID) else value for name, value in row._mapping.items()}  # noqa: SLF001 - its public name
