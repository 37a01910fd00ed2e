"""A sign-up's code: short, typed without mistakes, scanned from a print, and enough to check in with."""

from datetime import timedelta
from io import BytesIO
from xml.etree import ElementTree as ET

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from werkzeug.test import TestResponse

from services.chassis.http import Role
from services.chassis.ids import new_id
from services.chassis.testing import Door
from services.events.domain.code import ALPHABET, code_of, tail_of
from tests.events.builders import BIRKEGAARDEN, NEXT_WEEK, NOW, Family, a_family
from tests.events.town import Desk, Json, Town, found, reasons

LETTERS = st.integers(0, 2**40 - 1).map(lambda number: code_of(f"018d0c3d-e740-7c40-8f2e-3d{number:010x}").replace("-", ""))


@pytest.fixture
def family(town: Town) -> Family:
    """A mother, a father and a child."""
    return town.enrols(a_family())


@pytest.fixture
def workshop(desk: Desk) -> Json:
    """A workshop next week."""
    return desk.opens()


@pytest.fixture
def signup(desk: Desk, workshop: Json, family: Family) -> Json:
    """The mother and the child come to it, and it begins now."""
    signup = desk.signs_up(workshop, family.party())
    desk.waits(NEXT_WEEK - NOW)
    return signup


def code(desk: Desk, signup: Json) -> str:
    """The sign-up's code."""
    return str(found(desk.coordinator.get(f"/v1/signups/{signup['signup_id']}/code"))["code"])


def checks_in(door: Door, workshop: Json, code: str, people: list[str] | None = None) -> list[str]:
    """What became of each of the party."""
    answer = door.post(f"/v1/sessions/{workshop['sessions'][0]['session_id']}/check-ins", json={"code": code, "people": people})
    return [result["errors"][0]["slug"] if result["errors"] else result["result"] for result in found(answer)["results"]]


def states(desk: Desk, workshop: Json) -> list[str | None]:
    """What counts of each person on the roll."""
    return [line["state"] for line in desk.roll(workshop)["attendance"]]


class TestCode:
    @given(letters=LETTERS)
    def test_code_leads_back(self, letters: str) -> None:
        """A code leads back to the end of the id that it was made of, in upper and lower case, with gaps and without, and scanned."""
        forms = [letters, letters.lower(), f"{letters[:3]}-{letters[3:6]} {letters[6:]}", f"DELTAG:{letters}", letters.replace("0", "o")]
        assert len({tail_of(form) for form in forms}) == 1
        assert code_of(f"018d0c3d-e740-7c40-8f2e-3d{tail_of(letters)}").replace("-", "") == letters

    @given(letters=LETTERS, place=st.integers(0, 8), other=st.sampled_from(ALPHABET))
    def test_one_wrong_letter(self, letters: str, place: int, other: str) -> None:
        """A code with one wrong letter is no code."""
        wrong = letters[:place] + other + letters[place + 1 :]
        assert wrong == letters or tail_of(wrong) is None

    @given(letters=LETTERS, place=st.integers(0, 7))
    def test_two_letters_swapped(self, letters: str, place: int) -> None:
        """A code with two neighbours swapped is no code."""
        wrong = letters[:place] + letters[place + 1] + letters[place] + letters[place + 2 :]
        assert wrong == letters or tail_of(wrong) is None

    @pytest.mark.parametrize("text", ["", "3KX", "3KX-7M2-Q9H-1", "ÆØÅ-ÆØÅ-ÆØÅ", "UUU-UUU-UUU", "\x00" * 9])
    def test_what_is_no_code(self, text: str) -> None:
        """What is too short, too long or has other letters is no code."""
        assert tail_of(text) is None


class TestScanning:
    def test_picture(self, desk: Desk, signup: Json) -> None:
        """A scanner reads the code from the picture, and nothing else is in it."""
        answer = desk.coordinator.get(f"/v1/signups/{signup['signup_id']}/code.png")
        assert answer.headers["Content-Type"] == "image/png"
        [read] = zxingcpp.read_barcodes(Image.open(BytesIO(answer.data)))
        assert read.text == f"DELTAG:{code(desk, signup)}"

    def test_drawing(self, desk: Desk, signup: Json) -> None:
        """The drawing is SVG whose title is the code, for those who do not see it."""
        answer = desk.coordinator.get(f"/v1/signups/{signup['signup_id']}/code.svg")
        drawing = ET.fromstring(answer.get_data(as_text=True))  # noqa: S314 - our own
        assert answer.headers["Content-Type"] == "image/svg+xml"
        assert [title.text for title in drawing.iter("{http://www.w3.org/2000/svg}title")] == [code(desk, signup)]

    def test_who_may_see_it(self, desk: Desk, signup: Json, family: Family) -> None:
        """Who may see the sign-up may see its code: here its contact, and not the child's other guardian."""
        for form in ("code", "code.svg", "code.png"):
            answers = [
                desk.door.as_(Role.GUARDIAN, subject=one).get(f"/v1/signups/{signup['signup_id']}/{form}") for one in family.guardians
            ]
            assert [answer.status_code for answer in answers] == [200, 404]


class TestCheckingIn:
    def test_whole_party(self, desk: Desk, workshop: Json, signup: Json) -> None:
        """The whole party is present by its code; scanned again, nothing changes and nothing more is told."""
        assert checks_in(desk.coordinator, workshop, code(desk, signup)) == ["recorded", "recorded"]
        assert checks_in(desk.coordinator, workshop, code(desk, signup)) == ["unchanged", "unchanged"]
        assert states(desk, workshop) == ["present", "present"]
        assert len(desk.told("events.attendance")) == 2

    def test_part_of_a_party(self, desk: Desk, workshop: Json, signup: Json, family: Family) -> None:
        """Of a party those are present who are named; who is not in it is refused by name."""
        assert checks_in(desk.coordinator, workshop, code(desk, signup), [family.children[0], new_id()]) == ["recorded", "not-in-party"]
        assert states(desk, workshop) == [None, "present"]

    def test_late_stays_late(self, desk: Desk, workshop: Json, signup: Json, family: Family) -> None:
        """Who is recorded as late stays late when his code is scanned; who was thought absent is present."""
        desk.marks(workshop, (family.mother, "late"), (family.children[0], "absent"))
        assert checks_in(desk.coordinator, workshop, code(desk, signup)) == ["unchanged", "recorded"]
        assert states(desk, workshop) == ["late", "present"]

    def test_kiosk(self, desk: Desk, workshop: Json, signup: Json) -> None:
        """A kiosk is a system that reaches its institution, and no other's."""
        here, there = (desk.door.as_(Role.SYSTEM, subject="kiosk", institutions=[house]) for house in (BIRKEGAARDEN.code, "regnbuen"))
        assert checks_in(here, workshop, code(desk, signup)) == ["recorded", "recorded"]
        path = f"/v1/sessions/{workshop['sessions'][0]['session_id']}/check-ins"
        assert there.post(path, json={"code": code(desk, signup)}).status_code == 403

    def test_mistyped(self, desk: Desk, workshop: Json, signup: Json) -> None:
        """A slip is noticed before anybody is looked for."""
        right = code(desk, signup)
        wrong = right[:-1] + ALPHABET[(ALPHABET.index(right[-1]) + 1) % 32]
        assert reasons(tries(desk, workshop, wrong)) == [("code-mistyped", "/code")]

    def test_other_activity(self, desk: Desk, workshop: Json, family: Family) -> None:
        """A code of another activity, or of a sign-up without a seat, checks nobody in."""
        other = desk.opens()
        elsewhere, cancelled = desk.signs_up(other, family.party()), desk.signs_up(workshop, family.party())
        desk.cancels(cancelled)
        desk.waits(NEXT_WEEK - NOW)
        for one in (elsewhere, cancelled):
            assert reasons(tries(desk, workshop, code(desk, one)), 409) == [("code-not-here", "/code")]

    def test_too_early(self, desk: Desk, workshop: Json, family: Family) -> None:
        """Nobody checks in a day ahead."""
        signup = desk.signs_up(workshop, family.party())
        desk.waits(timedelta(days=6))
        assert reasons(tries(desk, workshop, code(desk, signup)), 409) == [("attendance-too-early", "")]


def tries(desk: Desk, workshop: Json, code: str) -> TestResponse:
    """The answer to a check-in."""
    return desk.coordinator.post(f"/v1/sessions/{workshop['sessions'][0]['session_id']}/check-ins", json={"code": code})
