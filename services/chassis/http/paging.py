"""Keyset pagination: a page goes on after the last row of the one before, however long the list and whatever is added.

A route says `paged=(datetime, UUID)`: the types of the columns that it sorts by, the last of them unique. The cursor is
opaque to callers; what comes back is read as those types, so a made-up cursor is a 400 and never reaches the database.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import GenericAlias
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec

from services.chassis.errors import Malformed, Reason
from services.chassis.http.request import Answer
from services.chassis.http.strict import holds_nul
from services.chassis.http.texts import reason

DEFAULT_LIMIT = 50
MAX_LIMIT = 200

_BIGINT = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""The whole numbers that PostgreSQL can compare with a key; a cursor that holds another one is made up."""

_LIMIT = re.compile(r"[0-9]{1,3}")
_ENCODE = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Page:
    """What part of a list is asked for: at most `limit` rows after the key `after` (None at the start).

    `where` holds the other query parameters, which the link to the next page repeats.
    """

    limit: int = DEFAULT_LIMIT
    after: tuple[Any, ...] | None = None
    where: Sequence[tuple[str, str]] = ()

    @property
    def fetch(self) -> int:
        """How many rows to read: one more than are shown, to know whether there is a next page."""
        return self.limit + 1

    def answer(self, rows: Sequence[Any], key: Callable[[Any], tuple[Any, ...]]) -> Answer:
        """The page of `rows` (up to `fetch` of them, sorted by `key`), with the way to the next one."""
        items = rows[: self.limit]
        if len(rows) <= self.limit:
            return Answer({"items": items, "next": None})
        cursor = encode_cursor(key(items[-1]))
        query = urlencode([*self.where, ("limit", self.limit), ("after", cursor)])
        return Answer({"items": items, "next": cursor}, headers={"Link": f'<?{query}>; rel="next"'})


class Paging:
    """Reads `limit` and `after` for one route, whose cursor holds values of the types `key`."""

    def __init__(self, key: tuple[Any, ...]) -> None:
        self._decode = msgspec.json.Decoder(GenericAlias(tuple, tuple(_BIGINT if kind is int else kind for kind in key))).decode

    def read(self, pairs: Sequence[tuple[str, str]]) -> tuple[Page, list[tuple[str, str]]]:
        """The page asked for, and the query parameters that are not about paging."""
        where = [pair for pair in pairs if pair[0] not in ("limit", "after")]
        reasons: list[Reason] = []
        limit = self._limit([value for name, value in pairs if name == "limit"], reasons)
        after = self._after([value for name, value in pairs if name == "after"], reasons)
        if reasons:
            raise Malformed("invalid-page", reasons=reasons)
        return Page(limit, after, where), where

    def _limit(self, values: Sequence[str], reasons: list[Reason]) -> int:
        match values:
            case []:
                return DEFAULT_LIMIT
            case [text] if _LIMIT.fullmatch(text) and 1 <= int(text) <= MAX_LIMIT:
                return int(text)
            case [_, _, *_]:
                reasons.append(reason("parameter-repeated", "/limit"))
                return DEFAULT_LIMIT
        reasons.append(reason("limit-out-of-range", "/limit", min=1, max=MAX_LIMIT))
        return DEFAULT_LIMIT

    def _after(self, values: Sequence[str], reasons: list[Reason]) -> tuple[Any, ...] | None:
        match values:
            case []:
                return None
            case [text]:
                return self._key(text, reasons)
        reasons.append(reason("parameter-repeated", "/after"))
        return None

    def _key(self, text: str, reasons: list[Reason]) -> tuple[Any, ...] | None:
        try:
            return self._decoded(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        except ValueError:  # binascii's and msgspec's errors are ValueErrors
            reasons.append(reason("cursor-invalid", "/after"))
            return None

    def _decoded(self, content: bytes) -> tuple[Any, ...]:
        if holds_nul(content):
            raise ValueError("a cursor of ours holds no NUL")
        key: tuple[Any, ...] = self._decode(content)
        return key


def encode_cursor(key: tuple[Any, ...]) -> str:
    """The opaque text that stands for a place in a list."""
    return urlsafe_b64encode(_ENCODE(key)).rstrip(b"=").decode()
