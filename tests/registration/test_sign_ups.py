"""Links, codes and sessions: what is asked for, what is sent, and what it opens."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from services.chassis.http import Role
from services.chassis.service import Context
from services.chassis.testing import Door, FakeClock, http, published, run_timer
from services.registration.domain.sign_up import MOST_TRIES, PER_ADDRESS, PER_NETWORK
from services.registration.handlers.programmes import load_programme
from services.registration.service import SERVICE
from tests.registration.applicants import (
    LINKS,
    PHONE,
    REQUESTS,
    SARA,
    SEALED,
    SESSIONS,
    another,
    asks,
    code_of,
    everything,
    letters,
    rows,
    token_in,
    token_of,
    told,
)
from tests.registration.builders import PROGRAMME, a_guardian, a_request
from tests.reliability.fuzz.secrets import logged


@pytest.fixture
def mona(system: Door) -> str:
    """The address of a guardian who is registered."""
    asked = {"id": "placement-17", "data": a_request(guardians=[a_guardian(phone=PHONE)])}
    assert system.post("/v1/enrolment-requests", json=asked).get_json()["status"] == "accepted"
    return "mona@example.org"


def at_once(times: int, call: Callable[[], Any]) -> list[int]:
    """The statuses of so many calls that run side by side."""
    with ThreadPoolExecutor(times) as pool:
        return [answer.status_code for answer in [future.result() for future in [pool.submit(call) for _ in range(times)]]]


class TestLinks:
    """POST /v1/sign-up-links."""

    def test_a_link_travels_sealed(self, door: Door, registration: Context) -> None:
        """Notifications alone can read the address and the link, which opens the page in the language that was asked for."""
        answer = asks(door, language="en")
        assert (answer.status_code, answer.get_json()) == (202, {"status": "asked", "minutes": 30})
        [fact] = published(registration)
        assert (fact["type"], fact["exchange"], fact["programme"]) == (SEALED, "deltag.personal", "sammen-om-boern")
        assert (fact["data"]["channel"], fact["data"]["language"]) == ("email", "en")
        [letter] = letters(registration)
        assert letter["address"] == SARA
        assert letter["link"] == f"http://127.0.0.1:8080/registration/sign-up/open?lang=en&token={token_of(registration)}"
        assert len(token_of(registration)) >= 43

    def test_a_code_travels_sealed(self, door: Door, registration: Context) -> None:
        """To a phone goes a code of six digits, and no link."""
        assert asks(door, phone=PHONE).status_code == 202
        [letter] = letters(registration)
        assert letter == {"address": "+4520000017", "code": code_of(registration)}
        assert len(letter["code"]) == 6

    def test_nobody_learns_who_is_registered(self, door: Door, mona: str, statements: list[str]) -> None:
        """For an address that is known and for one that is not: the same status, headers, body and statements."""
        for known, unknown in (({"email": mona}, {"email": SARA}), ({"phone": PHONE}, {"phone": "20 00 00 18"})):
            statements.clear()
            first = told(asks(door, **known))
            of_known = list(statements)
            statements.clear()
            assert told(asks(door, **unknown)) == first
            assert statements == of_known

    def test_nothing_of_it_is_kept_that_tells_anything(self, door: Door, registration: Context) -> None:
        """Neither address nor token nor code stands in any table, the outbox and the audit among them, or in the log."""
        with logged() as log:
            asks(door)
            asks(door, phone=PHONE)
            door.post(SESSIONS, json={"token": token_of_first(registration)})
            door.post(SESSIONS, json={"phone": PHONE, "code": another(code_of(registration))})
            door.post(SESSIONS, json={"phone": PHONE, "code": code_of(registration)})
        secrets = [
            SARA,
            "20000017",
            PHONE,
            token_of_first(registration),
            f'"{code_of(registration)}"',
            f"'{code_of(registration)}'",
            "127.0.0.1",
        ]
        kept = everything(registration) + log.getvalue()
        assert [secret for secret in secrets if secret in kept] == []

    def test_an_address_is_asked_for_three_times_an_hour(self, door: Door, clock: FakeClock) -> None:
        """Then it is 429 with the seconds to wait, however the address is written and from wherever it is asked; after them it is not."""
        clock.advance(timedelta(seconds=1))
        for _ in range(PER_ADDRESS):
            assert asks(door).status_code == 202
            clock.advance(timedelta(minutes=1))
        refused = asks(door, email=SARA.upper(), environ_overrides={"REMOTE_ADDR": "203.0.113.9"})
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, str(57 * 60))
        clock.advance(timedelta(minutes=57))
        assert [asks(door).status_code, asks(door).status_code] == [202, 429]

    def test_a_network_asks_twenty_times_an_hour(self, door: Door) -> None:
        """Whoever asks for many addresses is stopped; somebody else is not."""
        statuses = [asks(door, email=f"family-{n}@example.org").status_code for n in range(PER_NETWORK + 1)]
        assert statuses == [202] * PER_NETWORK + [429]
        assert asks(door, environ_overrides={"REMOTE_ADDR": "203.0.113.9"}).status_code == 202

    def test_a_deployment_has_its_budget(self, context_of: Callable[..., Context]) -> None:
        """What everybody asks for together ends too, so that nobody can make the deployment send without end."""
        context = context_of(SERVICE, sign_up_hourly=4)
        with context.work() as work:
            load_programme(PROGRAMME, work)
        door = http(context)
        statuses = [
            asks(door, email=f"f{n}@example.org", environ_overrides={"REMOTE_ADDR": f"203.0.113.{n}"}).status_code for n in range(5)
        ]
        assert statuses == [202] * 4 + [429]

    def test_the_limit_holds_when_all_ask_at_once(self, door: Door, registration: Context) -> None:
        """Of ten who ask for one address in the same moment three are heard."""
        assert sorted(at_once(10, lambda: asks(door))) == [202] * 3 + [429] * 7
        assert len(letters(registration)) == 3

    def test_what_is_refused_sends_nothing(self, door: Door, registration: Context) -> None:
        """An unknown programme, two addresses, none, and a foreign number are refused with their reasons."""
        body = {"programme": "sammen-om-boern", "email": SARA}
        for wrong, slug in (
            (body | {"programme": "none"}, "unknown-programme"),
            (body | {"phone": PHONE}, "one-address"),
            ({"programme": "sammen-om-boern"}, "one-address"),
            ({"programme": "sammen-om-boern", "phone": "+46 70 123 45 67"}, "wrong-format"),
        ):
            answer = door.post(LINKS, json=wrong)
            assert (answer.status_code, answer.get_json()["errors"][0]["slug"]) == (422, slug)
        assert published(registration) == []

    def test_what_is_over_is_forgotten(self, door: Door, registration: Context, clock: FakeClock) -> None:
        """After an hour no trace is left of who asked; before it, what limits count stays."""
        asks(door)
        door.post(SESSIONS, json={"token": token_of(registration)})
        clock.advance(timedelta(minutes=31))
        run_timer(registration, "forget-sign-ups")
        counts = "select (select count(*) from sign_up_link) as links, (select count(*) from sign_up_session) as sessions"
        assert tuple(rows(registration, counts)[0]) == (1, 0)
        clock.advance(timedelta(minutes=30))
        run_timer(registration, "forget-sign-ups")
        assert tuple(rows(registration, counts)[0]) == (0, 0)


def token_of_first(context: Context) -> str:
    """What the first link holds."""
    return token_in(letters(context)[0]["link"])


class TestSessions:
    """POST /v1/sign-up-sessions."""

    def test_a_link_opens_a_session_once(self, door: Door, registration: Context) -> None:
        """The token holds for half an hour, for the programme that was asked for; the second time it is refused."""
        asks(door)
        first, second = (door.post(SESSIONS, json={"token": token_of(registration)}) for _ in range(2))
        assert first.status_code == 201
        opened = first.get_json()
        assert (opened["token_type"], opened["expires_in"], opened["programme"], opened["channel"]) == (
            "Bearer",
            1800,
            "sammen-om-boern",
            "email",
        )
        assert (second.status_code, second.get_json()["errors"][0]["slug"]) == (403, "sign-up-refused")

    def test_a_code_opens_a_session_once(self, door: Door, registration: Context) -> None:
        """With the number to which it was sent, however that is written; and with no other's."""
        asks(door, phone=PHONE)
        code = code_of(registration)
        assert door.post(SESSIONS, json={"phone": "20000018", "code": code}).status_code == 403
        assert door.post(SESSIONS, json={"phone": "+45 20 00 00 17", "code": code}).status_code == 201
        assert door.post(SESSIONS, json={"phone": PHONE, "code": code}).status_code == 403

    def test_a_code_is_guessed_five_times(self, door: Door, registration: Context) -> None:
        """Then it is void, also for whoever knows it."""
        asks(door, phone=PHONE)
        code = code_of(registration)
        for _ in range(MOST_TRIES):
            assert door.post(SESSIONS, json={"phone": PHONE, "code": another(code)}).status_code == 403
        assert door.post(SESSIONS, json={"phone": PHONE, "code": code}).status_code == 403

    def test_asking_anew_voids_the_code_before(self, door: Door, registration: Context) -> None:
        """Of several codes for one number only the latest opens anything."""
        asks(door, phone=PHONE)
        first = code_of(registration)
        asks(door, phone=PHONE)
        latest = code_of(registration)
        assert door.post(SESSIONS, json={"phone": PHONE, "code": first}).status_code == (201 if first == latest else 403)
        assert door.post(SESSIONS, json={"phone": PHONE, "code": latest}).status_code == (403 if first == latest else 201)

    def test_every_refusal_is_the_same(self, door: Door, registration: Context, clock: FakeClock, statements: list[str]) -> None:
        """Unknown, used, expired, or tried too often: the same status, headers, body and statements."""
        asks(door)
        used = token_of(registration)
        door.post(SESSIONS, json={"token": used})
        asks(door, phone=PHONE)
        tried = code_of(registration)
        for _ in range(MOST_TRIES):
            door.post(SESSIONS, json={"phone": PHONE, "code": another(tried)})
        asks(door, phone="20 00 00 19")
        expired = code_of(registration)
        clock.advance(timedelta(minutes=30))
        seen = []
        for proof in (
            {"token": "x" * 43},
            {"token": used},
            {"phone": PHONE, "code": tried},
            {"phone": "20 00 00 18", "code": "000000"},
            {"phone": "20 00 00 19", "code": expired},
        ):
            statements.clear()
            seen.append((told(door.post(SESSIONS, json=proof)), len(statements)))
        assert seen == [seen[0]] * len(seen)
        assert seen[0][0][0] == 403

    def test_a_race_opens_one(self, door: Door, registration: Context) -> None:
        """Of twenty who give back the same link in the same moment one gets a session."""
        asks(door)
        token = token_of(registration)
        assert sorted(at_once(20, lambda: door.post(SESSIONS, json={"token": token}))) == [201] + [403] * 19
        assert len(rows(registration, "select * from sign_up_session")) == 1

    @pytest.mark.parametrize("body", [{}, {"token": "x", "phone": PHONE, "code": "123456"}, {"phone": PHONE}, {"code": "123456"}])
    def test_it_is_one_proof(self, door: Door, body: dict[str, str]) -> None:
        """Neither, both, or half of one is refused as what it is."""
        answer = door.post(SESSIONS, json=body)
        assert (answer.status_code, answer.get_json()["errors"][0]["slug"]) == (422, "one-proof")

    def test_the_keys_are_published(self, door: Door, registration: Context) -> None:
        """Whoever wants to check such a token finds the public key, and in the token who issued it and how sure we are of whom."""
        asks(door)
        token = door.post(SESSIONS, json={"token": token_of(registration)}).get_json()["access_token"]
        keys = door.get("/.well-known/jwks.json").get_json()
        assert all("d" not in key for key in keys["keys"])
        claims = jwt.decode(token, KeySet.import_key_set(keys), algorithms=["Ed25519"]).claims
        assert (claims["iss"], claims["aud"], claims["acr"]) == (
            "urn:deltag:sign-up",
            "deltag",
            "https://data.gov.dk/concept/core/nsis/Low",
        )
        assert claims["roles"] == [{"role": "applicant", "municipality": "0151", "institutions": [], "source": None}]
        assert claims["exp"] - claims["iat"] == 1800

    def test_an_applicant_may_do_nothing_else(self, door: Door, registration: Context) -> None:
        """He reads programmes and places; every other door is shut to him."""
        asks(door)
        sara = door.bearing(door.post(SESSIONS, json={"token": token_of(registration)}).get_json()["access_token"])
        assert [sara.get(path).status_code for path in ("/v1/programmes", "/v1/institutions", REQUESTS)] == [200, 200, 200]
        closed = [route for route in registration.service.api.routes if not route.public and Role.APPLICANT not in route.roles]
        assert closed
        for route in closed:
            path = re.sub(r"{\w+}", "018d0c3d-e740-7c40-8f2e-3d9a51c7e109", route.template.replace("{number}", "1"))
            assert sara.request(route.method, path).status_code == 403, route.name
