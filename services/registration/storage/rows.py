"""How sets travel to and from PostgreSQL: one JSON parameter in, dataclasses out."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from services.registration.domain import life

LIVING: Final = "(" + ", ".join(f"'{status}'" for status in sorted(life.LIVING)) + ")"
"""The stages of an enrolment that may go on, as a statement lists them."""

IDS: Final = "any(array(select cast(json_array_elements_text(cast(:ids as json)) as uuid)))"
"""For a statement: `id = {IDS}`, one of the ids in `:ids`, a JSON list.

As a list they are looked up in an index, whatever PostgreSQL believes of the table; joined, they may be laid beside every row of
one that it takes for empty. It does so of all that was filled since it last looked, a file's lines and their families for one.
"""

_ENCODE = msgspec.json.Encoder().encode


def as_json(rows: Iterable[Any]) -> str:
    """A whole set as one parameter, for `json_to_recordset` or `json_array_elements_text`."""
    return _ENCODE(list(rows)).decode()


def as_bytea(content: bytes | None) -> str | None:
    """Bytes in the text form that PostgreSQL reads (documentation, 8.4.1)."""
    return None if content is None else "\\x" + content.hex()


def columns(row: Any) -> Mapping[str, Any]:
    """A row by the names of its columns."""
    found: Mapping[str, Any] = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    return found
