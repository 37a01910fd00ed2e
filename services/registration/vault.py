"""Keeps CPR numbers: sealed for those who may read them, hashed for those who only look for them.

At rest a number is AES-256-GCM under a key from the settings, bound to the column it stands in and to the key's id, so
that it opens nowhere else. It is looked up by HMAC-SHA256 under a second key: a bare hash of ten digits is no secret.
"""

import hmac
from hashlib import sha256
from os import urandom
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.registration.domain.cpr_number import CprNumber

_KEY_ID_BYTES: Final = 4
_NONCE_BYTES: Final = 12


class CprVault:
    """Both keys are 32 bytes of chance; `Settings` sees to that."""

    def __init__(self, *, key: bytes, hash_key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._hash_key = hash_key
        self._key_id = sha256(b"key id" + key).digest()[:_KEY_ID_BYTES]

    def lookup(self, number: CprNumber) -> bytes:
        """The same number always gives the same 32 bytes; nobody without the key gets from one to the other."""
        return hmac.digest(self._hash_key, number.digits.encode(), "sha256")

    def blind(self, description: str) -> bytes:
        """The same of a text by which somebody is described; never that of a number."""
        return hmac.digest(self._hash_key, b"described: " + description.encode(), "sha256")

    def seal(self, number: CprNumber, column: str) -> bytes:
        """Key id, nonce and ciphertext, for this column alone."""
        nonce = urandom(_NONCE_BYTES)
        return self._key_id + nonce + self._cipher.encrypt(nonce, number.digits.encode(), self._bound_to(column))

    def open(self, sealed: bytes, column: str) -> CprNumber:
        """The number again; raises ValueError where the key is another one, and InvalidTag where it was tampered with or moved."""
        if sealed[:_KEY_ID_BYTES] != self._key_id:
            raise ValueError("sealed with another cpr_key")
        nonce, ciphertext = sealed[_KEY_ID_BYTES:][:_NONCE_BYTES], sealed[_KEY_ID_BYTES + _NONCE_BYTES :]
        return CprNumber.parse(self._cipher.decrypt(nonce, ciphertext, self._bound_to(column)).decode())

    def _bound_to(self, column: str) -> bytes:
        return self._key_id + column.encode()
