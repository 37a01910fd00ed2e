"""Only a token that holds in every respect lets anybody in."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, Key, KeySet, OKPKey, RSAKey

from services.chassis.errors import Forbidden, Unauthenticated, Unavailable
from services.chassis.http import Role, ServiceIssuer
from services.chassis.http.auth import Authenticator, authenticator, is_assured
from services.chassis.http.jwks import OLD_AFTER_S
from services.chassis.settings import Settings
from services.chassis.testing import FakeClock
from tests.settings import settings_for

ISSUER = "https://login.example.dk"
RSA = RSAKey.generate_key(2048, auto_kid=True)
EC = ECKey.generate_key("P-256", auto_kid=True)
STRANGER = RSAKey.generate_key(2048, auto_kid=True)
NOW = int(FakeClock().now.timestamp())
COORDINATOR = {"role": "coordinator", "municipality": "0151", "institutions": None, "source": None}
CLAIMS = {"iss": ISSUER, "aud": "deltag", "sub": "person-1", "exp": NOW + 600, "roles": [COORDINATOR]}


@pytest.fixture
def deployment(tmp_path: Path) -> Settings:
    """A production deployment whose issuer has two keys, in a file."""
    keys = tmp_path / "jwks.json"
    keys.write_bytes(msgspec.json.encode(KeySet([RSA, EC]).as_dict(private=False)))
    return settings_for("shelf", environment="production", token_key=b"", token_issuer=ISSUER, jwks_url=keys.as_uri())


@pytest.fixture
def clock() -> FakeClock:
    """The present."""
    return FakeClock()


@pytest.fixture
def identify(deployment: Settings, clock: FakeClock) -> Authenticator:
    """Reads `Authorization` headers for that deployment."""
    return authenticator(deployment, clock)


def signed(claims: dict[str, Any], key: Key = RSA, alg: str = "RS256", **header: Any) -> str:
    """An `Authorization` header with a token of these claims."""
    return "Bearer " + jwt.encode({"alg": alg, "kid": key.kid} | header, claims, key, algorithms=[alg])


def base64url(content: bytes) -> str:
    """A part of a token."""
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def refusal(identify: Authenticator, header: str | None) -> str:
    """The slug with which a header is refused."""
    with pytest.raises(Unauthenticated) as refused:
        identify(header)
    return refused.value.slug


@pytest.mark.parametrize(("key", "alg"), [(RSA, "RS256"), (RSA, "PS256"), (EC, "ES256")])
def test_a_good_token_names_its_caller(identify: Authenticator, key: Key, alg: str) -> None:
    """A token of the issuer, for us, in time, says who calls and with which roles."""
    caller = identify(signed(CLAIMS, key, alg))
    assert (caller.subject, caller.has(Role.COORDINATOR), caller.institutions()) == ("person-1", True, None)


def test_constraints_are_read(identify: Authenticator) -> None:
    """A role reaches as far as its claim says."""
    leader = {"role": "leader", "municipality": "0151", "institutions": ["globen"]}
    system = {"role": "system", "municipality": "0151", "source": "/daycare"}
    caller = identify(signed(CLAIMS | {"roles": [leader, system]}))
    assert caller.institutions(Role.LEADER) == frozenset({"globen"})
    assert caller.speaks_for("/daycare")
    assert not caller.speaks_for("/other")


@pytest.mark.parametrize(
    "claims",
    [
        CLAIMS | {"iss": "https://login.example.com"},
        CLAIMS | {"iss": "urn:deltag:development"},
        CLAIMS | {"aud": "another"},
        CLAIMS | {"aud": ["another"]},
        CLAIMS | {"nbf": NOW + 60},
        CLAIMS | {"iat": NOW + 60},
        CLAIMS | {"exp": "tomorrow"},
        CLAIMS | {"sub": ""},
        CLAIMS | {"roles": "coordinator"},
        CLAIMS | {"roles": [{"role": "coordinator"}]},
        CLAIMS | {"roles": [COORDINATOR | {"institutions": "all"}]},
        *({name: value for name, value in CLAIMS.items() if name != left_out} for left_out in ("iss", "aud", "sub", "exp")),
    ],
)
def test_a_wrong_claim_is_refused(identify: Authenticator, claims: dict[str, Any]) -> None:
    """Another issuer, another audience, the wrong time, a missing or malformed claim: nobody."""
    assert refusal(identify, signed(claims)) == "token-invalid"


def test_one_audience_of_several_is_enough(identify: Authenticator) -> None:
    """A token may be for others too."""
    assert identify(signed(CLAIMS | {"aud": ["another", "deltag"]})).subject == "person-1"


def test_a_token_ends(identify: Authenticator, clock: FakeClock) -> None:
    """A token that held a moment ago does not hold after its time (and half a minute for the clocks' difference)."""
    header = signed(CLAIMS)
    assert identify(header).subject == "person-1"
    clock.advance(timedelta(seconds=631))
    assert refusal(identify, header) == "token-expired"


def test_a_token_ends_with_its_key(deployment: Settings, clock: FakeClock) -> None:
    """When the issuer withdraws a key, tokens that it signed end within the hour, seen before or not."""
    seconds = [0.0]
    identify = authenticator(deployment, clock, lambda: seconds[0])
    header = signed(CLAIMS)
    assert identify(header).subject == "person-1"
    Path(urlsplit(deployment.jwks_url).path).write_bytes(msgspec.json.encode(KeySet([EC]).as_dict(private=False)))
    seconds[0] = OLD_AFTER_S + 1
    assert refusal(identify, header) == "token-invalid"


@pytest.mark.parametrize("roles", [[COORDINATOR | {"municipality": "0101"}], [COORDINATOR | {"role": "emperor"}], []])
def test_a_foreign_role_is_no_role(identify: Authenticator, roles: list[Any]) -> None:
    """Roles of another municipality, and roles that nobody knows, give nothing."""
    assert identify(signed(CLAIMS | {"roles": roles})).roles == ()


def test_a_token_without_roles_has_none(identify: Authenticator) -> None:
    """Who is known is not yet allowed anything."""
    assert identify(signed({name: value for name, value in CLAIMS.items() if name != "roles"})).roles == ()


def test_a_strangers_signature_is_refused(identify: Authenticator) -> None:
    """A key that the issuer does not have signs nothing, whatever key id it claims."""
    assert refusal(identify, signed(CLAIMS, STRANGER)) == "token-invalid"
    assert refusal(identify, signed(CLAIMS, STRANGER, kid=RSA.kid)) == "token-invalid"


def test_the_public_key_is_no_shared_secret(identify: Authenticator) -> None:
    """A token signed with the public key as if it were a secret (algorithm confusion) is refused."""
    unsigned = ".".join(base64url(msgspec.json.encode(part)) for part in ({"alg": "HS256", "kid": RSA.kid}, CLAIMS))
    signature = hmac.digest(RSA.as_pem(private=False), unsigned.encode(), "sha256")
    assert refusal(identify, f"Bearer {unsigned}.{base64url(signature)}") == "token-invalid"


def test_no_signature_is_refused(identify: Authenticator) -> None:
    """A token that says it needs no signature is refused."""
    unsigned = ".".join(base64url(msgspec.json.encode(part)) for part in ({"alg": "none", "kid": RSA.kid}, CLAIMS))
    assert refusal(identify, f"Bearer {unsigned}.") == "token-invalid"


def test_changed_claims_are_refused(identify: Authenticator) -> None:
    """Claims that were changed after they were signed are refused, also when the token itself was seen before."""
    header = signed(CLAIMS)
    identify(header)
    head, _, signature = header.removeprefix("Bearer ").split(".")
    forged = base64url(msgspec.json.encode(CLAIMS | {"sub": "person-2"}))
    assert refusal(identify, f"Bearer {head}.{forged}.{signature}") == "token-invalid"


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic YTpi", "token"])
def test_no_token_is_missing(identify: Authenticator, header: str | None) -> None:
    """No bearer token is another mistake than a bad one."""
    assert refusal(identify, header) == "token-missing"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60) | st.lists(st.text(alphabet="ey0.-_aA{}", max_size=20), min_size=3, max_size=5).map(".".join))
def test_no_text_whatever_is_a_token(identify: Authenticator, text: str) -> None:
    """Anything that is no token of the issuer is refused, never a crash."""
    assert refusal(identify, f"Bearer {text}") in ("token-invalid", "token-missing")


def test_assurance_is_asked_of_people(deployment: Settings, clock: FakeClock) -> None:
    """Where a level of assurance is asked for, people need it or a higher one; systems have none."""
    nsis = "https://data.gov.dk/concept/core/nsis/"
    strict = authenticator(replace(deployment, token_assurance=f"{nsis}Substantial"), clock)
    assert strict(signed(CLAIMS | {"acr": f"{nsis}High"})).subject == "person-1"
    assert refusal(strict, signed(CLAIMS | {"acr": f"{nsis}Low"})) == "assurance-too-low"
    assert refusal(strict, signed(CLAIMS)) == "assurance-too-low"
    assert strict(signed(CLAIMS | {"roles": [COORDINATOR | {"role": "system"}]})).subject == "person-1"


def test_other_levels_must_be_equal() -> None:
    """Levels that have no order are compared as they are."""
    assert is_assured("loa3", "loa3")
    assert not is_assured("loa4", "loa3")


def test_production_has_no_development_issuer() -> None:
    """A production deployment that names the development issuer as its own does not open."""
    careless = settings_for("shelf", environment="production", jwks_url="https://login.example.dk/keys")
    with pytest.raises(Forbidden) as refused:
        authenticator(careless, datetime.now)
    assert refused.value.slug == "development-issuer-in-production"


def test_an_issuer_that_is_away_is_no_refusal(deployment: Settings, clock: FakeClock, tmp_path: Path) -> None:
    """While no key can be read, callers are asked to try again; their tokens are not called bad."""
    away = authenticator(replace(deployment, jwks_url=(tmp_path / "nowhere.json").as_uri()), clock)
    with pytest.raises(Unavailable):
        away(signed(CLAIMS))


OWN_ISSUER = "urn:deltag:sign-up"
LOW = "https://data.gov.dk/concept/core/nsis/Low"
OWN = ServiceIssuer(OWN_ISSUER, Role.APPLICANT, seed=b"a seed for one of our own issuer", audience="deltag", assurance=LOW)
OWN_KEY = OKPKey.import_key(
    {"kty": "OKP", "crv": "Ed25519", "d": base64url(b"a seed for one of our own issuer"), "x": OWN.public_keys()["keys"][0]["x"]}
)
APPLICANT: dict[str, Any] = {"role": "applicant", "municipality": "0151", "institutions": [], "source": None}


@pytest.fixture
def both(deployment: Settings, clock: FakeClock) -> Authenticator:
    """The same deployment at a service that has an issuer of its own; people need a substantial level of assurance."""
    return authenticator(replace(deployment, token_assurance="https://data.gov.dk/concept/core/nsis/Substantial"), clock, own=OWN)


def own(claims: dict[str, Any], **header: Any) -> str:
    """A header with a token that the service's own key signed, whatever it claims."""
    return signed(claims, OWN_KEY, "Ed25519", **{"kid": OWN.public_keys()["keys"][0]["kid"]} | header)


def test_a_services_own_issuer_lets_applicants_in(both: Authenticator, clock: FakeClock) -> None:
    """Its token names an applicant who reaches nothing, and of whom no other level of assurance is asked."""
    caller = both("Bearer " + OWN.issue("session-1", "0151", clock(), timedelta(minutes=30)))
    assert (caller.subject, [grant.role for grant in caller.roles], caller.institutions()) == ("session-1", [Role.APPLICANT], frozenset())


def test_its_tokens_end_too(both: Authenticator, clock: FakeClock) -> None:
    """They are good for as long as was said."""
    header = "Bearer " + OWN.issue("session-1", "0151", clock(), timedelta(minutes=30))
    clock.advance(timedelta(minutes=31))
    assert refusal(both, header) == "token-expired"


def test_no_key_vouches_for_the_other_issuer(both: Authenticator) -> None:
    """A key of one issuer never verifies a token that says it is the other's, whatever key id it names."""
    theirs, ours = CLAIMS, CLAIMS | {"iss": OWN_ISSUER, "roles": [APPLICANT]}
    assert refusal(both, own(theirs)) == "token-invalid"
    assert refusal(both, own(theirs, kid=RSA.kid)) == "token-invalid"
    assert refusal(both, signed(ours)) == "token-invalid"
    assert refusal(both, signed(ours, kid=OWN.public_keys()["keys"][0]["kid"])) == "token-invalid"


def test_each_issuer_gives_its_own_roles_only(both: Authenticator, identify: Authenticator) -> None:
    """The service's issuer makes nobody a coordinator, and the deployment's nobody an applicant."""
    assert both(own(CLAIMS | {"iss": OWN_ISSUER, "roles": [COORDINATOR, APPLICANT | {"municipality": "0101"}]})).roles == ()
    assert identify(signed(CLAIMS | {"roles": [APPLICANT]})).roles == ()


def test_other_services_do_not_know_it(identify: Authenticator, clock: FakeClock) -> None:
    """A service without that issuer takes none of its tokens."""
    assert refusal(identify, "Bearer " + OWN.issue("session-1", "0151", clock(), timedelta(minutes=30))) == "token-invalid"


def test_the_deployments_issuer_cannot_be_replaced(deployment: Settings, clock: FakeClock) -> None:
    """An issuer of our own under the deployment's name is not taken."""
    named = ServiceIssuer(ISSUER, Role.APPLICANT, seed=b"a seed for one of our own issuer", audience="deltag", assurance=LOW)
    identify = authenticator(deployment, clock, own=named)
    assert identify(signed(CLAIMS)).has(Role.COORDINATOR)
    assert refusal(identify, "Bearer " + named.issue("session-1", "0151", clock(), timedelta(minutes=30))) == "token-invalid"


@pytest.mark.parametrize(
    "payload", ["", "!", "bm9uc2Vuc2U", base64url(b"[]"), base64url(b"{}"), base64url(b'{"iss": 7}'), base64url(b"\xff")]
)
def test_who_says_no_issuer_is_nobody(both: Authenticator, payload: str) -> None:
    """A token whose claims cannot be read, or that names no issuer, is refused."""
    head, _, signature = signed(CLAIMS).removeprefix("Bearer ").split(".")
    assert refusal(both, f"Bearer {head}.{payload}.{signature}") == "token-invalid"


def test_a_caller_without_the_role_is_forbidden(client: Any, token: Callable[..., dict[str, str]]) -> None:
    """A known caller without the role gets 403; an unknown one 401, with how to authenticate."""
    book = {"title": "Bamse", "copies": 1, "added_on": "2026-03-01"}
    assert client.post("/v1/books", json=book, headers=token(Role.READER)).status_code == 403
    unknown = client.post("/v1/books", json=book)
    assert (unknown.status_code, unknown.headers["WWW-Authenticate"]) == (401, 'Bearer realm="deltag"')
    bad = client.post("/v1/books", json=book, headers={"Authorization": "Bearer x.y.z"})
    assert (bad.status_code, bad.headers["WWW-Authenticate"]) == (401, 'Bearer realm="deltag", error="invalid_token"')


def test_a_body_is_not_read_for_a_stranger(client: Any) -> None:
    """Who may not call learns nothing about what the body should have been."""
    assert client.post("/v1/books", data=b"nonsense").status_code == 401
