"""What registration tells somebody of himself over HTTP, and who may ask."""

import json
from typing import Any

from services.chassis.http import Role
from services.chassis.ids import new_id
from services.chassis.service import Context
from services.chassis.testing import Door, deliver, published
from tests.registration.builders import REQUESTED, SENDER, a_guardian, a_number, a_request
from tests.registration.test_api import problem

NUMBER = a_number("1991-03-09", serial=7961)


def enrolled(registration: Context) -> dict[str, Any]:
    """The fact of a child with two guardians."""
    guardians = [a_guardian(cpr_number=NUMBER), a_guardian(given_name="Karim", email="karim@example.org")]
    deliver(registration, REQUESTED, a_request(guardians=guardians), source=SENDER)
    return next(m["data"] for m in published(registration) if m["type"] == "registration.enrolment.accepted.v1")


def report(door: Door, person_id: str) -> Any:
    """The answer to whoever asks."""
    return door.get(f"/v1/people/{person_id}/access-report")


def test_a_guardian_sees_what_is_held_of_himself(door: Door, registration: Context) -> None:
    """His name, number, contacts and family, and when and why it was looked at; nothing of the other guardian."""
    told = enrolled(registration)
    mona, karim = told["guardian_ids"]
    door.as_(Role.COORDINATOR, purpose="handle-enrolment").get(f"/v1/guardians/{mona}")
    found = report(door.as_(Role.GUARDIAN, subject=mona, purpose="own-family"), mona).get_json()
    held = {section["kind"]: section["rows"] for section in found["holds"]}
    assert held["number"] == [{"cpr_number": NUMBER}]
    assert (held["guardian"][0]["given_name"], held["guardianship"][0]["child_id"]) == ("Mona", told["child_id"])
    assert [(look["purpose"], look["what"]) for look in found["looked_at"]] == [("handle-enrolment", "read")]
    assert [one for one in (karim, "Karim", "test-caller") if one in json.dumps(found)] == []


def test_nobody_sees_anybody_else(door: Door, registration: Context) -> None:
    """Not the other guardian, nor a coordinator of some institutions alone: the answer is as for somebody whom nobody knows."""
    told = enrolled(registration)
    mona, karim = told["guardian_ids"]
    mother = door.as_(Role.GUARDIAN, subject=mona, purpose="own-family")
    some = door.as_(Role.COORDINATOR, institutions={"birkegaarden"}, purpose="answer-enquiry")
    every = door.as_(Role.COORDINATOR, purpose="answer-enquiry")
    assert [problem(report(who, karim), 404) for who in (mother, some)] == [{"unknown-person"}] * 2
    assert problem(report(every, new_id()), 404) == {"unknown-person"}
    assert report(every, told["child_id"]).status_code == 200


def test_it_is_read_to_answer_and_for_nothing_else(door: Door, registration: Context) -> None:
    """For another purpose nobody gets it: it would show whoever is protected."""
    child = enrolled(registration)["child_id"]
    assert problem(report(door.as_(Role.COORDINATOR, purpose="plan-workshop"), child), 422) == {"only-to-answer"}
