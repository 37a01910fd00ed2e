"""Erasing somebody at registration's door: the plan, its digest, what stands against it, holds, and the receipt."""

from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.errors import Conflict
from services.chassis.http import Role
from services.chassis.ids import new_id
from services.chassis.service import Context
from services.chassis.testing import Door, deliver, parked, published, run_timer
from services.registration.handlers import erasing
from services.registration.imports.record import State
from tests.registration.applicants import applicant
from tests.registration.builders import REQUESTED, SENDER, WITHDRAWAL, a_guardian, a_number, a_request
from tests.registration.imports.desk import a_file, a_line, checked, confirmed, found, rows
from tests.registration.test_api import problem

ANSWERS = {
    "events": "events.participation.erased.v1",
    "notifications": "notifications.correspondence.erased.v1",
    "reporting": "reporting.figures.erased.v1",
}


@pytest.fixture
def dpo(door: Door) -> Door:
    """A coordinator of the municipality, who answers a family's wish."""
    return door.as_(Role.COORDINATOR, purpose="answer-enquiry")


def enrolled(registration: Context, **details: Any) -> dict[str, Any]:
    """The fact of a new enrolment."""
    deliver(registration, REQUESTED, a_request(**details), source=SENDER)
    return last(registration, "registration.enrolment.accepted.v1")


def left(registration: Context, **details: Any) -> dict[str, Any]:
    """The same, of a child that was withdrawn since."""
    told = enrolled(registration, **details)
    body = {"enrolment_id": told["enrolment_id"], "reason": "moved", "effective_date": "2024-06-01"}
    deliver(registration, WITHDRAWAL, body, source=SENDER)
    return told


def last(registration: Context, type_: str) -> dict[str, Any]:
    """The data of the latest fact of a type."""
    found: dict[str, Any] = [m["data"] for m in published(registration) if m["type"] == type_][-1]
    return found


def the_plan(dpo: Door, person_id: str) -> dict[str, Any]:
    """What would be erased with somebody."""
    found: dict[str, Any] = dpo.get(f"/v1/people/{person_id}/erasure-plan").get_json()
    return found


def erase(dpo: Door, person_id: str, **changes: Any) -> Any:
    """Erase as the plan of this moment says."""
    return dpo.post("/v1/erasures", json={"person_id": person_id, "digest": the_plan(dpo, person_id)["digest"]} | changes)


def count(registration: Context, table: str) -> int:
    """How many rows there are."""
    with registration.work() as work:
        return int(work.connection.execute(sa.text(f"select count(*) from {table}")).scalar_one())


def test_the_plan_says_who_goes_and_how_much(dpo: Door, registration: Context) -> None:
    """With a child go its guardians who have no other child; what is theirs is counted by kind, and nothing has happened yet."""
    father = a_guardian(given_name="Karim", email="karim@example.org", cpr_number=a_number("1988-01-02"))
    told = left(registration, guardians=[a_guardian(), father])
    enrolled(registration, guardians=[father])
    plan = the_plan(dpo, told["child_id"])
    assert [(one["kind"], one["person_id"]) for one in plan["people"]] == [
        ("child", told["child_id"]),
        ("guardian", told["guardian_ids"][0]),
    ]
    counts = {one["kind"]: one["count"] for one in plan["counts"]}
    assert counts == {"child": 1, "guardian": 1, "enrolment": 1, "consent": 1, "guardianship": 2, "step": 2}
    assert (plan["obstacles"], count(registration, "child")) == ([], 2)


def test_only_what_was_seen_is_erased(dpo: Door, registration: Context) -> None:
    """A plan whose digest is quoted must still be the plan: with another one nothing is erased."""
    told = left(registration)
    digest = the_plan(dpo, told["child_id"])["digest"]
    asked = {"kind": "child", "person_id": told["child_id"], "valid_from": "2024-05-01"}
    deliver(registration, "protection.requested.v1", asked, source=SENDER)
    assert problem(erase(dpo, told["child_id"], digest=digest), 409) == {"plan-changed"}
    assert count(registration, "child") == 1
    assert erase(dpo, told["child_id"]).status_code == 201
    assert count(registration, "child") + count(registration, "guardian") + count(registration, "protection") == 0


def test_looking_changes_no_plan(dpo: Door, registration: Context) -> None:
    """Two who look, one after the other, see the same digest."""
    told = left(registration)
    assert the_plan(dpo, told["child_id"])["digest"] == the_plan(dpo, told["child_id"])["digest"]


def test_who_takes_part_is_not_erased(dpo: Door, registration: Context) -> None:
    """A child that is enrolled, its guardian, and a professional at work stay: the refusal says what must come first."""
    told = enrolled(registration)
    assert problem(erase(dpo, told["child_id"]), 409) == {"still-enrolled"}
    assert problem(erase(dpo, told["guardian_ids"][0]), 409) == {"child-still-enrolled"}
    body = {"programme": "sammen-om-boern", "profession": "pedagogue", "given_name": "Bo", "family_name": "Prøvesen"}
    works = dpo.post("/v1/professionals", json=body | {"email": "bo@example.org", "institution": "151001", "language": "da"}).get_json()
    assert problem(erase(dpo, works["professional_id"]), 409) == {"still-works"}


def test_a_legal_hold_stops_it(dpo: Door, door: Door, registration: Context) -> None:
    """Neither a child on whom a hold lies nor one whose guardian would go along is erased, until it is lifted or has ended."""
    told = left(registration)
    for held in (told["child_id"], told["guardian_ids"][0]):
        hold = dpo.post("/v1/holds", json={"person_id": held, "reason": "complaint"}).get_json()
        assert problem(erase(dpo, told["child_id"]), 409) == {"on-hold"}
        assert [one["hold_id"] for one in dpo.get("/v1/holds").get_json()["items"]] == [hold["hold_id"]]
        lifted = [dpo.post(f"/v1/holds/{hold['hold_id']}/lifting").get_json()["lifted_at"] for _ in range(2)]
        assert lifted[0] == lifted[1] is not None
        assert dpo.get("/v1/holds").get_json()["items"] == []
    dpo.post("/v1/holds", json={"person_id": told["child_id"], "reason": "archive", "until": "2026-11-05"})
    assert problem(erase(dpo, told["child_id"]), 409) == {"on-hold"}
    registration.clock.now = registration.clock.now.replace(day=5)  # type: ignore[attr-defined]
    assert erase(door.as_(Role.COORDINATOR, purpose="answer-enquiry"), told["child_id"]).status_code == 201
    assert count(registration, "legal_hold") == 0


def test_a_hold_is_on_somebody_and_for_some_time(dpo: Door, registration: Context) -> None:
    """On nobody none is placed, nor one that is over; one that is not there is not lifted."""
    told = left(registration)
    assert problem(dpo.post("/v1/holds", json={"person_id": new_id(), "reason": "complaint"}), 404) == {"unknown-person"}
    over = {"person_id": told["child_id"], "reason": "complaint", "until": "2026-11-02"}
    assert problem(dpo.post("/v1/holds", json=over), 422) == {"hold-ends-first"}
    assert problem(dpo.post(f"/v1/holds/{new_id()}/lifting"), 404) == {"unknown-hold"}


def test_it_is_for_the_whole_municipality_to_decide(door: Door, registration: Context) -> None:
    """A coordinator of some institutions alone is refused at each of these doors."""
    some = door.as_(Role.COORDINATOR, institutions={"birkegaarden"}, purpose="answer-enquiry")
    id_, body = left(registration)["child_id"], {"digest": "0" * 32, "person_id": new_id()}
    answers = [
        *(
            some.get(path)
            for path in ("/v1/retention", f"/v1/people/{id_}/erasure-plan", "/v1/erasures", f"/v1/erasures/{id_}", "/v1/holds")
        ),
        some.post("/v1/erasures", json=body),
        some.post("/v1/holds", json={"person_id": id_, "reason": "complaint"}),
        some.post(f"/v1/holds/{id_}/lifting"),
    ]
    assert [problem(answer, 403) for answer in answers] == [{"not-everywhere"}] * len(answers)


def test_nobody_is_erased_twice(dpo: Door, registration: Context) -> None:
    """The same request again under its key is the same receipt; without one there is nobody left to erase."""
    told = left(registration)
    body = {"person_id": told["child_id"], "digest": the_plan(dpo, told["child_id"])["digest"]}
    first, again = (dpo.post("/v1/erasures", json=body, headers={"Idempotency-Key": "wish-7"}).get_json() for _ in range(2))
    assert first == again
    assert problem(dpo.post("/v1/erasures", json=body), 404) == {"unknown-person"}
    assert problem(dpo.get(f"/v1/erasures/{new_id()}"), 404) == {"unknown-erasure"}


def test_the_receipt_is_open_until_all_have_answered(dpo: Door, registration: Context) -> None:
    """It says who is awaited; each answer counts once, in any order; the last one completes it, and that is told once."""
    told = left(registration)
    receipt = erase(dpo, told["child_id"]).get_json()
    path, id_ = f"/v1/erasures/{receipt['erasure_id']}", receipt["erasure_id"]
    assert [one["service"] for one in receipt["services"]] == ["registration"]
    for service in ("reporting", "reporting", "events"):
        answer(registration, service, id_)
    assert (dpo.get(path).get_json()["awaited"], dpo.get(path).get_json()["completed_at"]) == (["notifications"], None)
    assert [one["erasure_id"] for one in dpo.get("/v1/erasures?open=true").get_json()["items"]] == [id_]
    for _ in range(2):
        answer(registration, "notifications", id_)
    assert (dpo.get(path).get_json()["awaited"], dpo.get("/v1/erasures?open=true").get_json()["items"]) == ([], [])
    assert len([m for m in published(registration) if m["type"] == "registration.erasure.completed.v1"]) == 1
    assert [one["erasure_id"] for one in dpo.get("/v1/erasures").get_json()["items"]] == [id_]


def answer(registration: Context, service: str, erasure_id: str) -> None:
    """A service says what it erased; each time anew."""
    data = {"erasure_id": erasure_id, "erased_at": "2026-11-02T09:00:01Z", "counts": [{"kind": "figure", "count": 3}]}
    deliver(registration, ANSWERS[service], data, subject=erasure_id)


def test_an_answer_to_an_erasure_that_nobody_knows_is_let_by(registration: Context) -> None:
    """A registration that was set back to a backup may be told of erasures that it does not remember."""
    answer(registration, "events", new_id())
    assert parked(registration) == []


def test_it_is_told_by_ids_alone(dpo: Door, registration: Context) -> None:
    """The other services are told the ids of the people, of their enrolments and their consents, and of nobody else."""
    told = left(registration)
    consent = last(registration, "registration.consent.given.v1")["consent_id"]
    erase(dpo, told["child_id"])
    decided = last(registration, "registration.erasure.decided.v1")
    assert set(decided["erased_ids"]) == {told["child_id"], *told["guardian_ids"], told["enrolment_id"], consent}
    assert (decided["why"], decided["rule"]) == ("request", None)


def test_who_comes_again_is_new(dpo: Door, registration: Context) -> None:
    """A child that was erased may be enrolled again: as somebody whom nobody knew. The old request, delivered again, does nothing."""
    number = a_number()
    told = left(registration, cpr_number=number)
    deliver(registration, REQUESTED, a_request(cpr_number=number), source=SENDER, id="once")
    with registration.work() as work:
        work.connection.execute(sa.text("update enrolment set status = 'withdrawn', end_date = '2024-06-01'"))
    erase(dpo, told["child_id"])
    deliver(registration, REQUESTED, a_request(cpr_number=number), source=SENDER, id="once")
    assert count(registration, "child") == 0
    assert enrolled(registration, cpr_number=number)["child_id"] != told["child_id"]


def test_what_an_applicant_asked_for_is_dropped(dpo: Door, door: Door, registration: Context) -> None:
    """A request without an account that names somebody who is erased, and that nobody has decided, is declined and forgotten."""
    number = a_number()
    told = left(registration, cpr_number=number)
    sara = applicant(door, registration)
    data = a_request(cpr_number=number, guardians=[a_guardian(email="sara@example.org")])
    assert sara.post("/v1/sign-up-requests", json={"id": new_id(), "data": data}).status_code in {200, 202}
    with registration.work() as work:
        waiting = [request.data for request in work.sign_up_requests.unanswered()]
    assert len(waiting) == 1
    assert erase(dpo, told["child_id"]).status_code == 201
    with registration.work() as work:
        assert work.sign_up_requests.unanswered() == []


def test_somebody_who_is_held_meanwhile_is_not_erased(dpo: Door, registration: Context) -> None:
    """Even with the right digest: what stands against it is asked for again when everybody is locked."""
    told = left(registration)
    with registration.work() as work:
        plan = erasing.plan(told["child_id"], work)
    dpo.post("/v1/holds", json={"person_id": told["child_id"], "reason": "court-case"})
    with registration.work() as work, pytest.raises(Conflict):
        erasing.erase(told["child_id"], erasing.plan(told["child_id"], work).digest, work, None)
    assert plan.obstacles == []


def test_a_file_in_which_he_stands_is_forgotten(dpo: Door, registration: Context) -> None:
    """An import that names the child, or the child of a guardian who is erased, is forgotten whole; another one is not."""
    mine = confirmed(registration, checked(registration, a_file(a_line())))
    others = confirmed(registration, checked(registration, a_file(a_line(**{"Forælder 1 fornavn": "Karim"}))))
    told = next(m["data"] for m in published(registration) if m["type"] == "registration.enrolment.accepted.v1")
    body = {"reason": "moved", "effective_date": "2024-06-01"}
    dpo.post(f"/v1/enrolments/{told['enrolment_id']}/withdrawal", json=body)
    for person_id in (told["guardian_ids"][0], told["child_id"]):
        assert {"kind": "import", "count": 1} in the_plan(dpo, person_id)["counts"]
    receipt = erase(dpo, told["child_id"]).get_json()
    assert {"kind": "import", "count": 1} in receipt["services"][0]["counts"]
    assert [found(registration, one.import_id).state for one in (mine, others)] == [State.EXPIRED, State.APPLIED]
    assert (len(rows(registration, mine)), len(rows(registration, others))) == (0, 1)


def test_who_was_stored_twice_is_erased_under_both_ids(dpo: Door, registration: Context, coordinator: Door) -> None:
    """With a child that was merged goes the one that is kept, whichever is named, unless that one takes part; nothing tells of it then."""
    told, other = left(registration), enrolled(registration, guardians=[a_guardian(given_name="Karim", email="karim@example.org")])
    body = {"kind": "child", "merged_id": told["child_id"], "into_id": other["child_id"], "take": ["given_name"]}
    assert coordinator.post("/v1/merges", json=body).status_code == 201
    run_timer(registration, "duplicates")
    assert problem(erase(dpo, told["child_id"]), 409) == {"still-enrolled"}
    ends = {"enrolment_id": other["enrolment_id"], "reason": "moved", "effective_date": "2024-06-01"}
    deliver(registration, WITHDRAWAL, ends, source=SENDER)
    people = {one["person_id"] for one in the_plan(dpo, other["child_id"])["people"]}
    assert people == {told["child_id"], other["child_id"], told["guardian_ids"][0], other["guardian_ids"][0]}
    assert erase(dpo, told["child_id"]).status_code == 201
    run_timer(registration, "duplicates")
    tables = ("child", "guardian", "merge", "match_key", "candidate", "unmatched", "lookup")
    assert {table: count(registration, table) for table in tables} == dict.fromkeys(tables, 0)
