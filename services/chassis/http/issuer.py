"""The development issuer: signs tokens for this machine, with a key made of a seed that development settings hold.

It serves demos, tests and the first hour with Deltag. A production environment refuses its tokens (their issuer is not
the one that production must name) and refuses to make them.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwt
from joserfc.jwk import KeySetSerialization, OKPKey

from services.chassis.errors import Forbidden, Invalid
from services.chassis.http.caller import Grant
from services.chassis.http.texts import error
from services.chassis.settings import Settings

LOCAL_ISSUER = "urn:deltag:development"
ALGORITHM = "Ed25519"
ONE_HOUR = timedelta(hours=1)


class LocalIssuer:
    """Issues tokens in development. Raises `Forbidden` in production, and `Invalid` without a seed to sign with."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        if settings.production:
            raise error(Forbidden, "development-issuer-in-production")
        if not settings.token_key:
            raise error(Invalid, "development-key-missing", "DELTAG_DEVELOPMENT_TOKEN_KEY")
        self._audience = settings.token_audience
        self._clock = clock
        self._key = _key(settings.token_key)

    def issue(self, subject: str, grants: Iterable[Grant], ttl: timedelta = ONE_HOUR) -> str:
        """A token for this subject with these roles, good from now on for `ttl`."""
        now = int(self._clock().timestamp())
        claims = {
            "iss": LOCAL_ISSUER,
            "aud": self._audience,
            "sub": subject,
            "iat": now,
            "nbf": now,
            "exp": now + int(ttl.total_seconds()),
            "roles": [grant.as_claim() for grant in grants],
        }
        return jwt.encode({"alg": ALGORITHM, "kid": self._key.kid}, claims, self._key, algorithms=[ALGORITHM])

    def public_keys(self) -> KeySetSerialization:
        """The key set that verifies its tokens."""
        return {"keys": [self._key.as_dict(private=False)]}


def _key(seed: bytes) -> OKPKey:
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "d": _base64url(seed), "x": _base64url(public)})
    key.ensure_kid()
    return key


def _base64url(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
