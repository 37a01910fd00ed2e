"""Children without a CPR number, newborn or newly arrived: enrolled once, told apart, found again, and given their number later."""

from threading import Thread
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.http import Role
from services.chassis.service import Context
from services.chassis.testing import Door, deliver, deliver_raw, event, listen_for, parked
from tests.registration.builders import REQUESTED, SENDER, a_guardian, a_number, a_request
from tests.registration.test_corrections import candidates, child, correct, enrols, history, shown, slugs, told
from tests.registration.test_erasures import erase, left

Json = dict[str, Any]
KARIM = {"given_name": "Karim", "family_name": "Eksempelsen", "email": "karim@example.org"}


def noor(*, guardians: list[Json] | None = None, **details: Any) -> Json:
    """Noor, who has no number; a detail of the child as it is said."""
    request = a_request(guardians=guardians or [a_guardian()])
    request["child"] = {"given_name": "Noor", "family_name": "Prøvesen", "birth_date": "2024-01-20"} | details
    return request


def children(context: Context) -> int:
    """How many there are."""
    with context.work() as work:
        return int(work.connection.execute(sa.text("select count(*) from child")).scalar_one())


def test_a_newborn_is_enrolled_by_name_and_birth_date(registration: Context, door: Door) -> None:
    """The fact is like any other; where a number would be shown there is none."""
    enrolled = enrols(registration, noor())
    assert (enrolled["status"], enrolled["birth_month"]) == ("accepted", "2024-01")
    found = shown(door, enrolled)
    assert (found["given_name"], found["birth_date"], found["cpr_number"]) == ("Noor", "2024-01-20", None)
    assert parked(registration) == []


def test_http_takes_it_too(registration: Context, system: Door) -> None:
    """The same id gives the same answer; another id for the same child is refused as enrolled already, at the child."""
    first = system.post("/v1/enrolment-requests", json={"id": "noor-1", "data": noor()}).get_json()
    assert first == system.post("/v1/enrolment-requests", json={"id": "noor-1", "data": noor()}).get_json()
    again = system.post("/v1/enrolment-requests", json={"id": "noor-2", "data": noor()}).get_json()
    assert [(reason["slug"], reason["field"]) for reason in again["reasons"]] == [("already-enrolled", "/child")]
    assert children(registration) == 1


@pytest.mark.parametrize(
    ("details", "guardians"),
    [
        ({}, [a_guardian()]),
        ({"given_name": "NOOR "}, [a_guardian()]),
        ({"family_name": "Proevesen"}, [a_guardian(email="mona@example.dk")]),
        ({}, [a_guardian(**KARIM), a_guardian()]),
        ({}, [a_guardian(given_name="Mona Nygift")]),
    ],
)
def test_the_same_child_is_found_again(registration: Context, details: Json, guardians: list[Json]) -> None:
    """However its name is spelt, whichever contact of its mother is new, and whoever is named beside her."""
    enrols(registration, noor())
    rejected = enrols(registration, noor(guardians=guardians, **details))
    assert [reason["slug"] for reason in rejected["reasons"]] == ["already-enrolled"]
    assert children(registration) == 1


@pytest.mark.parametrize(
    ("details", "guardians"),
    [
        ({"given_name": "Amina"}, [a_guardian()]),
        ({"birth_date": "2024-01-21"}, [a_guardian()]),
        ({}, [a_guardian(**KARIM)]),
        ({"cpr_number": a_number("2024-01-20")}, [a_guardian()]),
    ],
)
def test_another_child_is_another(registration: Context, details: Json, guardians: list[Json]) -> None:
    """A twin, a cousin, a child of one name with other parents, and one with a number: nobody is merged in silence."""
    enrols(registration, noor())
    assert enrols(registration, noor(guardians=guardians, **details))["status"] == "accepted"
    assert children(registration) == 2


@pytest.mark.parametrize("numbered_first", [True, False])
def test_with_and_without_a_number_are_two_until_a_person_decides(
    registration: Context,
    coordinator: Door,
    numbered_first: bool,  # noqa: FBT001 - the two orders
) -> None:
    """Whichever came first, there are two children and one candidate."""
    without, numbered = noor(), noor(cpr_number=a_number("2024-01-20"))
    for request in (numbered, without) if numbered_first else (without, numbered):
        enrols(registration, request)
    assert (children(registration), candidates(registration, coordinator)) == (2, 1)


def test_two_guardians_of_one_name_are_told_apart_by_their_numbers(registration: Context) -> None:
    """Where both numbers are known and differ, the children are two, whatever else is the same."""
    for serial in ("1991-03-09", "1990-03-09"):
        enrols(registration, noor(guardians=[a_guardian(cpr_number=a_number(serial))]))
    assert children(registration) == 2


def test_a_batch_takes_each_child_once(registration: Context, statements: list[str]) -> None:
    """In one transaction as in many: thirty requests for three children make three, by the same few statements as three do."""

    def spent(of_each: int, year: int) -> int:
        bodies = [
            event(REQUESTED, noor(given_name=name, birth_date=f"{year}-01-20"), source=SENDER, id=f"{year} {name} {n}")
            for n in range(of_each)
            for name in ("Noor", "Amina", "Sana")
        ]
        del statements[:]
        deliver_raw(registration, listen_for(registration.service, REQUESTED), bodies)
        return len(statements)

    assert spent(1, 2022) + 1 >= spent(10, 2023)
    assert children(registration) == 6


def test_two_at_once_enrol_one_child(registration: Context) -> None:
    """Two systems that send the same newborn at the same moment lead to one child and one enrolment."""
    senders = [Thread(target=deliver, args=(registration, REQUESTED, noor()), kwargs={"source": f"https://{n}.example"}) for n in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert children(registration) == 1
    assert sorted(fact["status"] for fact in told(registration)) == ["accepted", "rejected", "rejected", "rejected"]


def test_the_number_is_added_later(registration: Context, door: Door, coordinator: Door) -> None:
    """Through a correction; from then on the child is found by it, and by what was said before there was one."""
    number, enrolled = a_number("2024-01-20"), enrols(registration, noor())
    assert correct(coordinator, child(enrolled, reason="changed", cpr_number=number)) == ["cpr_number"]
    [entry] = history(door, enrolled["child_id"])
    assert entry["changes"] == [{"field": "cpr_number", "before": None, "after": "800124-xxxx"}]
    for request in (noor(), noor(cpr_number=number)):
        assert [reason["slug"] for reason in enrols(registration, request)["reasons"]] == ["already-enrolled"]
    assert children(registration) == 1


def test_a_number_that_is_taken_collides_loudly(registration: Context, coordinator: Door) -> None:
    """The correction is refused, and the two are candidates; nothing was merged."""
    number = a_number("2024-01-20")
    enrolled = enrols(registration, noor())
    enrols(registration, noor(cpr_number=number))
    answer = coordinator.post("/v1/corrections", json=child(enrolled, cpr_number=number))
    assert (answer.status_code, slugs(answer)) == (409, [("cpr-number-taken", "/changes/cpr_number")])
    assert (children(registration), candidates(registration, coordinator)) == (2, 1)


def test_a_corrected_newcomer_is_found_by_both_names(registration: Context, coordinator: Door) -> None:
    """By the name under which it came and by the right one."""
    enrolled = enrols(registration, noor())
    correct(coordinator, child(enrolled, given_name="Noura"))
    for name in ("Noor", "Noura"):
        assert enrols(registration, noor(given_name=name))["status"] == "rejected"
    assert children(registration) == 1


def test_a_merged_newcomer_is_the_kept_child(registration: Context, coordinator: Door) -> None:
    """After the merge a request without a number is about the child that is kept."""
    enrolled = enrols(registration, noor())
    other = enrols(registration, noor(cpr_number=a_number("2024-01-20")))
    merged = {"kind": "child", "merged_id": enrolled["child_id"], "into_id": other["child_id"]}
    assert coordinator.post("/v1/merges", json=merged).status_code == 201
    assert [reason["slug"] for reason in enrols(registration, noor())["reasons"]] == ["already-enrolled"]
    assert children(registration) == 2


def test_who_has_no_number_is_told_what_is_held_and_erased(registration: Context, door: Door) -> None:
    """The report names no number; afterwards nothing is left by which the child would be recognised."""
    dpo, gone = door.as_(Role.COORDINATOR, purpose="answer-enquiry"), left(registration, **noor())
    holds = dpo.get(f"/v1/people/{gone['child_id']}/access-report").get_json()["holds"]
    assert {"child", "enrolment"} <= {section["kind"] for section in holds}
    assert "number" not in {section["kind"] for section in holds}
    assert erase(dpo, gone["child_id"]).status_code == 201
    with registration.work() as work:
        assert work.connection.execute(sa.text("select count(*) from child_description")).scalar_one() == 0
    assert enrols(registration, noor())["child_id"] != gone["child_id"]
