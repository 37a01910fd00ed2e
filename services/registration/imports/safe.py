"""Keeps what stood in a file: sealed, and bound to the import and the place that it stands in.

The key is made of the one for CPR numbers, so there is no further secret to look after; what is sealed with either
opens with neither's ciphertexts of the other. Lines that name the same person are found by a keyed hash.
"""

import hmac
from hashlib import blake2b
from typing import Any, Final, TypeVar

import msgspec

from services.chassis.keys import open_with, seal_with

T = TypeVar("T")
_KEY_BYTES: Final = 16


class Safe:
    """`key` is 32 bytes of chance."""

    def __init__(self, key: bytes) -> None:
        self._key = hmac.digest(key, b"deltag imports: what is sealed", "sha256")
        self._hash_key = hmac.digest(key, b"deltag imports: who is the same", "sha256")

    def seal(self, content: bytes, place: str) -> bytes:
        """Ciphertext that opens only for the same place."""
        return seal_with(self._key, content, place)

    def open(self, sealed: bytes, place: str) -> bytes:
        """The content again. Raises `Conflict` with another key, or where it was tampered with or moved."""
        return open_with(self._key, sealed, place)

    def seal_value(self, value: Any, place: str) -> bytes:
        """The same for anything that JSON can hold."""
        return self.seal(msgspec.json.encode(value), place)

    def open_value(self, sealed: bytes, place: str, kind: type[T]) -> T:
        """The value again, read as `kind`."""
        return msgspec.json.decode(self.open(sealed, place), type=kind)

    def blind(self, text: str) -> bytes:
        """The same text gives the same 16 bytes; nobody without the key gets from one to the other."""
        return blake2b(text.encode(), key=self._hash_key, digest_size=_KEY_BYTES).digest()
