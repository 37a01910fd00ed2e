"""Seals answers that must be guarded: confidential and sensitive ones are never readable in the database.

AES-256-GCM under a key that is made of the one for CPR numbers, so there is no further secret to look after, and bound to
the row, so that no answer opens as somebody else's. All short answers are sealed to the same length: a yes is as long as a no.
"""

import hmac
from typing import Any, Final

import msgspec

from services.chassis.keys import open_with, seal_with

_LABEL: Final = b"deltag answers: what is guarded"
_STEP: Final = 64
"""Answers are filled up with blanks, which mean nothing in JSON, to a multiple of so many bytes."""


class AnswerVault:
    """`key` is 32 bytes of chance."""

    def __init__(self, key: bytes) -> None:
        self._key = hmac.digest(key, _LABEL, "sha256")

    def seal(self, answer: Any, row: str) -> bytes:
        """Nonce and ciphertext, for this row alone."""
        content = msgspec.json.encode(answer)
        return seal_with(self._key, content.ljust(-(-len(content) // _STEP) * _STEP), row)

    def open(self, sealed: bytes, row: str) -> Any:
        """The answer again. Raises `Conflict` with another key, or where it was tampered with or moved to another row."""
        return msgspec.json.decode(open_with(self._key, sealed, row))
