"""Papers: what stands on them, who may print them, and that a screen reader can read them out."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pdfua
import pikepdf
import pytest

from services.chassis.http import Role
from services.chassis.ids import new_id
from services.chassis.testing import Door
from services.events.documents import words
from services.events.documents.papers import certificate, printable, session_list
from services.events.documents.press import set_pages
from services.events.domain.attendance import Attendance, AttendanceState, Roll, Seat
from services.events.domain.code import code_of
from services.events.domain.signup import PartyRole
from tests.events.builders import NEXT_WEEK, NOW, Family, a_family, a_pedagogue, a_session, a_workshop
from tests.events.town import PURPOSE, Desk, Json, Town, a_meeting, alone, an_observation, first_session, reasons

COLUMNS = 8


@pytest.fixture
def family(town: Town) -> Family:
    """A mother, a father and a child."""
    return town.enrols(a_family())


@pytest.fixture
def workshop(desk: Desk, family: Family) -> Json:
    """A workshop of two sessions whose first one begins now; the mother comes to it with the child."""
    workshop = desk.opens(sessions=[a_meeting(NEXT_WEEK), a_meeting(NEXT_WEEK + timedelta(days=7))])
    desk.signs_up(workshop, family.party())
    desk.waits(NEXT_WEEK - NOW)
    return workshop


def as_(desk: Desk, role: Role, subject: str) -> Door:
    """The door as this person uses it."""
    return desk.door.as_(role, subject=subject, purpose=PURPOSE)


def certificate_of(workshop: Json, person: str) -> str:
    """Where his certificate is."""
    return f"/v1/activities/{workshop['activity_id']}/certificates/{person}.pdf"


def printed(door: Door, path: str) -> bytes:
    """The paper."""
    answer = door.get(path)
    assert answer.status_code == 200, answer.get_json()
    assert answer.headers["Content-Type"] == "application/pdf"
    paper: bytes = answer.data
    return paper


def parts(pdf: pikepdf.Pdf) -> Iterator[tuple[str, Any]]:
    """The structure of a document in the order in which it is read out: each part's kind, and the part."""
    yield from _parts(pdf.Root.StructTreeRoot.K)


def _parts(node: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(node, pikepdf.Array):
        for one in list(node):
            yield from _parts(one)
    elif isinstance(node, pikepdf.Dictionary) and "/S" in node:
        yield str(node.S), node
        yield from _parts(node.get("/K", pikepdf.Array()))


def scopes(cell: Any) -> list[str]:
    """For what a head of a table is the head."""
    return [str(attribute.Scope) for attribute in cell.A if "/Scope" in attribute]


def a_roll(people: int, title: str = "Leg og sprog i hverdagen") -> Roll:
    """The roll of a workshop at which so many children have seats."""
    workshop = a_workshop(title={"da": title, "en": title})
    return Roll(workshop, workshop.sessions[0], {new_id(): Seat(new_id(), PartyRole.CHILD) for _ in range(people)}, {})


class TestAccessibility:
    @pytest.mark.parametrize("language", ["da", "en"])
    def test_papers_pass_the_checker(self, desk: Desk, workshop: Json, family: Family, language: str, tmp_path: Path) -> None:
        """The list and the certificate have no fault that a checker of PDF/UA-1 finds, and say that they are PDF/UA-1."""
        desk.observes(workshop, an_observation(family.mother))
        for path in (f"/v1/sessions/{first_session(workshop)}/list.pdf", certificate_of(workshop, family.mother)):
            paper = printed(desk.coordinator, f"{path}?language={language}")
            (tmp_path / "paper.pdf").write_bytes(paper)
            assert pdfua.validate(str(tmp_path / "paper.pdf")).findings == ()
            with pikepdf.open(BytesIO(paper)) as pdf:
                assert (str(pdf.Root.Lang), bool(pdf.Root.MarkInfo.Marked)) == (language, True)
                assert bool(pdf.Root.ViewerPreferences.DisplayDocTitle)
                assert pdf.open_metadata()["pdfuaid:part"] == "1"

    def test_structure_of_the_list(self) -> None:
        """Read out, the list begins with its heading; every table has a head for each column, and every line a cell for each head."""
        with pikepdf.open(BytesIO(set_pages("list", session_list(a_roll(40), "da")))) as pdf:
            assert len(pdf.pages) > 1
            kinds = [kind for kind, _ in parts(pdf)]
            heads = [cell for kind, cell in parts(pdf) if kind == "/TH"]
            rows = [row for kind, row in parts(pdf) if kind == "/TR"]
        assert kinds[:2] == ["/Document", "/H1"]
        assert [scopes(head) for head in heads] == [["/Column"]] * 2 * COLUMNS
        assert {len(row.K) for row in rows} == {COLUMNS}

    @pytest.mark.parametrize(
        "title", ["Hygge 🎈 عائلة 家", "#strong[Leg] $x$ @home \\ <leg>", "Lầu Żółć Київ Ελλάδα Çocuk €", "e\u0301 \u00ad \u200b"]
    )
    def test_any_title(self, title: str) -> None:
        """A title in whatever script, or that looks like markup, is printed as text; a letter that cannot be printed becomes a box."""
        assert set_pages("list", session_list(a_roll(1, title), "da")).startswith(b"%PDF")

    def test_every_letter_that_is_said_to_be_printable(self) -> None:
        """The press has each letter of the ranges that it is said to have."""
        everything = printable("".join(map(chr, range(0x20, 0x20C0))))
        assert set_pages("list", session_list(a_roll(0, everything), "da")).startswith(b"%PDF")

    def test_empty_list(self) -> None:
        """The list of a session at which nobody has a seat says so."""
        assert set_pages("list", session_list(a_roll(0), "en")).startswith(b"%PDF")


class TestList:
    def test_codes_and_nobody(self, desk: Desk, workshop: Json, family: Family) -> None:
        """A line for each person with a seat, by his sign-up's code and his role; then who dropped in. No id of anybody stands there."""
        desk.observes(workshop, an_observation(family.mother, "late"), an_observation(family.guardians[1], drop_in=True))
        data = session_list(roll_of(desk, workshop), "da")
        signup = desk.coordinator.get(f"/v1/activities/{workshop['activity_id']}/signups").get_json()["items"][0]
        code = code_of(signup["signup_id"])
        assert [(row["number"], row["code"], row["role"], row["state"]) for row in data["rows"]] == [
            ("1", code, "Forælder", "late"),
            ("2", code, "Barn", None),
        ]
        assert (data["guests"][0]["role"], data["guests"][0]["code"]) == ("Forælder", "")
        assert not [person for person in (*family.guardians, *family.children) if person in str(data)]

    def test_purpose(self, desk: Desk, workshop: Json) -> None:
        """Who prints a list of people says what for."""
        answer = desk.door.as_(Role.COORDINATOR).get(f"/v1/sessions/{first_session(workshop)}/list.pdf")
        assert reasons(answer, 400) == [("purpose-missing", "Deltag-Purpose")]

    @pytest.mark.parametrize(
        ("starts_at", "says"),
        [
            (datetime(2026, 3, 28, 15, 30, tzinfo=UTC), "lørdag den 28. marts 2026, 16.30–18.30"),  # noqa: RUF001 - the dash between times
            (datetime(2026, 3, 29, 14, 30, tzinfo=UTC), "søndag den 29. marts 2026, 16.30–18.30"),  # noqa: RUF001
            (datetime(2026, 10, 24, 14, 30, tzinfo=UTC), "lørdag den 24. oktober 2026, 16.30–18.30"),  # noqa: RUF001
            (datetime(2026, 10, 25, 15, 30, tzinfo=UTC), "søndag den 25. oktober 2026, 16.30–18.30"),  # noqa: RUF001
            (datetime(2026, 10, 24, 22, 30, tzinfo=UTC), "søndag den 25. oktober 2026, 00.30–02.30"),  # noqa: RUF001
        ],
    )
    def test_times(self, starts_at: datetime, says: str) -> None:
        """Day and time are those of clocks in Denmark, on either side of both switches of 2026."""
        workshop = a_workshop(sessions=[a_session(starts_at)])
        assert session_list(Roll(workshop, workshop.sessions[0], {}, {}), "da")["when"] == says


class TestCertificate:
    def test_sessions_that_he_came_to(self, desk: Desk, workshop: Json, family: Family) -> None:
        """It tells of the sessions at which somebody was present or late, and of how many of all they are."""
        second = workshop["sessions"][1]["session_id"]
        desk.observes(workshop, an_observation(family.mother, "late"))
        desk.waits(timedelta(days=7))
        desk.coordinator.put(f"/v1/sessions/{second}/attendance", json={"attendance": [{"person_id": family.mother, "state": "absent"}]})
        with desk.context.work() as work:
            activity = work.activities.get(workshop["activity_id"])
            assert activity
            came = [one for one in work.attendance.of_person(activity.activity_id, [family.mother]) if one.state.came]
            data = certificate(activity, came, "da", desk.context.clock())
        assert [(one["day"], one["hours"], one["attendance"]) for one in data["sessions"]] == [
            ("9. november 2026", "2", "Til stede, kom for sent")
        ]
        assert data["in_all"] == "I alt 1 af 2 mødegange, 2 timer."

    def test_hours_over_the_night_of_a_switch(self) -> None:
        """A session over the hour that comes twice took an hour longer than its clocks say."""
        session = a_session(datetime(2026, 10, 24, 23, 30, tzinfo=UTC), hours=2.5)
        workshop = a_workshop(sessions=[session])
        data = certificate(workshop, [an_attendance(workshop.activity_id, session.session_id)], "en", NOW)
        assert (data["sessions"][0]["time"], data["sessions"][0]["hours"]) == ("01:30–03:00", "2.5")  # noqa: RUF001 - as above

    def test_whose(self, desk: Desk, workshop: Json, family: Family) -> None:
        """One has one's own and one's child's, as far as one may see its sign-up; of others one learns nothing, an organiser everything."""
        mother, father, child = family.mother, family.guardians[1], family.children[0]
        desk.observes(workshop, *(an_observation(person) for person in (mother, child)))
        asks = [
            (Role.GUARDIAN, mother, mother),
            (Role.GUARDIAN, mother, child),
            (Role.GUARDIAN, father, child),
            (Role.GUARDIAN, father, mother),
        ]
        answers = [as_(desk, role, who).get(certificate_of(workshop, whose)).status_code for role, who, whose in asks]
        assert answers == [200, 200, 404, 404]
        assert desk.coordinator.get(certificate_of(workshop, child)).status_code == 200

    def test_who_did_not_come(self, desk: Desk, workshop: Json, family: Family) -> None:
        """Who was not there has no certificate, whoever asks."""
        desk.observes(workshop, an_observation(family.mother, "absent"))
        assert reasons(desk.coordinator.get(certificate_of(workshop, family.mother)), 404) == [("not-attended", "")]

    def test_professional(self, town: Town, desk: Desk) -> None:
        """A professional has his certificate himself, and no colleague's."""
        pedagogue = town.employs(a_pedagogue())
        one, lab = pedagogue.professional_id, desk.opens(kind="learning-lab")
        desk.signs_up(lab, alone(pedagogue))
        desk.waits(NEXT_WEEK - NOW)
        desk.observes(lab, an_observation(one))
        assert as_(desk, Role.PROFESSIONAL, one).get(certificate_of(lab, one)).status_code == 200
        assert as_(desk, Role.PROFESSIONAL, new_id()).get(certificate_of(lab, one)).status_code == 404


def roll_of(desk: Desk, workshop: Json) -> Roll:
    """The roll as it is now."""
    with desk.context.work() as work:
        activity = work.activities.get(workshop["activity_id"])
        assert activity
        session_id = first_session(workshop)
        return Roll(
            activity, activity.session(session_id), work.signups.seats_of(activity.activity_id), work.attendance.of_session(session_id)
        )


def an_attendance(activity_id: str, session_id: str) -> Attendance:
    """Somebody was there."""
    return Attendance(
        attendance_id=new_id(),
        session_id=session_id,
        activity_id=activity_id,
        signup_id=new_id(),
        person_id=new_id(),
        role=PartyRole.PROFESSIONAL,
        state=AttendanceState.PRESENT,
        kind="learning-lab",
        programme="sammen-om-boern",
        district="hedegaarden",
        held_on=NOW.date(),
        seen_at=NOW,
        recorded_at=NOW,
        recorded_by="leader",
    )


def test_both_languages_say_the_same() -> None:
    """Whatever a document says in Danish it can say in English."""
    assert {section: set(rows) for section, rows in words("da").items()} == {section: set(rows) for section, rows in words("en").items()}
