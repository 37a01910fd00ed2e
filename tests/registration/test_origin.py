"""Who asked for an enrolment: staff with or for a family, each for the institutions that are theirs."""

from datetime import timedelta
from typing import Any

import pytest

from services.chassis.http import Role
from services.chassis.ids import new_id
from services.chassis.service import Context
from services.chassis.testing import Door, deliver, published
from tests.registration.applicants import a_family, applicant, clock_runs, sends
from tests.registration.builders import REQUESTED, SENDER, a_guardian, a_request

REQUESTS = "/v1/enrolment-requests"
ON_PAPER = {"guardian": 1, "how": "on-paper", "filled_at": "2024-01-12T10:00:00+01:00"}
BOTH = [a_guardian(), a_guardian(given_name="Karim", email="karim@example.org")]


def enrols(door: Door, id: str | None = None, **details: Any) -> dict[str, Any]:
    """Somebody enrols a child; the answer."""
    found: dict[str, Any] = door.post(REQUESTS, json={"id": id or new_id(), "data": a_request(**details)}).get_json()
    return found


def origin(door: Door, enrolment: dict[str, Any]) -> Any:
    """What is told of who asked."""
    return door.get(f"/v1/enrolments/{enrolment['enrolment_id']}/origin")


@pytest.mark.parametrize("role", [Role.LEADER, Role.HEALTH_VISITOR, Role.PROFESSIONAL])
def test_staff_enrol_on_behalf_of_a_family(door: Door, coordinator: Door, role: Role) -> None:
    """Who did it, in which role, for which guardian, how, and when the form was filled is kept with the enrolment."""
    enrolment = enrols(door.as_(role, subject="karen", institutions={"birkegaarden"}), guardians=BOTH, on_behalf_of=ON_PAPER)
    assert enrolment["status"] == "accepted"
    kept = origin(coordinator, enrolment).get_json()
    assert kept["done_by"] == {"subject": "karen", "role": role}
    assert (kept["on_behalf_of"]["guardian_id"], kept["on_behalf_of"]["how"]) == (enrolment["guardian_ids"][1], "on-paper")
    assert kept["on_behalf_of"]["filled_at"] == "2024-01-12T09:00:00+00:00"


def test_a_professional_enrols_where_he_works(door: Door) -> None:
    """Into no other institution; and he reads no enrolments."""
    karen = door.as_(Role.PROFESSIONAL, institutions={"birkegaarden"})
    refused = karen.post(REQUESTS, json={"id": "one", "data": a_request(institution="151002", on_behalf_of=ON_PAPER | {"guardian": 0})})
    assert (refused.status_code, refused.get_json()["errors"][0]["slug"]) == (403, "not-your-institution")
    assert karen.get("/v1/enrolments").status_code == 403
    assert karen.post(f"{REQUESTS}/bulk", json={"requests": []}).status_code == 403


def test_who_acts_for_nobody_is_kept_too(coordinator: Door) -> None:
    """A coordinator who enrols a child without saying for whom is still the one who did."""
    assert origin(coordinator, enrols(coordinator)).get_json()["on_behalf_of"] is None


def test_a_form_that_is_merged_later_counts_once(door: Door, coordinator: Door) -> None:
    """What was filled offline is sent under the id that it got there, as often as it takes; another's same id is another form."""
    data = a_request(guardians=BOTH, on_behalf_of=ON_PAPER)
    visits = [door.as_(Role.HEALTH_VISITOR, subject=who, institutions={"birkegaarden"}) for who in ("karen", "karen", "lone")]
    answers = [visit.post(REQUESTS, json={"id": "form-7", "data": data}).get_json() for visit in visits]
    assert answers[0] == answers[1]
    assert [reason["slug"] for reason in answers[2]["reasons"]] == ["already-enrolled"]
    assert origin(coordinator, answers[0]).get_json()["done_by"]["subject"] == "karen"


def test_the_guardian_must_be_there(coordinator: Door) -> None:
    """A place in the list that does not exist is told like every other reason."""
    answer = enrols(coordinator, on_behalf_of=ON_PAPER, track="D")
    assert {reason["slug"] for reason in answer["reasons"]} == {"on-behalf-of-nobody", "unknown-track"}
    assert enrols(coordinator, on_behalf_of=ON_PAPER | {"how": "by-owl"})["reasons"][0]["slug"] == "unknown-value"


def test_no_form_is_filled_tomorrow(coordinator: Door, registration: Context) -> None:
    """A time that has not come yet is refused, in both languages; a clock that is some minutes ahead of ours is not."""
    now = registration.clock()
    late = enrols(coordinator, guardians=BOTH, on_behalf_of=ON_PAPER | {"filled_at": (now + timedelta(minutes=6)).isoformat()})
    [reason] = late["reasons"]
    assert (reason["slug"], reason["field"]) == ("filled-in-the-future", "/on_behalf_of/filled_at")
    assert ("ikke er kommet endnu" in reason["text"]["da"], "not come yet" in reason["text"]["en"]) == (True, True)
    ahead = enrols(coordinator, guardians=BOTH, on_behalf_of=ON_PAPER | {"filled_at": (now + timedelta(minutes=4)).isoformat()})
    assert ahead["status"] == "accepted"


def test_a_system_may_say_it_too(system: Door, registration: Context) -> None:
    """On the bus and over HTTP; without it nothing but its source is kept."""
    deliver(registration, REQUESTED, a_request(guardians=BOTH, on_behalf_of=ON_PAPER), source=SENDER, id="placement-17")
    [fact] = [message for message in published(registration) if message["type"].startswith("registration.enrolment")]
    assert origin(system, fact["data"]).get_json()["done_by"] == {"subject": SENDER, "role": "system"}
    silent = origin(system, enrols(system))
    assert (silent.status_code, silent.get_json()["errors"][0]["slug"]) == (404, "no-origin")


def test_nobody_is_named_in_facts(door: Door, registration: Context) -> None:
    """Who did it stays here: no fact has it."""
    enrols(door.as_(Role.LEADER, subject="karen-from-birkegaarden"), guardians=BOTH, on_behalf_of=ON_PAPER)
    assert not any(word in str(published(registration)) for word in ("karen-from-birkegaarden", "on-paper", "on_behalf_of"))


def test_a_guardian_is_not_told_by_whom(door: Door) -> None:
    """He reads the role and the way; other families read nothing."""
    enrolment = enrols(door.as_(Role.HEALTH_VISITOR, subject="karen"), guardians=BOTH, on_behalf_of=ON_PAPER | {"how": "by-phone"})
    karim = door.as_(Role.GUARDIAN, subject=enrolment["guardian_ids"][1])
    assert origin(karim, enrolment).get_json()["done_by"] == {"subject": None, "role": "health-visitor"}
    assert origin(door.as_(Role.GUARDIAN, subject=new_id()), enrolment).status_code == 404


def test_an_applicant_is_nobodys_helper(door: Door, coordinator: Door, registration: Context) -> None:
    """He acts for his own family: for another he is refused, and what he did is kept under his session and role."""
    sara = applicant(door, registration)
    refused = sends(sara, a_family(on_behalf_of=ON_PAPER | {"guardian": 0}))
    assert [reason["slug"] for reason in refused.get_json()["reasons"]] == ["not-on-behalf"]
    sends(sara, a_family())
    clock_runs(registration)
    [enrolment] = [item for item in coordinator.get("/v1/enrolments").get_json()["items"] if item["child_id"]]
    assert origin(coordinator, enrolment).get_json()["done_by"]["role"] == "applicant"
