"""The page that a family fills in: the HTTP API's rules said at their fields, nothing typed lost, and nothing kept before it is sent."""

from datetime import timedelta
from typing import Any

import pytest

from services.chassis.service import Context
from services.chassis.testing import Door, FakeClock
from tests.registration.applicants import PHONE, SARA, clock_runs, everything, letters, rows, token_in
from tests.registration.builders import a_number
from tests.registration.visitor import CHILD, Visitor, filled, of_child
from tests.reliability.fuzz.secrets import logged

OVER = "Din tid er gået"


def requests(context: Context) -> list[Any]:
    """Where what was sent stands, oldest first."""
    return [row.status for row in rows(context, "select status from sign_up_request order by sign_up_request_id")]


def test_a_family_is_enrolled(inside: Visitor, registration: Context) -> None:
    """What is typed is looked through, sent, received and taken, with the consent to exactly the words that were shown."""
    more = {"guardians__0__channels": "sms", "guardians__0__phone": PHONE, "guardians__0__spoken_language": "so"}
    inside.presses("check", **filled(**more))
    assert inside.page.headline == "Er det rigtigt?"
    assert "Børnehuset Birkegården" in inside.answer.text
    assert inside.presses("send").page.headline == "Tak, vi har fået tilmeldingen"
    clock_runs(registration)
    assert requests(registration) == ["taken"]
    [guardian] = rows(registration, "select email, phone, language, spoken_language, channels from guardian")
    assert tuple(guardian) == (SARA, "+4520000017", "ar", "so", ["sms"])
    [consent] = rows(registration, "select purpose, text_version, language, channel, status from consent")
    assert tuple(consent) == ("take-part", "2024-1", "da", "web", "given")


def test_everything_wrong_is_said_at_once_and_nothing_typed_is_lost(inside: Visitor) -> None:
    """Fields that are empty and that are wrong, each at its place; the values stand there still."""
    typed = {"guardians__0__given_name": "Sara <b>", "children__0__child__cpr_number": "12", "consent__given": "no"}
    before = inside.page.values
    inside.presses("check", **typed)
    assert inside.answer.status_code == 422
    assert inside.says_at("children/0/child/cpr_number") == "Fejl: Skriv ti cifre, for eksempel DDMMÅÅ-1234."
    assert "Udfyld feltet" in inside.says_at("guardians/0/family_name")
    assert "Vælg en institution" in inside.says_at("children/0/institution")
    after = before | {name.replace("__", "/"): [text] for name, text in typed.items()}
    assert {name: inside.page.values.get(name) for name in after} == after


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"guardians__0__email": "another@example.org"}, "guardians/0/email", "du fik linket"),
        ({"guardians__0__custody": "no"}, "guardians/0/custody", "forældremyndigheden"),
        ({"children__0__child__birth_date": "2022-05-15"}, "children/0/child/birth_date", "passer ikke til CPR-nummeret"),
        ({"children__0__start_date": "2030-01-01"}, "children/0/start_date", "fra 1. januar 2021 til 30. juni 2024"),
        ({"children__0__child__answers__siblings": "two"}, "children/0/child/answers/siblings", "et helt tal"),
        ({"children__0__child__answers__allergies": "740522-4015"}, "children/0/child/answers/allergies", "ligner et CPR-nummer"),
        ({"guardians__0__answers__interpreter": ""}, "guardians/0/answers/interpreter", "Svar på spørgsmålet"),
    ],
)
def test_every_rule_finds_its_field(inside: Visitor, typed: dict[str, str], field: str, said: str) -> None:
    """What the rules of requests refuse is said where it was typed, in words for families."""
    inside.presses("check", **filled(**typed))
    assert said in inside.says_at(field)


def test_a_question_that_an_answer_brings_is_asked(inside: Visitor, registration: Context) -> None:
    """It is not on the page before; it is before anything is sent, and its answer is kept."""
    language = "guardians/0/answers/interpreter-language"
    assert language not in inside.page.values
    inside.presses("check", **filled(guardians__0__answers__interpreter="yes"))
    assert "et spørgsmål mere" in inside.answer.text
    assert inside.says_at(language) == ""
    inside.sends(inside.page.values | {language: ["so"], "do": ["check"]}).presses("send")
    clock_runs(registration)
    assert requests(registration) == ["taken"]
    kept = rows(registration, "select distinct question from answer_change order by question")
    assert [row.question for row in kept] == ["interpreter", "interpreter-language"]


def test_several_children_and_guardians(inside: Visitor, registration: Context) -> None:
    """They are added and taken off without losing what was typed; each child is a request of its own, with all guardians."""
    inside.presses("check", **filled()).presses("correct").presses("add:children").presses("add:children").presses("add:guardians")
    sister = CHILD | {"given_name": "Berta", "cpr_number": a_number("2023-02-03"), "birth_date": "2023-02-03"}
    karim = {"given_name": "Karim", "family_name": "Prøvesen", "language": "da", "relation": "father", "custody": "yes"}
    inside.presses("remove:children/1", **of_child(2, sister), **{f"guardians__1__{name}": value for name, value in karim.items()})
    inside.presses("check").presses("send")
    clock_runs(registration)
    assert requests(registration)[0] == "taken"
    assert len(requests(registration)) == 2
    assert "Antal børn: 2" in inside.answer.text


def test_the_language_is_changed_without_losing_anything(inside: Visitor) -> None:
    """All that was typed stands there in the other language; but who is shown other words of a consent is asked again."""
    inside.presses("language:en", **filled())
    assert (inside.page.language, inside.page.headline) == ("en", "Sign up your family")
    assert inside.page.values["children/0/child/cpr_number"] == [CHILD["cpr_number"]]
    assert inside.page.values["consent/language"] == ["en"]
    assert "consent/given" not in inside.page.values


def test_sent_twice_is_taken_once(inside: Visitor, registration: Context) -> None:
    """A second press leads to the same receipt; what was changed in between is not sent, and the page says so."""
    inside.presses("check", **filled())
    shown, path = inside.page.values, inside.path
    for _ in range(2):
        inside.path = path
        inside.sends(shown | {"do": ["send"]})
        assert inside.page.headline == "Tak, vi har fået tilmeldingen"
    inside.path = path
    inside.sends(shown | {"do": ["send"], "children/0/child/given_name": ["Berta"]})
    assert (inside.answer.status_code, inside.page.headline) == (409, "Det er allerede sendt")
    assert requests(registration) == ["received"]


def test_nothing_is_kept_before_it_is_sent(inside: Visitor, registration: Context) -> None:
    """Mistakes and the summary leave nothing in any table, and nobody stands in the log at any time."""
    with logged() as log:
        inside.presses("check", **filled(children__0__child__given_name="Never Sent", guardians__0__family_name=""))
        inside.presses("check", **filled(children__0__child__given_name="Never Sent"))
        assert "Never Sent" not in everything(registration)
        assert requests(registration) == []
        inside.presses("send")
        inside.opens(letters(registration)[-1]["link"])
    kept = log.getvalue() + everything(registration)
    assert [secret for secret in (SARA, token_in(letters(registration)[-1]["link"]), "740522-4015") if secret in kept] == []


def test_time_that_is_over_loses_nothing(inside: Visitor, registration: Context, clock: FakeClock) -> None:
    """The page says so and holds what was typed; after another link was opened in this browser it is sent from there."""
    clock.advance(timedelta(minutes=30))
    inside.presses("check", **filled())
    assert (inside.answer.status_code, inside.page.values["children/0/child/given_name"]) == (410, ["Asta"])
    assert OVER in inside.answer.text
    left, path = inside.page.values, inside.path
    inside.goes("/sign-up").presses("ask", email=SARA).opens(letters(registration)[-1]["link"])
    inside.path = path
    inside.sends(left | {"do": ["check"]})
    assert "Se siden igennem" in inside.answer.text
    assert inside.presses("check").presses("send").answer.status_code == 200
    assert requests(registration) == ["received"]


def test_another_sites_form_sends_nothing(inside: Visitor, registration: Context) -> None:
    """Neither one that the browser tells of, nor one without the value that our own pages hold."""
    inside.presses("check", **filled())
    shown, path = inside.page.values | {"do": ["send"]}, inside.path
    for forged, headers in (
        (shown, {"Sec-Fetch-Site": "cross-site"}),
        (shown, {"Sec-Fetch-Site": "same-site"}),
        (shown | {"form": ["x"]}, {}),
    ):
        inside.path = path
        assert inside.sends(forged, **headers).answer.status_code == 403
    assert requests(registration) == []


@pytest.mark.parametrize("path", ["/sign-up/family", "/sign-up/receipt"])
def test_without_a_session_there_is_a_way_to_one(door: Door, path: str) -> None:
    """Who comes without having opened a link is told how to get one."""
    stranger = Visitor(door).goes(path)
    assert (stranger.answer.status_code, stranger.page.headline) == (410, OVER)
    assert 'href="link?lang=da"' in stranger.answer.text
