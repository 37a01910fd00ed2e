"""The municipality's institutions in two programmes: named by both folders, changed for both or not at all, and kept apart in figures."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.errors import Invalid
from services.chassis.http import Role
from services.chassis.service import Context
from services.chassis.testing import Door, deliver, published
from services.registration.handlers.programmes import compare_programme, export_programme, load_programme
from services.registration.handlers.refreshing import refresh
from services.registration.loading import Comparison
from services.registration.programme_folder.content import collected
from tests.registration.builders import PROGRAMME, REQUESTED, SENDER, a_number, a_request
from tests.registration.folders import SAMPLE, Files, edited, write

READING: Files = edited("programme.toml", 'code = "sammen-om-boern"', 'code = "laesning"', edited("programme.toml", "e100", "e900"))
"""A second programme, which names the same houses."""
RENAMED = edited("institutions.toml", "Børnehuset Globen", "Børnehuset Kloden", READING)

Load = Callable[..., Comparison]


@pytest.fixture
def load(registration: Context, tmp_path: Path) -> Load:
    """`load(files)` loads them as a programme's folder, in a transaction of its own."""
    made = iter(range(1_000))

    def take(files: Files, *, shared_too: bool = False) -> Comparison:
        with registration.work() as work:
            return load_programme(write(files, tmp_path / str(next(made))), work, shared_too=shared_too)

    return take


def of_houses(context: Context) -> list[dict[str, Any]]:
    """The facts of institutions, in order."""
    return [message for message in published(context) if message["type"].startswith("registration.institution.")]


def out(context: Context, code: str) -> dict[str, bytes]:
    """A programme's folder, as it is written out."""
    with context.work() as work:
        return dict(export_programme(code, work))


def test_a_second_programme_names_the_same_houses(registration: Context, load: Load) -> None:
    """It is in order; each house is told once, under its next number, with both programmes; loading both again is no news."""
    compared = load(READING)
    facts = of_houses(registration)
    assert [change.field for change in compared.changes if change.what == "institutions/globen"] == ["programmes"]
    assert {(fact["type"], fact["sequence"]) for fact in facts} == {("registration.institution.registered.v1", "0000000002")}
    assert {(fact["data"]["programme"], *fact["data"]["programmes"]) for fact in facts} == {
        ("sammen-om-boern", "sammen-om-boern", "laesning")
    }
    assert len(facts) == 11
    assert [[*load(files).changes] for files in (SAMPLE, READING)] == [[], []]
    assert len(of_houses(registration)) == 11


def test_both_folders_come_out_byte_for_byte(registration: Context, load: Load) -> None:
    """Each as it was loaded, whatever the other says."""
    load(READING)
    load(RENAMED, shared_too=True)
    assert (out(registration, "sammen-om-boern"), out(registration, "laesning")) == (collected(PROGRAMME), dict(RENAMED))


def test_other_facts_of_a_shared_house_are_to_be_confirmed(registration: Context, load: Load, tmp_path: Path) -> None:
    """The difference is told field by field, and refused by its place; confirmed, the house changes for both, in one fact."""
    load(READING)
    with registration.work() as work:
        changes = compare_programme(write(RENAMED, tmp_path / "renamed"), work).changes
    assert [(change.what, change.field, change.new) for change in changes] == [("institutions/globen", "name", "Børnehuset Kloden")]
    with pytest.raises(Invalid) as refused:
        load(RENAMED)
    assert [(one.slug, one.field) for one in refused.value] == [("changes-shared", "institutions.toml:33#/institutions/2")]
    before = len(of_houses(registration))
    load(RENAMED, shared_too=True)
    [fact] = of_houses(registration)[before:]
    assert (fact["data"]["name"], fact["data"]["programmes"]) == ("Børnehuset Kloden", ["sammen-om-boern", "laesning"])


def test_a_house_is_known_by_one_id(load: Load) -> None:
    """Another id for a known number and code is refused, and the refusal names the id that is meant."""
    with pytest.raises(Invalid) as refused:
        load(edited("institutions.toml", "018d0c3d-e740-7c40-8f2e-3d9a51c7e203", "018d0c3d-e740-7c40-8f2e-3d9a51c7e999", READING))
    assert {one.slug for one in refused.value} == {"belongs-elsewhere"}
    assert all("018d0c3d-e740-7c40-8f2e-3d9a51c7e203" in one.en for one in refused.value)


def test_a_child_is_enrolled_in_both_in_one_house(registration: Context, load: Load, door: Door) -> None:
    """Each programme has an enrolment of its own there, and the house's leader reaches both; a house of one is not the other's."""
    alone = '\n[[institutions]]\ninstitution_id = "018d0c3d-e740-7c40-8f2e-3d9a51c7e299"\ncode = "alone"\nname = "Alene"\n'
    load({**READING, "institutions.toml": READING["institutions.toml"] + f'{alone}kind = "daycare-house"\ndistrict = "baltorp"\n'.encode()})
    number = a_number()
    for programme in ("sammen-om-boern", "laesning"):
        deliver(registration, REQUESTED, a_request(cpr_number=number, programme=programme), source=SENDER)
    deliver(registration, REQUESTED, a_request(institution="alone"), source=SENDER)
    leader = door.as_(Role.LEADER, institutions={"birkegaarden"})
    found = leader.get("/v1/enrolments").get_json()["items"]
    assert [(one["programme"], one["institution"], one["status"]) for one in found] == [
        ("sammen-om-boern", "birkegaarden", "accepted"),
        ("laesning", "birkegaarden", "accepted"),
    ]
    refused = published(registration)[-1]["data"]
    assert [reason["slug"] for reason in refused["reasons"]] == ["institution-not-in-programme"]
    listed = [door.as_(Role.READER).get(f"/v1/institutions?programme={code}").get_json() for code in ("sammen-om-boern", "laesning")]
    assert [len(one["items"]) for one in listed] == [11, 12]


def test_a_refresh_tells_a_shared_house_once(registration: Context, load: Load) -> None:
    """With all its programmes, the first to name it first."""
    load(READING)
    with registration.work() as work:
        work.connection.execute(sa.text("delete from chassis.outbox"))
    with registration.work() as work:
        refresh(work)
    facts = of_houses(registration)
    assert (len(facts), {tuple(fact["data"]["programmes"]) for fact in facts}) == (11, {("sammen-om-boern", "laesning")})
