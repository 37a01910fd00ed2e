"""`deltag access-report`: everything that is held of somebody, as a document to read and a file for machines."""

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.http import Role
from services.chassis.ids import new_id
from services.chassis.service import Context
from services.chassis.testing import deliver, http
from services.cli.access_report import command
from services.cli.access_report.document import WORDS
from tests.cli.running import deltag, refused
from tests.contracts.test_holdings import held
from tests.registration.builders import REQUESTED, SENDER, a_guardian, a_number, a_request
from tests.system.story import a_hall, opened, signed_up
from tests.system.town_hall import TownHall

NUMBER = a_number("1991-03-09", serial=7931)


class _Places:
    """Where the command finds the services of a test."""

    def __init__(self, hall: TownHall) -> None:
        self.hall = hall

    def __call__(self, _name: str) -> "_Places":
        return self

    def context(self, name: str) -> Context:
        """One of them."""
        return self.hall.services[name]


@pytest.fixture
def hall(context_of: Callable[..., Context], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TownHall:
    """All four services, as the command finds them."""
    hall = a_hall(context_of, tmp_path)
    monkeypatch.setattr(command, "place_for", _Places(hall))
    return hall


def mona(hall: TownHall) -> dict[str, str]:
    """Mona and her child come to a workshop, beside Karim; a health visitor has looked at them. Their ids."""
    guardians = [a_guardian(cpr_number=NUMBER), a_guardian(given_name="Karim", email="karim@example.org")]
    deliver(hall.services["registration"], REQUESTED, a_request(guardians=guardians), source=SENDER)
    hall.carry()
    told = next(m["data"] for m in hall.messages if m["type"] == "registration.enrolment.accepted.v1")
    mother, father = told["guardian_ids"]
    events = hall.services["events"]
    signed_up(events, opened(events), [(mother, "guardian"), (told["child_id"], "child")], contact=mother)
    hall.carry()
    hall.send_mails()
    visitor = http(hall.services["registration"]).as_(Role.COORDINATOR, subject="sundhedsplejerske-7", purpose="handle-enrolment")
    assert visitor.get(f"/v1/guardians/{mother}").status_code == 200
    return {"mother": mother, "father": father, "child": told["child_id"]}


def report(person_id: str, folder: Path, *options: str) -> tuple[dict[str, Any], str]:
    """Both files."""
    deltag("access-report", person_id, "--to", str(folder), "--as", "anna", *options)
    machine, page = (folder / name for name in command.FILES)
    return json.loads(machine.read_text()), page.read_text()


def kinds(machine: dict[str, Any]) -> dict[str, set[str]]:
    """What each service holds."""
    return {part["service"]: {section["kind"] for section in part["holds"]} for part in machine["services"]}


def test_it_holds_what_every_service_holds(hall: TownHall, tmp_path: Path) -> None:
    """Name, number, contacts, family and consents; sign-ups and mails; and which figures he is in."""
    machine, page = report(mona(hall)["mother"], tmp_path)
    assert kinds(machine) == {
        "registration": {"consent", "guardian", "guardianship", "number"},
        "events": {"consent", "participation", "sign-up"},
        "notifications": {"contact-card", "mail", "sign-up"},
        "reporting": {"figure"},
    }
    for text in ("Mona", "mona@example.org", NUMBER, "Det har vi registreret om dig", "at behandle en indskrivning"):
        assert text in page


def test_the_folder_is_made(hall: TownHall, tmp_path: Path) -> None:
    """One that is not there yet is made, for its owner alone; where there can be none a sentence says so, and nothing is gathered."""
    ids = mona(hall)
    report(ids["mother"], tmp_path / "new" / "folder")
    assert stat.S_IMODE((tmp_path / "new" / "folder").stat().st_mode) == 0o700
    (tmp_path / "file").touch()
    assert "There can be no folder" in refused("access-report", ids["mother"], "--to", str(tmp_path / "file" / "below"))


def test_protection_is_told_with_its_period_and_relations_in_words(hall: TownHall, tmp_path: Path) -> None:
    """From when until when somebody is protected stands there; how somebody is related to a child is no code, and no column is."""
    mother, registration = mona(hall)["mother"], hall.services["registration"]
    asked = {"kind": "guardian", "person_id": mother, "valid_from": "2024-05-01", "valid_until": "2030-02-03"}
    deliver(registration, "protection.requested.v1", asked, source=SENDER)
    _, page = report(mother, tmp_path)
    assert [text for text in ("1. maj 2024", "3. februar 2030", "anden voksen") if text not in page] == []
    assert [code for code in ("asked_by", "sequence", "as_of", "valid_from") if code in page] == []


def test_it_says_when_and_why_and_not_by_whom(hall: TownHall, tmp_path: Path) -> None:
    """Each look is there with its moment and its purpose; nobody who looked is named, in either file."""
    ids = mona(hall)
    machine, page = report(ids["mother"], tmp_path)
    [looks] = [part["looked_at"] for part in machine["services"] if part["service"] == "registration"]
    assert [(look["purpose"], look["what"]) for look in looks] == [("handle-enrolment", "read")]
    assert not any("sundhedsplejerske-7" in text for text in (json.dumps(machine), page))
    again, _ = report(ids["mother"], tmp_path)
    assert "answer-enquiry" in {look["purpose"] for look in again["services"][0]["looked_at"]}


def test_nothing_of_another_is_in_it(hall: TownHall, tmp_path: Path) -> None:
    """Not the other guardian's name, address or number, nor who else is in a party or a family."""
    ids = mona(hall)
    machine, page = report(ids["mother"], tmp_path)
    assert [text for text in ("Karim", "karim@example.org", ids["father"]) if text in json.dumps(machine) + page] == []


def test_a_child_is_not_found_through_a_guardian(hall: TownHall, tmp_path: Path) -> None:
    """A guardian who may not be told of a child learns from his own report neither where it is nor its id."""
    ids = mona(hall)
    registration = hall.services["registration"]
    body = {"child_id": ids["child"], "guardian_id": ids["father"], "valid_from": "2020-01-01", "relation": "father", "custody": True}
    body |= {"contact_allowed": False, "residence": False}
    deliver(registration, "family.guardianship-requested.v1", body, source=SENDER)
    machine, page = report(ids["father"], tmp_path)
    told = json.dumps(machine) + page
    assert [text for text in (ids["child"], "birkegaarden", "hedegaarden", "Asta") if text in told] == []
    assert "Karim" in told


def test_a_childs_report_names_no_guardian(hall: TownHall, tmp_path: Path) -> None:
    """What is held of the child is in it, its place too; who its guardians are is not."""
    ids = mona(hall)
    machine, page = report(ids["child"], tmp_path)
    assert "Asta" in page
    assert "hedegaarden" in page
    assert [one for one in (ids["mother"], ids["father"], "mona@example.org") if one in json.dumps(machine) + page] == []


def test_only_its_owner_reads_the_files(hall: TownHall, tmp_path: Path) -> None:
    """Both are for the eyes of whoever ran the command, and that he did is in the audit of every service."""
    ids = mona(hall)
    report(ids["child"], tmp_path)
    assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in command.FILES} == {0o600}
    for context in hall.services.values():
        with context.work() as work:
            query = sa.text("select subject from chassis.audit where route = 'deltag access-report'")
            assert work.connection.execute(query).scalars().all() == ["anna"]


def test_it_is_read_in_english_too(hall: TownHall, tmp_path: Path) -> None:
    """With --language en; a guardian's page says nothing in Danish then."""
    _, page = report(mona(hall)["child"], tmp_path, "--language", "en")
    assert 'lang="en"' in page
    assert "What we hold of you" in page
    assert "Hvornår" not in page


@pytest.mark.usefixtures("hall")
def test_nobody_is_nobody(tmp_path: Path) -> None:
    """An id of nobody is refused, and no file is written."""
    assert "There is no such person" in refused("access-report", new_id(), "--to", str(tmp_path))
    assert not (tmp_path / command.FILES[0]).exists()


@pytest.mark.parametrize("name", ["registration", "events", "notifications", "reporting"])
def test_every_kind_has_its_words(name: str) -> None:
    """What a receipt counts, and every column of it that can be shown, is called something in both languages where people read it."""
    kinds = {holding.counts for holding in held(name) if (holding.delete or holding.stand_in) and holding.table.startswith("public.")}
    assert kinds - WORDS["kind"].keys() == set()
    assert all(set(texts) == {"da", "en"} for sort in WORDS.values() for texts in sort.values())
