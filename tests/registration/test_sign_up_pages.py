"""The sign-up pages: the same rules as at the HTTP API, said to people, in their language, and with nothing lost that they typed."""

import tomllib
from collections.abc import Callable
from datetime import timedelta
from itertools import chain
from pathlib import Path

import pytest

from services.chassis.service import Context
from services.chassis.testing import Door, FakeClock, http, published
from services.registration.domain.sign_up import PER_ADDRESS
from services.registration.handlers.programmes import load_programme
from services.registration.pages import words
from services.registration.service import SERVICE
from tests.registration.applicants import PHONE, SARA, another, code_of, letters, token_in
from tests.registration.builders import PROGRAMME, a_guardian, a_request
from tests.registration.visitor import Visitor, filled

TEXTS = Path(words.__file__).parent / "texts"
REFUSED = "Linket gælder ikke"
TITLE = "Tilmeld din familie"


class TestAsking:
    """/sign-up/link."""

    def test_a_link_is_mailed(self, sara: Visitor, registration: Context) -> None:
        """The page says what comes next, and the mail's link is for the language in which it was asked for."""
        assert sara.page.headline == TITLE
        assert sara.presses("ask", email=SARA).page.headline == "Se i din mail"
        assert letters(registration)[-1]["address"] == SARA
        assert sara.goes("/sign-up/link?lang=ar").presses("ask", email="samira@example.org").answer.status_code == 200
        assert "lang=ar&" in letters(registration)[-1]["link"]

    @pytest.mark.parametrize(
        ("query", "language"), [("fbclid=x", "da"), ("lang=en&fbclid=abc&utm_source=letter", "en"), ("lang=tlh", "da"), ("lang=e", "da")]
    )
    def test_links_from_letters_and_social_media_lead_here(self, door: Door, query: str, language: str) -> None:
        """What others hang on the address is passed over, and a language in which there is no page is the browser's; JSON stays strict."""
        assert f'<html lang="{language}"' in door.get(f"/sign-up/link?{query}").text
        assert door.get(f"/sign-up?{query}").status_code == 303
        assert door.get(f"/.well-known/jwks.json?{query}").status_code == 400

    def test_a_code_is_sent_and_typed(self, sara: Visitor, registration: Context) -> None:
        """A wrong code is said at its field and may be tried again; the right one opens the form, which asks for that phone."""
        assert sara.presses("ask", phone=PHONE).page.headline == "Skriv koden"
        assert sara.sends(sara.page.values | {"code": [another(code_of(registration))]}).answer.status_code == 403
        assert "Koden passer ikke" in sara.says_at("code")
        assert sara.sends(sara.page.values | {"code": [code_of(registration)]}).page.headline == TITLE
        sara.presses("check", **filled())
        assert "det telefonnummer" in sara.says_at("guardians/0/phone")

    def test_nobody_learns_who_is_registered(self, door: Door, system: Door, statements: list[str]) -> None:
        """For an address that is known and for one that is not: the same page, headers and statements."""
        system.post("/v1/enrolment-requests", json={"id": "placement-17", "data": a_request(guardians=[a_guardian(phone=PHONE)])})
        for known, unknown in (({"email": "mona@example.org"}, {"email": SARA}), ({"phone": PHONE}, {"phone": "20 00 00 18"})):
            seen = []
            for address in (known, unknown):
                visitor = Visitor(door).goes("/sign-up/link")
                statements.clear()
                answer = visitor.presses("ask", **address).answer
                headers = {name: value for name, value in answer.headers.items() if name not in {"X-Correlation-Id", "Content-Length"}}
                seen.append((answer.status_code, headers, answer.text.replace(next(iter(address.values())), "…"), list(statements)))
            assert seen[0] == seen[1]

    @pytest.mark.parametrize(
        ("typed", "field", "said"),
        [
            ({}, "email", "og ikke begge dele"),
            ({"email": SARA, "phone": PHONE}, "email", "og ikke begge dele"),
            ({"email": "sara"}, "email", "navn@eksempel.dk"),
            ({"phone": "+46 70 123 45 67"}, "phone", "otte cifre"),
        ],
    )
    def test_what_is_wrong_is_said_at_the_field(
        self, sara: Visitor, registration: Context, typed: dict[str, str], field: str, said: str
    ) -> None:
        """Nothing is sent, and what was typed stands there still."""
        sara.presses("ask", **typed)
        assert (sara.answer.status_code, published(registration)) == (422, [])
        assert said in sara.says_at(field)
        assert {name: sara.page.values[name] for name in typed} == {name: [text] for name, text in typed.items()}

    def test_limits_are_the_apis(self, sara: Visitor) -> None:
        """Whoever asks too often is told how long to wait, in words and in `Retry-After`."""
        for _ in range(PER_ADDRESS):
            sara.goes("/sign-up/link").presses("ask", email=SARA)
        refused = sara.goes("/sign-up/link").presses("ask", email=SARA).answer
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3600")
        assert "Vent 60 minutter" in refused.text


class TestOpening:
    """/sign-up/open."""

    def test_looking_at_a_link_uses_nothing(self, sara: Visitor, door: Door, registration: Context) -> None:
        """A mail filter may follow it; the button opens it, once, and a browser that did not gets the page for links that do not hold."""
        sara.presses("ask", email=SARA)
        link = letters(registration)[-1]["link"]
        for _ in range(3):
            door.get(link)
        assert sara.opens(link).page.headline == TITLE
        stranger = Visitor(http(registration)).opens(link)
        assert (stranger.answer.status_code, stranger.page.headline) == (403, REFUSED)

    def test_whoever_opened_it_goes_on(self, inside: Visitor, registration: Context) -> None:
        """The same link in the same browser leads back to the form."""
        assert inside.opens(letters(registration)[-1]["link"]).page.headline == TITLE

    def test_a_link_that_does_not_hold_is_one_page(self, sara: Visitor, registration: Context, clock: FakeClock) -> None:
        """Unknown, cut off, or expired: the same page, which says how to get another."""
        sara.presses("ask", email=SARA)
        link = letters(registration)[-1]["link"]
        seen = [sara.opens(broken).answer.text for broken in (link[:-5], link.partition("&token")[0], link[:-1] + "!")]
        clock.advance(timedelta(minutes=30))
        seen.append(sara.opens(link).answer.text)
        assert seen == [seen[0]] * len(seen)
        assert sara.page.headline == REFUSED
        assert "Bed om et nyt link" in seen[0]

    @pytest.mark.parametrize(("address", "secure"), [("https://deltag.example/registration", True), ("http://127.0.0.1:8080", False)])
    def test_the_cookie_is_of_no_use_to_others(self, context_of: Callable[..., Context], address: str, secure: bool) -> None:  # noqa: FBT001
        """Scripts and other sites cannot use it, it is for this folder alone, and a made-up one opens nothing."""
        context = context_of(SERVICE, public_url=address)
        with context.work() as work:
            load_programme(PROGRAMME, work)
        door = http(context)
        Visitor(door).goes("/sign-up").presses("ask", email=SARA)
        answer = door.post("/sign-up/open", data={"token": token_in(letters(context)[-1]["link"])})
        name, *kept = answer.headers["Set-Cookie"].split("; ")
        assert set(kept) == {"HttpOnly", "Max-Age=1800", "SameSite=Strict"} | ({"Secure"} if secure else set())
        stranger = http(context).get("/sign-up/family", headers={"Cookie": name[:-1] + ("0" if name[-1] != "0" else "1")})
        assert stranger.status_code == 410


class TestEveryPage:
    """What holds for all of them."""

    def test_nothing_leaks_and_nothing_is_loaded(self, inside: Visitor) -> None:
        """No page is kept anywhere or names where it was come from; its policy allows its own style and nothing else."""
        for _ in (inside, inside.presses("check", **filled()), inside.presses("send"), inside.goes("/sign-up/open?token=x")):
            headers = inside.answer.headers
            assert (headers["Cache-Control"], headers["Referrer-Policy"]) == ("no-store", "no-referrer")
            policy = headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'; style-src 'sha256-")
            assert "unsafe" not in policy
            assert "<script" not in inside.answer.text

    @pytest.mark.parametrize(("wish", "language", "direction"), [("ar", "ar", "rtl"), ("en-GB,da;q=0.5", "en", "ltr"), ("fi", "da", "ltr")])
    def test_the_browsers_language_is_spoken(self, door: Door, wish: str, language: str, direction: str) -> None:
        """The one that it would rather have, written in its own direction; else Danish."""
        page = Visitor(door, wish).goes("/sign-up").page
        assert (page.language, page.direction) == (language, direction)

    def test_a_failure_is_a_page_too(self, door: Door) -> None:
        """Whoever comes with a browser reads what is wrong; no field of an address is repeated."""
        answer = door.get("/sign-up/link?programme=sara@example.org", headers={"Accept": "text/html"})
        assert (answer.status_code, answer.mimetype) == (400, "text/html")
        assert SARA not in answer.text

    def test_every_language_has_every_word(self) -> None:
        """The files of texts have the same keys, the same gaps, and nothing empty."""
        files = {file.stem: tomllib.loads(file.read_text("utf-8")) for file in TEXTS.glob("*.toml")}
        assert files.keys() >= {"da", "en", "ar"}
        for language, texts in files.items():
            for group, words_ in texts.items():
                assert words_.keys() == files["da"][group].keys(), language
                for key, text in words_.items():
                    assert gaps(text) == gaps(files["da"][group][key]), (language, key)
                    assert text.strip()


def gaps(text: str) -> set[str]:
    """The names in braces."""
    return set(chain.from_iterable(part.split("}")[:1] for part in text.split("{")[1:]))
