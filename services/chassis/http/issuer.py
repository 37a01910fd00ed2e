"""Deltag's own issuers of tokens: the development issuer, and that of a service which lets people in who have no account.

The development issuer serves demos, tests and the first hour with Deltag. A production environment refuses its tokens
(their issuer is not the one that production must name) and refuses to make them. A service's own issuer gives one role,
which no other issuer can give, for the service that named it (`Service.issuer`).
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwt
from joserfc.jwk import KeySetSerialization, OKPKey

from services.chassis.errors import Forbidden, Invalid
from services.chassis.http.caller import Grant, Role
from services.chassis.http.texts import error
from services.chassis.settings import Settings

LOCAL_ISSUER = "urn:deltag:development"
ALGORITHM = "Ed25519"
ONE_HOUR = timedelta(hours=1)


class Signer:
    """Signs in the name of one issuer, with the key that a seed of 32 bytes makes."""

    def __init__(self, issuer: str, seed: bytes, audience: str) -> None:
        self.issuer = issuer
        self._audience = audience
        self._key = _key(seed)

    def sign(self, subject: str, grants: Iterable[Grant], now: datetime, ttl: timedelta, more: Mapping[str, Any]) -> str:
        """A token for this subject with these roles, good from now on for `ttl`; `more` are claims besides."""
        at = int(now.timestamp())
        claims = {
            "iss": self.issuer,
            "aud": self._audience,
            "sub": subject,
            "iat": at,
            "nbf": at,
            "exp": at + int(ttl.total_seconds()),
            "roles": [grant.as_claim() for grant in grants],
        }
        return jwt.encode({"alg": ALGORITHM, "kid": self._key.kid}, {**claims, **more}, self._key, algorithms=[ALGORITHM])

    def public_keys(self) -> KeySetSerialization:
        """The key set that verifies its tokens."""
        return {"keys": [self._key.as_dict(private=False)]}


class LocalIssuer:
    """Issues tokens in development. Raises `Forbidden` in production, and `Invalid` without a seed to sign with."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        if settings.production:
            raise error(Forbidden, "development-issuer-in-production")
        if not settings.token_key:
            raise error(Invalid, "development-key-missing", "DELTAG_DEVELOPMENT_TOKEN_KEY")
        self._clock = clock
        self._signer = Signer(LOCAL_ISSUER, settings.token_key, settings.token_audience)

    def issue(self, subject: str, grants: Iterable[Grant], ttl: timedelta = ONE_HOUR) -> str:
        """A token for this subject with these roles, good from now on for `ttl`."""
        return self._signer.sign(subject, grants, self._clock(), ttl, {})

    def public_keys(self) -> KeySetSerialization:
        """The key set that verifies its tokens."""
        return self._signer.public_keys()


class ServiceIssuer:
    """Issues tokens of one role for one service; `assurance` is what the service itself has made sure of (`acr`)."""

    def __init__(self, name: str, role: Role, *, seed: bytes, audience: str, assurance: str) -> None:
        self.name = name
        self.role = role
        self._assurance = assurance
        self._signer = Signer(name, seed, audience)

    def issue(self, subject: str, municipality: str, now: datetime, ttl: timedelta) -> str:
        """A token of its role for this subject, good from now on for `ttl`. It reaches no institution."""
        grant = Grant(self.role, municipality, institutions=frozenset())
        return self._signer.sign(subject, [grant], now, ttl, {"acr": self._assurance})

    def public_keys(self) -> KeySetSerialization:
        """The key set that verifies its tokens."""
        return self._signer.public_keys()


def _key(seed: bytes) -> OKPKey:
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "d": _base64url(seed), "x": _base64url(public)})
    key.ensure_kid()
    return key


def _base64url(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
