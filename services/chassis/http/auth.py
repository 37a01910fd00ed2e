"""Who calls: reads the access token (a JWT, RFC 7519) and checks everything that it claims.

Checked: the signature by the issuer's keys, `iss`, `aud`, `exp`, `nbf`, `iat`, `sub`, and `acr` where an assurance level
is asked for. Roles come from the `roles` claim: [{"role", "municipality", "institutions": […] | null, "source": … | null}];
roles of another municipality do not count here, and neither do roles that Deltag does not know, or that are not this issuer's to give.

There is the deployment's issuer, and beside it the service's own where it has one. A token says whose it is; it is then
held to that issuer's keys, claims and roles alone, so that no key of one vouches for the other.
"""

import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from typing import Any

import msgspec
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import Key
from joserfc.jwt import JWTClaimsRegistry

from services.chassis.errors import Forbidden, Unauthenticated
from services.chassis.http.caller import Caller, Grant, Role
from services.chassis.http.issuer import LOCAL_ISSUER, LocalIssuer, ServiceIssuer
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


class _Issuer(msgspec.Struct):
    """What is read of a token before anything of it is believed: whose it says it is."""

    iss: str


@dataclass(frozen=True)
class Trusted:
    """An issuer: its keys, the claims that its tokens must make, the roles it may give, and the assurance asked of people."""

    keys: Jwks
    registry: JWTClaimsRegistry
    roles: frozenset[Role]
    assurance: str = ""


class Authenticator:
    """Turns an `Authorization` header into a caller; raises `Unauthenticated` for whatever does not hold.

    `issuers` are those that are trusted, by their names.
    """

    def __init__(self, issuers: Mapping[str, Trusted], municipality: str) -> None:
        self._issuers = issuers
        self._municipality = municipality
        self._verified = lru_cache(REMEMBERED)(self._verify)

    def __call__(self, header: str | None) -> Caller:
        """The caller that the header's token names."""
        token = _token(header)
        name = _issuer_of(token)
        issuer = self._issuers.get(name)
        if issuer is None:
            raise error(Unauthenticated, "token-invalid")
        claims = self._claims(token, name, issuer)
        caller = Caller(claims["sub"], tuple(self._grants(claims, issuer)))
        if issuer.assurance and _is_person(caller) and not is_assured(claims.get("acr"), issuer.assurance):
            raise error(Unauthenticated, "assurance-too-low")
        return caller

    def _claims(self, token: str, name: str, issuer: Trusted) -> Mapping[str, Any]:
        try:
            claims = self._verified(token, name, issuer.keys.generation())
            issuer.registry.validate(claims)
        except ExpiredTokenError:
            raise error(Unauthenticated, "token-expired") from None
        except JoseError:
            raise error(Unauthenticated, "token-invalid") from None
        return claims

    def _verify(self, token: str, name: str, _generation: int) -> dict[str, Any]:
        return jwt.decode(token, partial(_key, self._issuers[name].keys), algorithms=ALGORITHMS).claims

    def _grants(self, claims: Mapping[str, Any], issuer: Trusted) -> Iterator[Grant]:
        try:
            roles = msgspec.convert(claims.get("roles", []), list[_Role])
        except msgspec.ValidationError:
            raise error(Unauthenticated, "token-invalid") from None
        for given in roles:
            if given.role in issuer.roles and given.municipality == self._municipality:
                institutions = None if given.institutions is None else frozenset(given.institutions)
                yield Grant(Role(given.role), given.municipality, institutions, given.source)


def authenticator(
    settings: Settings, clock: Callable[[], datetime], seconds: Callable[[], float] = time.monotonic, own: ServiceIssuer | None = None
) -> Authenticator:
    """The authenticator of a deployment: its issuer's keys, or in development those of the local issuer; and the service's own issuer.

    `clock` tells the time for claims, `seconds` the age of the keys.
    """
    if settings.production and settings.token_issuer == LOCAL_ISSUER:
        raise error(Forbidden, "development-issuer-in-production")
    load = at(settings.jwks_url) if settings.jwks_url else LocalIssuer(settings, clock).public_keys
    everyone = frozenset(Role) - {Role.APPLICANT}
    registry = _registry(settings.token_issuer, settings.token_audience, clock)
    issuers = {settings.token_issuer: Trusted(Jwks(load, seconds), registry, everyone, settings.token_assurance)}
    if own and own.name not in issuers:
        registry = _registry(own.name, settings.token_audience, clock)
        issuers[own.name] = Trusted(Jwks(own.public_keys, seconds), registry, frozenset({own.role}))
    return Authenticator(issuers, settings.municipality)


def _registry(issuer: str, audience: str, clock: Callable[[], datetime]) -> JWTClaimsRegistry:
    """What tokens of this issuer must claim."""
    return JWTClaimsRegistry(
        now=lambda: int(clock().timestamp()),
        leeway=LEEWAY_S,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": audience},
        sub={"essential": True},
        exp={"essential": True},
    )


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


def _issuer_of(token: str) -> str:
    """Whose token it says it is, before that is verified; raises `Unauthenticated` where it says nothing that can be read."""
    try:
        _, payload, _ = token.split(".")
        return msgspec.json.decode(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)), type=_Issuer).iss
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors too
        raise error(Unauthenticated, "token-invalid") from None


def _key(keys: Jwks, token: Any) -> Key:
    key = keys.find(token.headers().get("kid"))
    if key is None:
        raise error(Unauthenticated, "token-invalid")
    return key


def _token(header: str | None) -> str:
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise error(Unauthenticated, "token-missing")
    return token.strip()
