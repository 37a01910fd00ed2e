"""The secrets of sign-ups: what is hashed, what is drawn by lot, and who signs the tokens of applicants.

All of it comes from one setting, `DELTAG_SIGN_UP_KEY`, from which a key is derived for each use (HKDF, RFC 5869). With
another one every link, code and token ends, which nobody notices for longer than half an hour.
"""

import hmac
import secrets
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from services.chassis.http.caller import Role
from services.chassis.http.issuer import ServiceIssuer
from services.registration.domain.sign_up import Address, Channel

ISSUER: Final = "urn:deltag:sign-up"
ASSURANCE: Final = "https://data.gov.dk/concept/core/nsis/Low"
"""A proven address is no proven person: the lowest level of NSIS, the national standard for identities' assurance levels."""

_TOKEN_BYTES: Final = 32
_CODES: Final = 1_000_000


class SignUpKeys:
    """`key` is 32 bytes of chance; `Settings` sees to that. `issuer` signs the tokens of applicants."""

    def __init__(self, key: bytes, audience: str) -> None:
        self._hash_key = _derived(key, b"hash")
        self.issuer = ServiceIssuer(ISSUER, Role.APPLICANT, seed=_derived(key, b"sign"), audience=audience, assurance=ASSURANCE)

    def address(self, address: Address) -> bytes:
        """The same address always gives the same 32 bytes; nobody without the key gets from one to the other."""
        return self._hash("address", address.channel, address.text)

    def network(self, network: str) -> bytes:
        """The same for the network of a caller."""
        return self._hash("network", network)

    def token(self, token: str) -> bytes:
        """The hash of what a link holds."""
        return self._hash("token", token)

    def code(self, link_id: str, code: str) -> bytes:
        """The hash of a code, which holds for one link alone: there are but a million codes."""
        return self._hash("code", link_id, code)

    def pass_of(self, session_id: str) -> str:
        """What a browser keeps, by which it is known again: nobody without the key makes one."""
        return f"{session_id}.{self._hash('pass', session_id).hex()}"

    def session_of(self, given: str) -> str | None:
        """The id of the session that a pass is of; None for what is no pass."""
        session_id = given.partition(".")[0]
        return session_id if hmac.compare_digest(given.encode(), self.pass_of(session_id).encode()) else None

    def form_of(self, session_id: str) -> str:
        """What stands in the forms of a session and in no other site's: with it a form shows that the page was ours."""
        return self._hash("form", session_id).hex()

    def _hash(self, *parts: str) -> bytes:
        return hmac.digest(self._hash_key, "\0".join(parts).encode(), "sha256")


def drawn(channel: Channel) -> str:
    """A new secret: 256 bits for a link, six digits for a code that somebody types."""
    return secrets.token_urlsafe(_TOKEN_BYTES) if channel is Channel.EMAIL else f"{secrets.randbelow(_CODES):06d}"


def _derived(key: bytes, use: bytes) -> bytes:
    return HKDFExpand(SHA256(), 32, b"deltag sign-up v1 " + use).derive(key)
