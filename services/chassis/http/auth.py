"""Who calls: reads the access token (a JWT, RFC 7519) and checks everything that it claims.

Checked: the signature by the issuer's keys, `iss`, `aud`, `exp`, `nbf`, `iat`, `sub`, and `acr` where an assurance level
is asked for. Roles come from the `roles` claim: [{"role", "municipality", "institutions": […] | null, "source": … | null}];
roles of another municipality do not count here, and neither do roles that Deltag does not know.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import Key
from joserfc.jwt import JWTClaimsRegistry

from services.chassis.errors import Forbidden, Unauthenticated
from services.chassis.http.caller import Caller, Grant, Role
from services.chassis.http.issuer import LOCAL_ISSUER, LocalIssuer
from services.chassis.http.jwks import Jwks, at
from services.chassis.http.texts import error, reason
from services.chassis.settings import Settings

ALGORITHMS = ("RS256", "PS256", "ES256", "Ed25519")
"""Signatures by public keys only: a shared secret would let every service issue tokens."""

LEEWAY_S = 30
"""How far the issuer's clock may differ from ours."""

REMEMBERED = 1024
"""Tokens whose signature need not be computed again (100 µs each) until the keys are read anew; claims are checked every time."""

NSIS = tuple(f"https://data.gov.dk/concept/core/nsis/{level}" for level in ("Low", "Substantial", "High"))
"""The levels of assurance of the Danish NSIS standard, from the lowest."""


class _Role(msgspec.Struct):
    """One entry of the `roles` claim."""

    role: str
    municipality: str
    institutions: list[str] | None = None
    source: str | None = None


class Authenticator:
    """Turns an `Authorization` header into a caller; raises `Unauthenticated` for whatever does not hold."""

    def __init__(self, keys: Jwks, registry: JWTClaimsRegistry, municipality: str, assurance: str = "") -> None:
        self._keys = keys
        self._registry = registry
        self._municipality = municipality
        self._assurance = assurance
        self._verified = lru_cache(REMEMBERED)(self._verify)

    def __call__(self, header: str | None) -> Caller:
        """The caller that the header's token names."""
        claims = self._claims(_token(header))
        caller = Caller(claims["sub"], tuple(self._grants(claims)))
        if self._assurance and _is_person(caller) and not is_assured(claims.get("acr"), self._assurance):
            raise error(Unauthenticated, "assurance-too-low")
        return caller

    def _claims(self, token: str) -> Mapping[str, Any]:
        try:
            claims = self._verified(token, self._keys.generation())
            self._registry.validate(claims)
        except ExpiredTokenError:
            raise error(Unauthenticated, "token-expired") from None
        except JoseError:
            raise error(Unauthenticated, "token-invalid") from None
        return claims

    def _verify(self, token: str, _generation: int) -> dict[str, Any]:
        return jwt.decode(token, self._key, algorithms=ALGORITHMS).claims

    def _key(self, token: Any) -> Key:
        key = self._keys.find(token.headers().get("kid"))
        if key is None:
            raise error(Unauthenticated, "token-invalid")
        return key

    def _grants(self, claims: Mapping[str, Any]) -> Iterator[Grant]:
        try:
            roles = msgspec.convert(claims.get("roles", []), list[_Role])
        except msgspec.ValidationError:
            raise error(Unauthenticated, "token-invalid") from None
        for given in roles:
            if given.role in set(Role) and given.municipality == self._municipality:
                institutions = None if given.institutions is None else frozenset(given.institutions)
                yield Grant(Role(given.role), given.municipality, institutions, given.source)


def authenticator(settings: Settings, clock: Callable[[], datetime], seconds: Callable[[], float] = time.monotonic) -> Authenticator:
    """The authenticator of a deployment: its issuer's keys, or in development those of the local issuer.

    `clock` tells the time for claims, `seconds` the age of the keys.
    """
    if settings.production and settings.token_issuer == LOCAL_ISSUER:
        raise error(Forbidden, "development-issuer-in-production")
    load = at(settings.jwks_url) if settings.jwks_url else LocalIssuer(settings, clock).public_keys
    registry = JWTClaimsRegistry(
        now=lambda: int(clock().timestamp()),
        leeway=LEEWAY_S,
        iss={"essential": True, "value": settings.token_issuer},
        aud={"essential": True, "value": settings.token_audience},
        sub={"essential": True},
        exp={"essential": True},
    )
    return Authenticator(Jwks(load, seconds), registry, settings.municipality, settings.token_assurance)


def admit(caller: Caller, roles: Sequence[Role]) -> Caller:
    """The caller, if he holds one of the roles. Asked before anything is looked up, so a 403 tells nothing of what exists."""
    if not caller.has(*roles):
        raise Forbidden(reasons=[reason("role-missing", roles=", ".join(roles))])
    return caller


def is_assured(claimed: object, asked: str) -> bool:
    """Whether the level of assurance is the one asked for, or a higher one of NSIS."""
    if claimed in NSIS and asked in NSIS:
        return NSIS.index(str(claimed)) >= NSIS.index(asked)
    return claimed == asked


def _is_person(caller: Caller) -> bool:
    return any(grant.role is not Role.SYSTEM for grant in caller.roles)


def _token(header: str | None) -> str:
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise error(Unauthenticated, "token-missing")
    return token.strip()
