"""What applicants ask for: it is received, and changes nothing that is registered unless a person says so."""

from datetime import timedelta
from typing import Any

import pytest

from services.chassis.http import Role
from services.chassis.ids import new_id
from services.chassis.service import Context
from services.chassis.testing import Door, FakeClock, published
from services.registration.domain.sign_up import MOST_REQUESTS
from services.registration.handlers import sign_ups
from tests.registration.applicants import REQUESTS, SARA, a_family, applicant, clock_runs, everything, rows, sends, told
from tests.registration.builders import a_guardian, a_number, a_request
from tests.reliability.fuzz.secrets import logged

ENROLMENTS = "registration.enrolment."
WAITING = f"{REQUESTS}/waiting"


@pytest.fixture
def sara(door: Door, registration: Context) -> Door:
    """The door for Sara, who has proved her address."""
    return applicant(door, registration)


@pytest.fixture
def asta(system: Door) -> str:
    """The CPR number of a child who is enrolled already."""
    number = a_number()
    asked = {"id": "placement-17", "data": a_request(cpr_number=number)}
    assert system.post("/v1/enrolment-requests", json=asked).get_json()["status"] == "accepted"
    return number


def enrolments(context: Context) -> list[Any]:
    """The facts of enrolments that were told."""
    return [message for message in published(context) if message["type"].startswith(ENROLMENTS)]


def standing(context: Context) -> list[tuple[str, list[str]]]:
    """Where the requests stand, and why."""
    return [(row.status, row.why) for row in rows(context, "select status, why from sign_up_request order by sign_up_request_id")]


def slugs(answer: Any) -> set[str]:
    """The rules that an answer names."""
    return {found["slug"] for found in answer.get_json()["reasons"]}


class TestAsking:
    """POST and GET /v1/sign-up-requests."""

    def test_a_new_family_is_enrolled(self, sara: Door, registration: Context) -> None:
        """What meets nobody becomes an enrolment like any other, without the family being told a single id."""
        answer = sends(sara, a_family(), "our-first")
        assert answer.status_code == 202
        assert answer.get_json() | {"received_at": None} == {
            "request_id": "our-first",
            "status": "received",
            "reasons": [],
            "received_at": None,
        }
        clock_runs(registration)
        [fact] = enrolments(registration)
        assert (fact["type"], fact["data"]["institution"]) == ("registration.enrolment.accepted.v1", "birkegaarden")
        assert standing(registration) == [("taken", [])]
        assert sara.get(REQUESTS).get_json() == {"items": [answer.get_json()]}

    def test_what_was_asked_is_forgotten_when_it_is_taken(self, sara: Door, registration: Context) -> None:
        """Until then it is kept sealed: neither name nor number nor address stands in its table."""
        sends(sara, a_family())
        [row] = rows(registration, "select t::text as text, content from sign_up_request t")
        assert not any(secret in row.text for secret in ("Asta", "Sara", SARA))
        assert row.content
        clock_runs(registration)
        assert rows(registration, "select content from sign_up_request") == [(None,)]

    def test_nobody_learns_who_is_enrolled(self, sara: Door, asta: str, registration: Context, statements: list[str]) -> None:
        """For a child who is known and one who is not: the same status, headers, body and statements, then and afterwards."""
        statements.clear()
        first = told(sends(sara, a_family()))
        of_unknown = list(statements)
        statements.clear()
        assert told(sends(sara, a_family(cpr_number=asta))) == first
        assert statements == of_unknown
        clock_runs(registration)
        assert [item["status"] for item in sara.get(REQUESTS).get_json()["items"]] == ["received", "received"]

    def test_a_known_child_waits_for_a_person(self, sara: Door, asta: str, registration: Context) -> None:
        """Nothing is told, and nothing that is registered changes, whatever the request says of whom."""
        before = people(registration)
        told_before = len(published(registration))
        sends(sara, a_family(cpr_number=asta))
        clock_runs(registration)
        assert standing(registration) == [("waiting", ["somebody-known"])]
        assert (people(registration), len(published(registration))) == (before, told_before)

    def test_a_known_guardian_waits_for_a_person(self, sara: Door, system: Door, registration: Context) -> None:
        """Whoever gives a guardian's CPR number cannot give him another address by it."""
        number = a_number("1984-03-02")
        known = a_request(guardians=[a_guardian(cpr_number=number)])
        system.post("/v1/enrolment-requests", json={"id": "placement-17", "data": known})
        before = people(registration)
        sends(sara, a_family(guardians=[a_guardian(cpr_number=number, email=SARA)]))
        clock_runs(registration)
        assert standing(registration) == [("waiting", ["somebody-known"])]
        assert people(registration) == before

    def test_of_two_for_one_child_the_first_is_taken(self, sara: Door, registration: Context) -> None:
        """The second meets somebody whom the first has made known."""
        number = a_number()
        for _ in range(2):
            sends(sara, a_family(cpr_number=number))
        clock_runs(registration)
        assert standing(registration) == [("taken", []), ("waiting", ["somebody-known"])]
        assert len(enrolments(registration)) == 1

    def test_what_cannot_be_taken_holds_up_nobody(self, sara: Door, registration: Context, monkeypatch: pytest.MonkeyPatch) -> None:
        """One that stumbles over something that nobody foresaw waits for a person; the next one is taken."""
        take, stumbles = sign_ups.take_received, [True, False]

        def stumble(sign_up_request_id: str, work: Any) -> None:
            take(sign_up_request_id, work)
            if stumbles.pop(0):
                raise LookupError(SARA)

        monkeypatch.setattr(sign_ups, "take_received", stumble)
        sends(sara, a_family())
        sends(sara, a_family())
        with logged() as log:
            clock_runs(registration)
        assert standing(registration) == [("waiting", ["fault"]), ("taken", [])]
        assert len(enrolments(registration)) == 1
        assert SARA not in log.getvalue()

    def test_every_reason_at_once(self, sara: Door, registration: Context) -> None:
        """What speaks against a request whoever is registered is told at once; nothing of it is kept or told."""
        answer = sends(sara, a_request(track="D", institution="999999"))
        assert answer.get_json()["status"] == "rejected"
        assert slugs(answer) == {"unknown-track", "unknown-institution", "address-not-proven"}
        broken = sends(sara, {"programme": "sammen-om-boern"})
        assert slugs(broken) == {"field-missing"}
        clock_runs(registration)
        assert enrolments(registration) == []
        assert [row.content for row in rows(registration, "select content from sign_up_request")] == [None, None]

    def test_one_guardian_has_the_proven_address(self, sara: Door) -> None:
        """However it is written, and whichever of them he is; another address of his is not proven."""
        assert slugs(sends(sara, a_family(guardians=[a_guardian(email="other@example.org", phone="20 00 00 17")]))) == {
            "address-not-proven"
        }
        assert slugs(sends(sara, a_family(guardians=[a_guardian(), a_guardian(given_name="Sara", email="SARA@example.org")]))) == set()

    def test_the_same_again_is_the_same(self, sara: Door, registration: Context) -> None:
        """A repeated request is answered as before and not asked twice; other content under its id is a conflict."""
        data = a_family()
        first, again = sends(sara, data, "one"), sends(sara, data, "one")
        assert (first.get_json(), first.status_code) == (again.get_json(), again.status_code)
        assert sends(sara, a_family(), "one").status_code == 409
        clock_runs(registration)
        assert len(enrolments(registration)) == 1

    def test_a_session_asks_ten_times(self, sara: Door) -> None:
        """Then it is 429: no family needs more, and whoever does asks for a new link."""
        statuses = [sends(sara, {}).status_code for _ in range(MOST_REQUESTS + 1)]
        assert statuses == [202] * MOST_REQUESTS + [429]

    def test_a_session_sees_its_own(self, sara: Door, door: Door, registration: Context) -> None:
        """Another family's requests, and those of an earlier session, are in nobody's list."""
        sends(sara, a_family())
        later = applicant(door, registration)
        assert later.get(REQUESTS).get_json() == {"items": []}

    def test_a_session_ends(self, sara: Door, registration: Context) -> None:
        """After half an hour nothing can be asked or read in it."""
        assert isinstance(registration.clock, FakeClock)
        registration.clock.advance(timedelta(minutes=30))
        refused = sends(sara, a_family())
        assert (refused.status_code, refused.get_json()["errors"][0]["slug"]) == (403, "session-over")
        registration.clock.advance(timedelta(minutes=1))
        assert sara.get(REQUESTS).status_code == 401


def people(context: Context) -> list[str]:
    """Everything that is kept of children, guardians and who is whose."""
    return [row[0] for table in ("child", "guardian", "guardianship") for row in rows(context, f"select t::text from {table} t order by 1")]


class TestDeciding:
    """What waits for a person."""

    @pytest.fixture
    def waiting(self, sara: Door, asta: str, registration: Context) -> str:
        """The id of a request for a child who is known."""
        sends(sara, a_family(cpr_number=asta, track="B"))
        clock_runs(registration)
        [row] = rows(registration, "select sign_up_request_id::text as id from sign_up_request")
        return str(row.id)

    def test_a_leader_sees_her_own(self, door: Door, waiting: str) -> None:
        """The list names nobody; another house's leader has none of it."""
        own, other = (door.as_(Role.LEADER, institutions={code}, purpose="handle-enrolment") for code in ("birkegaarden", "sesam"))
        [item] = own.get(WAITING).get_json()["items"]
        assert (item["sign_up_request_id"], item["institution"], item["why"]) == (waiting, "birkegaarden", ["somebody-known"])
        assert set(item) == {"sign_up_request_id", "programme", "institution", "received_at", "why"}
        assert other.get(WAITING).get_json() == {"items": []}
        for path in (f"{REQUESTS}/{waiting}", f"{REQUESTS}/{new_id()}"):
            assert other.get(path).status_code == 404
        assert other.post(f"{REQUESTS}/{waiting}/decision", json={"decision": "take"}).status_code == 404

    def test_a_look_shows_what_was_asked(self, door: Door, waiting: str, registration: Context) -> None:
        """For a purpose, audited, with CPR numbers masked."""
        leader = door.as_(Role.LEADER, subject="lone", institutions={"birkegaarden"}, purpose="handle-enrolment")
        data = leader.get(f"{REQUESTS}/{waiting}").get_json()["data"]
        assert (data["child"]["given_name"], data["child"]["cpr_number"][-4:], data["guardians"][0]["email"]) == ("Asta", "xxxx", SARA)
        assert door.as_(Role.COORDINATOR).get(f"{REQUESTS}/{waiting}").status_code == 400
        [row] = rows(registration, "select subject, purpose, objects from chassis.audit where purpose is not null")
        assert (row.subject, row.purpose, list(row.objects)) == ("lone", "handle-enrolment", [waiting])

    def test_what_the_rules_reject_is_told_to_whoever_decides(self, coordinator: Door, waiting: str) -> None:
        """A child who is enrolled already is not enrolled again; the request goes on waiting."""
        answer = coordinator.post(f"{REQUESTS}/{waiting}/decision", json={"decision": "take"})
        assert (answer.status_code, [error["slug"] for error in answer.get_json()["errors"]]) == (422, ["already-enrolled"])
        assert len(coordinator.get(WAITING).get_json()["items"]) == 1

    def test_it_is_taken(self, coordinator: Door, waiting: str, registration: Context, door: Door) -> None:
        """When the way is free it becomes an enrolment, and Sara one of the child's guardians; once."""
        [enrolment] = coordinator.get("/v1/enrolments").get_json()["items"]
        coordinator.post(f"/v1/enrolments/{enrolment['enrolment_id']}/withdrawal", json={"reason": "moved", "effective_date": "2024-03-01"})
        path = f"{REQUESTS}/{waiting}/decision"
        answer = coordinator.post(path, json={"decision": "take"})
        assert (answer.status_code, answer.get_json()) == (200, {"sign_up_request_id": waiting, "status": "taken"})
        assert enrolments(registration)[-1]["data"]["child_id"] == enrolment["child_id"]
        child = door.as_(Role.COORDINATOR, purpose="handle-enrolment").get(f"/v1/children/{enrolment['child_id']}").get_json()
        assert {guardian["given_name"] for guardian in child["guardians"]} == {"Mona", "Sara"}
        assert coordinator.post(path, json={"decision": "take"}).status_code == 404

    def test_it_is_declined(self, coordinator: Door, waiting: str, registration: Context, sara: Door) -> None:
        """Nothing of it is left but that it was asked for; the applicant reads what he read before."""
        assert coordinator.post(f"{REQUESTS}/{waiting}/decision", json={"decision": "decline"}).get_json()["status"] == "declined"
        assert rows(registration, "select status, content from sign_up_request") == [("declined", None)]
        assert [item["status"] for item in sara.get(REQUESTS).get_json()["items"]] == ["received"]
        assert SARA not in everything(registration)
