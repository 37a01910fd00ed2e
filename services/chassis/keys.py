"""Sealing what only one service may read: hybrid public-key encryption, RFC 9180.

The suite is DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM in base mode, one message for each context. A sealed
text is the encapsulated key followed by the ciphertext, in base64. What it is bound to goes into HPKE's `info`, so it
opens only for whoever names the same.
"""

import os
from base64 import b64decode, b64encode
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from services.chassis.errors import Conflict, Invalid

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_PURPOSE = b"deltag sealed v1\0"
_NONCE_BYTES = 12


def new_key_pair() -> tuple[str, str]:
    """A private and a public key, each 32 bytes in base64."""
    private = X25519PrivateKey.generate()
    return b64encode(private.private_bytes_raw()).decode(), b64encode(private.public_key().public_bytes_raw()).decode()


def public_key(private_key: str) -> str:
    """The public half of a private key."""
    return b64encode(_private(private_key).public_key().public_bytes_raw()).decode()


def key_id(public_key: str) -> str:
    """A short name for a public key, the same everywhere: it tells which key a sealed text was made for."""
    return sha256(b64decode(public_key)).hexdigest()[:16]


def seal(public_key: str, plaintext: bytes, aad: bytes) -> tuple[str, str]:
    """Seal `plaintext`, bound to `aad`; returns the key's id and the sealed text in base64. No two are alike."""
    recipient = X25519PublicKey.from_public_bytes(b64decode(public_key))
    return key_id(public_key), b64encode(_SUITE.encrypt(plaintext, recipient, _PURPOSE + aad)).decode()


def open_sealed(private_key: str, sealed: str, aad: bytes) -> bytes:
    """Open a sealed text. Raises `Invalid` when it was made for another key, bound to something else, or changed."""
    try:
        return _SUITE.decrypt(b64decode(sealed, validate=True), _private(private_key), _PURPOSE + aad)
    except (InvalidTag, ValueError) as error:
        raise Invalid("sealed-for-another", en="This was sealed for another key or another person, or was changed on its way.") from error


def _private(private_key: str) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(b64decode(private_key))


def seal_with(key: bytes, content: bytes, bound_to: str) -> bytes:
    """Encrypt under a key of 32 bytes (AES-256-GCM): nonce and ciphertext, which open only with the same key and `bound_to`."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, bound_to.encode())


def open_with(key: bytes, sealed: bytes, bound_to: str) -> bytes:
    """What `seal_with` sealed. Raises `Conflict` with another key, or where it was tampered with or moved."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to.encode())
    except InvalidTag:
        text = "It was sealed with another key, or changed since."
        raise Conflict("cannot-be-opened", da=text, en=text) from None
