"""The HTTP door: the same requests as on the bus, and what people look up and change."""

import re
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.http import Role
from services.chassis.ids import new_id
from services.chassis.service import Context
from services.chassis.testing import Door, deliver, published
from services.registration.handlers.enrolling import ENROLMENT_CONTRACT
from tests.registration.applicants import applicant
from tests.registration.builders import REQUESTED, SENDER, a_consent, a_guardian, a_number, a_request

REQUESTS = "/v1/enrolment-requests"
BULK = "/v1/enrolment-requests/bulk"


def enrolled(door: Door, **details: Any) -> dict[str, Any]:
    """Asta's enrolment, asked for over HTTP."""
    found: dict[str, Any] = door.post(REQUESTS, json=asked(a_request(**details))).get_json()
    assert found["status"] == "accepted", found
    return found


def asked(data: Any) -> dict[str, Any]:
    """A request under an id that nothing else has."""
    return {"id": new_id(), "data": data}


def problem(answer: Any, status: int) -> set[str]:
    """The rules that a refusal names."""
    assert answer.status_code == status, answer.get_json()
    return {error["slug"] for error in answer.get_json()["errors"]}


class TestRequests:
    """POST /v1/enrolment-requests."""

    def test_a_request_is_answered_at_once(self, system: Door, registration: Context) -> None:
        """The answer is the fact that everybody else gets too."""
        answer = system.post(REQUESTS, json={"id": "placement-17", "data": a_request()})
        fact = next(m for m in published(registration) if m["type"].startswith("registration.enrolment"))
        assert answer.status_code == 200
        assert answer.get_json() == fact["data"]
        assert (fact["type"], fact["data"]["request_id"]) == ("registration.enrolment.accepted.v1", "placement-17")

    @pytest.mark.parametrize(
        "broken", [{"track": "D", "institution": "999999"}, {"guardians": "Mona", "colour": "red"}, {"consent": None, "guardians": []}]
    )
    def test_both_doors_give_the_same_reasons(self, system: Door, registration: Context, broken: dict[str, Any]) -> None:
        """What is wrong is told in the same words over HTTP and on the bus, contract and rules alike."""
        request = a_request(**broken)
        over_http = system.post(REQUESTS, json=asked(request)).get_json()
        deliver(registration, REQUESTED, request, source=SENDER)
        on_the_bus = published(registration)[-1]["data"]
        assert over_http["status"] == on_the_bus["status"] == "rejected"
        assert over_http["reasons"] == on_the_bus["reasons"] != []

    def test_a_whole_number_may_be_written_with_a_point(self, system: Door) -> None:
        """To JSON Schema, and so to the contract, 0.0 is the whole number 0."""
        request = a_request(consent=a_consent(guardian=0.0))
        assert system.post(REQUESTS, json=asked(request)).get_json()["status"] == "accepted"

    def test_the_same_id_again_is_the_same_answer(self, system: Door, registration: Context) -> None:
        """A repeated request changes nothing and is answered as before, even after the enrolment has ended."""
        body = {"id": "placement-17", "data": a_request()}
        first = system.post(REQUESTS, json=body).get_json()
        system.post(f"/v1/enrolments/{first['enrolment_id']}/withdrawal", json={"reason": "moved", "effective_date": "2024-06-01"})
        told = len(published(registration))
        assert system.post(REQUESTS, json=body).get_json() == first
        assert len(published(registration)) == told

    def test_the_same_id_with_other_content_is_a_conflict(self, system: Door) -> None:
        """Nothing is done, and the sender is told to use a new id."""
        system.post(REQUESTS, json={"id": "placement-17", "data": a_request()})
        assert problem(system.post(REQUESTS, json={"id": "placement-17", "data": a_request()}), 409) == {"same-id-other-content"}

    def test_a_request_counts_once_over_both_doors(self, system: Door, registration: Context) -> None:
        """What a system sent on the bus and repeats over HTTP under the same id is answered, not done again."""
        request = a_request()
        deliver(registration, REQUESTED, request, source=SENDER, id="placement-17")
        answer = system.post(REQUESTS, json={"id": "placement-17", "data": request}).get_json()
        facts = [m for m in published(registration) if m["type"].startswith("registration.enrolment")]
        assert [fact["data"] for fact in facts] == [answer]

    def test_a_request_without_an_id_is_refused(self, system: Door, registration: Context) -> None:
        """Repeated, it would be done twice; the reason says so, and nothing is kept."""
        answer = system.post(REQUESTS, json={"data": a_request()})
        assert problem(answer, 422) == {"field-missing"}
        [error] = answer.get_json()["errors"]
        assert (error["field"], "done twice" in error["text"]["en"]) == ("/id", True)
        assert published(registration) == []

    def test_staff_enrol_for_their_own_institutions(self, door: Door) -> None:
        """A leader enrols in her own house, and not in another's."""
        leader = door.as_(Role.LEADER, institutions={"birkegaarden"})
        assert enrolled(leader)["institution"] == "birkegaarden"
        assert problem(leader.post(REQUESTS, json=asked(a_request(institution="151002"))), 403) == {"not-your-institution"}

    @pytest.mark.parametrize("id_", ["740522-4015", "7405224015", "child 150520-1234", "placement/7405224015/2"])
    def test_an_id_that_looks_like_a_person_is_refused(self, system: Door, registration: Context, id_: str) -> None:
        """An id is logged and told to everybody, so it may hold no CPR number; it is not repeated either."""
        one = system.post(REQUESTS, json={"id": id_, "data": a_request()})
        [many] = system.post(BULK, json={"requests": [{"id": id_, "data": a_request()}]}).get_json()["answers"]
        assert problem(one, 422) == {many["reasons"][0]["slug"]} == {"personal-number"}
        assert id_ not in one.get_data(as_text=True) + str(many)
        assert published(registration) == []

    @pytest.mark.parametrize("body", [{}, {"data": []}, {"data": {}, "colour": "red"}, {"id": "", "data": {}}, {"id": 7, "data": {}}])
    def test_what_is_no_request_is_refused(self, system: Door, body: dict[str, Any]) -> None:
        """A body that is not an id and data is a problem, and nothing is kept of it."""
        assert problem(system.post(REQUESTS, json=body), 422)


class TestBulk:
    """POST /v1/enrolment-requests/bulk."""

    def test_each_is_answered_on_its_own_in_order(self, system: Door) -> None:
        """Good, rejected, broken and repeated ones stand side by side."""
        good, number = a_request(), a_number()
        requests = [
            {"id": "1", "data": good},
            {"id": "2", "data": a_request(track="D")},
            {"id": "3", "data": {"nonsense": True}},
            {"id": "4", "data": a_request(cpr_number=number)},
            {"id": "5", "data": a_request(cpr_number=number)},
            {"id": "1", "data": good},
            {"id": "1", "data": a_request()},
        ]
        answers = system.post(BULK, json={"requests": requests}).get_json()["answers"]
        assert [answer["request_id"] for answer in answers] == ["1", "2", "3", "4", "5", "1", "1"]
        assert [answer["status"] for answer in answers] == [
            "accepted",
            "rejected",
            "rejected",
            "accepted",
            "rejected",
            "accepted",
            "conflict",
        ]
        assert answers[5] == answers[0]
        assert answers[6]["reasons"][0]["slug"] == "same-id-other-content"

    def test_what_is_no_request_is_nothing_to_the_others(self, system: Door) -> None:
        """What is not an id and data is told so in its place, and the rest is taken."""
        good = asked(a_request())
        requests = [
            {"id": "no-data"},
            good,
            5,
            None,
            {"data": a_request()},
            {"id": 7, "data": {}},
            {"id": "x", "data": {}, "colour": "red"},
        ]
        answers = system.post(BULK, json={"requests": requests}).get_json()["answers"]
        assert [answer["status"] for answer in answers] == ["invalid", "accepted", *["invalid"] * 5]
        assert [answer["request_id"] for answer in answers] == ["no-data", good["id"], None, None, None, None, "x"]
        wrong = [[reason["field"] for reason in answer["reasons"]] for answer in answers]
        assert wrong == [["/data"], [], [""], [""], ["/id"], ["/id"], ["/colour"]]

    def test_nothing_but_nonsense_is_answered_too(self, system: Door, registration: Context) -> None:
        """Each gets its answer, and nothing is kept."""
        answers = system.post(BULK, json={"requests": [5, {}]}).get_json()["answers"]
        assert [answer["status"] for answer in answers] == ["invalid", "invalid"]
        assert published(registration) == []

    @pytest.mark.parametrize("body", [[], {"requests": {}}, {"requests": "all"}, {"requests": []}, {}])
    def test_what_is_no_list_is_refused(self, system: Door, body: Any) -> None:
        """Where there is no list, nobody can be answered on his own."""
        assert problem(system.post(BULK, json=body), 422)

    def test_up_to_500_at_once(self, system: Door, statements: list[str]) -> None:
        """Five hundred are taken, and their decisions cost no more statements than one; one more is refused."""
        requests = [asked(a_request(guardians=[a_guardian(cpr_number=a_number("1991-03-09"))])) for _ in range(501)]
        statements.clear()
        answers = system.post(BULK, json={"requests": requests[:500]}).get_json()["answers"]
        assert {answer["status"] for answer in answers} == {"accepted"}
        assert len([s for s in statements if "chassis." not in s]) <= 18
        assert problem(system.post(BULK, json={"requests": requests}), 422)


class TestEnrolments:
    """Looking enrolments up, and ending them."""

    def test_a_list_goes_on_page_by_page(self, coordinator: Door) -> None:
        """Following `next` visits every enrolment once, in the order in which they were answered."""
        known = [enrolled(coordinator)["enrolment_id"] for _ in range(5)]
        seen: list[str] = []
        after: str | None = ""
        while after is not None:
            page = coordinator.get(f"/v1/enrolments?limit=2{after and f'&after={after}'}").get_json()
            seen += [item["enrolment_id"] for item in page["items"]]
            after = page["next"]
        assert seen == known

    def test_a_list_is_narrowed(self, coordinator: Door) -> None:
        """Programme, status, institution, district and child each narrow the list."""
        one, other = enrolled(coordinator), enrolled(coordinator, institution="laerkereden")
        coordinator.post(REQUESTS, json=asked(a_request(track="D")))

        def found(query: str) -> list[str]:
            return [item["enrolment_id"] for item in coordinator.get(f"/v1/enrolments?{query}").get_json()["items"]]

        assert (
            found("district=baltorp")
            == found("institution=laerkereden")
            == found(f"child_id={other['child_id']}")
            == [other["enrolment_id"]]
        )
        assert found("status=accepted&programme=sammen-om-boern") == [one["enrolment_id"], other["enrolment_id"]]
        assert len(found("status=rejected")) == 1
        assert problem(coordinator.get("/v1/enrolments?status=lost"), 400)

    def test_everybody_sees_his_own(self, door: Door, coordinator: Door, system: Door) -> None:
        """A leader sees her house, a system what it sent, a guardian the family, a coordinator all; nothing else exists for them."""
        here, there = enrolled(system), enrolled(coordinator, institution="laerkereden")
        guardian = door.as_(Role.GUARDIAN, subject=here["guardian_ids"][0])
        for own in (
            door.as_(Role.LEADER, institutions={"birkegaarden"}),
            door.as_(Role.HEALTH_VISITOR, institutions={"birkegaarden"}),
            system,
            guardian,
        ):
            assert [item["enrolment_id"] for item in own.get("/v1/enrolments").get_json()["items"]] == [here["enrolment_id"]]
            assert own.get(f"/v1/enrolments/{here['enrolment_id']}").get_json() == here
            assert problem(own.get(f"/v1/enrolments/{there['enrolment_id']}"), 404) == {"unknown-enrolment"}
        assert len(coordinator.get("/v1/enrolments").get_json()["items"]) == 2

    def test_an_enrolment_is_withdrawn(self, coordinator: Door, registration: Context) -> None:
        """The answer is the fact; a second time is a conflict."""
        path = f"/v1/enrolments/{enrolled(coordinator)['enrolment_id']}/withdrawal"
        body = {"reason": "moved", "effective_date": "2024-06-01"}
        answer = coordinator.post(path, json=body).get_json()
        assert (answer["status"], answer["end_date"]) == ("withdrawn", "2024-06-01")
        assert published(registration)[-1]["data"] == answer
        assert problem(coordinator.post(path, json=body), 409) == {"already-withdrawn"}

    def test_nobody_ends_what_he_does_not_see(self, door: Door, coordinator: Door) -> None:
        """Another system, another house's leader and another family get a 404."""
        path = f"/v1/enrolments/{enrolled(coordinator)['enrolment_id']}/withdrawal"
        body = {"reason": "moved", "effective_date": "2024-06-01"}
        strangers = (
            door.as_(Role.SYSTEM, source="https://other.example"),
            door.as_(Role.LEADER, institutions={"sesam"}),
            door.as_(Role.GUARDIAN, subject=new_id()),
        )
        for stranger in strangers:
            assert problem(stranger.post(path, json=body), 404)
        assert coordinator.post(path, json=body).status_code == 200


class TestChildren:
    """GET /v1/children/{id}: the only door to names."""

    def test_a_child_is_shown_with_masked_number_and_guardians(self, coordinator: Door, door: Door) -> None:
        """Who may see the child sees its names, birthday, guardians and consents, and six digits of the number."""
        child_id = enrolled(coordinator, cpr_number="740522-4015")["child_id"]
        child = door.as_(Role.COORDINATOR, purpose="plan-workshop").get(f"/v1/children/{child_id}").get_json()
        assert (child["given_name"], child["birth_date"], child["cpr_number"]) == ("Asta", "2022-05-14", "740522-xxxx")
        assert [(g["given_name"], g["email"], g["custody"], g["residence"]) for g in child["guardians"]] == [
            ("Mona", "mona@example.org", True, True)
        ]
        assert [consent["status"] for consent in child["consents"]] == ["given"]

    def test_it_takes_a_purpose_and_leaves_a_trace(self, coordinator: Door, door: Door, registration: Context) -> None:
        """Without a purpose nothing is shown; with one, who looked at whom and why is kept."""
        child_id = enrolled(coordinator)["child_id"]
        assert problem(coordinator.get(f"/v1/children/{child_id}"), 400)
        door.as_(Role.COORDINATOR, subject="birgit", purpose="plan-workshop").get(f"/v1/children/{child_id}")
        with registration.work() as work:
            query = sa.text("select subject, purpose, objects from chassis.audit where purpose is not null")
            [row] = work.connection.execute(query).all()
        assert (row.subject, row.purpose, list(row.objects)) == ("birgit", "plan-workshop", [child_id])

    def test_a_guardian_sees_himself_and_not_the_other(self, coordinator: Door, door: Door) -> None:
        """Of two guardians, neither learns the other's address from us."""
        found = enrolled(coordinator, guardians=[a_guardian(), a_guardian(given_name="Karim", email="karim@example.org")])
        karim = door.as_(Role.GUARDIAN, subject=found["guardian_ids"][1], purpose="own-family")
        child = karim.get(f"/v1/children/{found['child_id']}").get_json()
        assert [guardian["given_name"] for guardian in child["guardians"]] == ["Karim"]
        assert child["consents"] == []

    def test_other_families_and_houses_do_not_exist(self, coordinator: Door, door: Door) -> None:
        """A stranger gets the same answer for a child that exists as for one that does not."""
        child_id = enrolled(coordinator)["child_id"]
        for stranger in (
            door.as_(Role.GUARDIAN, subject=new_id(), purpose="own-family"),
            door.as_(Role.GUARDIAN, subject="not-an-id", purpose="own-family"),
            door.as_(Role.LEADER, institutions={"sesam"}, purpose="own-family"),
        ):
            assert problem(stranger.get(f"/v1/children/{child_id}"), 404) == problem(stranger.get(f"/v1/children/{new_id()}"), 404)

    def test_the_leader_of_the_house_sees_the_child(self, coordinator: Door, door: Door) -> None:
        """As long as the child is enrolled there; afterwards it is no longer hers to see."""
        found = enrolled(coordinator)
        leader = door.as_(Role.LEADER, institutions={"birkegaarden"}, purpose="plan-workshop")
        assert leader.get(f"/v1/children/{found['child_id']}").status_code == 200
        coordinator.post(f"/v1/enrolments/{found['enrolment_id']}/withdrawal", json={"reason": "moved", "effective_date": "2024-06-01"})
        assert leader.get(f"/v1/children/{found['child_id']}").status_code == 404


class TestConsents:
    """POST /v1/consents/{id}/withdrawal."""

    @pytest.fixture
    def consent(self, coordinator: Door, registration: Context) -> dict[str, Any]:
        """A consent that was given with a request."""
        enrolled(coordinator)
        found: dict[str, Any] = next(m["data"] for m in published(registration) if m["type"] == "registration.consent.given.v1")
        return found

    def test_a_guardian_takes_his_own_back(self, door: Door, registration: Context, consent: dict[str, Any]) -> None:
        """It is told at once, with the time; the second time changes nothing."""
        mona = door.as_(Role.GUARDIAN, subject=consent["guardian_id"])
        path = f"/v1/consents/{consent['consent_id']}/withdrawal"
        first, second = mona.post(path).get_json(), mona.post(path).get_json()
        assert (first["status"], first["withdrawn_at"][:10]) == ("withdrawn", "2026-11-02")
        assert second == first
        assert [m["type"] for m in published(registration)].count("registration.consent.withdrawn.v1") == 1

    def test_nobody_elses(self, door: Door, consent: dict[str, Any]) -> None:
        """Another guardian finds no such consent."""
        stranger = door.as_(Role.GUARDIAN, subject=new_id())
        assert problem(stranger.post(f"/v1/consents/{consent['consent_id']}/withdrawal"), 404) == {"unknown-consent"}


class TestProfessionals:
    """POST /v1/professionals."""

    BODY = {  # noqa: RUF012 - a constant
        "programme": "sammen-om-boern",
        "profession": "pedagogue",
        "institution": "birkegaarden",
        "given_name": "Karen",
        "family_name": "Prøvesen",
        "email": "karen@example.org",
    }

    def test_a_professional_is_registered(self, coordinator: Door, registration: Context) -> None:
        """The fact names no person; the sealed card follows."""
        answer = coordinator.post("/v1/professionals", json=self.BODY)
        fact, card = published(registration)
        assert (answer.status_code, answer.get_json()) == (201, fact["data"])
        assert (card["type"], card["data"]["kind"]) == ("registration.contact.sealed.v1", "professional")

    def test_registering_again_corrects(self, coordinator: Door, registration: Context) -> None:
        """The same address is the same professional; what is unchanged is not told."""
        first = coordinator.post("/v1/professionals", json=self.BODY).get_json()
        told = len(published(registration))
        again = coordinator.post("/v1/professionals", json=self.BODY)
        assert (again.status_code, again.get_json(), len(published(registration))) == (200, first, told)
        moved = coordinator.post("/v1/professionals", json=self.BODY | {"institution": "151004", "email": "Karen@example.org"}).get_json()
        assert (moved["professional_id"], moved["institution"]) == (first["professional_id"], "sesam")

    def test_every_mistake_at_once(self, coordinator: Door) -> None:
        """An unknown profession and an unknown house are told together."""
        body = self.BODY | {"profession": "wizard", "institution": "hogwarts"}
        assert problem(coordinator.post("/v1/professionals", json=body), 422) == {"unknown-profession", "unknown-institution"}
        assert problem(coordinator.post("/v1/professionals", json=self.BODY | {"programme": "none"}), 422) == {"unknown-programme"}

    def test_a_leader_registers_her_own(self, door: Door) -> None:
        """For another house she may not."""
        leader = door.as_(Role.LEADER, institutions={"birkegaarden"})
        assert leader.post("/v1/professionals", json=self.BODY).status_code == 201
        assert problem(leader.post("/v1/professionals", json=self.BODY | {"institution": "151002"}), 403) == {"not-your-institution"}


def test_programmes_and_institutions_are_for_everyone_with_a_token(door: Door) -> None:
    """What may be enrolled in, and where, is no secret among those who sign in."""
    reader = door.as_(Role.READER)
    [programme] = reader.get("/v1/programmes").get_json()["items"]
    assert (programme["programme"], programme["period"]) == ("sammen-om-boern", {"start": "2021-01-01", "end": "2024-06-30"})
    assert len(reader.get("/v1/institutions").get_json()["items"]) == 11
    in_baltorp = reader.get("/v1/institutions?district=baltorp&programme=sammen-om-boern").get_json()["items"]
    assert {institution["district"] for institution in in_baltorp} == {"baltorp"}
    assert len(in_baltorp) == 6


ALL, PUBLIC = set(Role), set(Role)
STAFF = {Role.COORDINATOR, Role.LEADER, Role.HEALTH_VISITOR}
OPEN_TO = {
    ("GET", "/v1/programmes"): ALL,
    ("GET", "/v1/programmes/{code}/consent-texts"): ALL,
    ("GET", "/v1/institutions"): ALL,
    ("GET", "/v1/institutions/{id}"): ALL,
    ("POST", "/v1/enrolment-requests"): STAFF | {Role.SYSTEM, Role.PROFESSIONAL},
    ("POST", "/v1/enrolment-requests/bulk"): {Role.COORDINATOR, Role.SYSTEM},
    ("GET", "/v1/enrolments"): STAFF | {Role.SYSTEM, Role.GUARDIAN},
    ("GET", "/v1/enrolments/{id}"): STAFF | {Role.SYSTEM, Role.GUARDIAN},
    ("GET", "/v1/enrolments/{id}/origin"): STAFF | {Role.SYSTEM, Role.GUARDIAN},
    ("POST", "/v1/enrolments/{id}/withdrawal"): {Role.COORDINATOR, Role.LEADER, Role.SYSTEM, Role.GUARDIAN},
    ("POST", "/v1/enrolments/{id}/steps"): STAFF | {Role.SYSTEM, Role.GUARDIAN},
    ("DELETE", "/v1/enrolments/{id}/steps/{number}"): STAFF | {Role.SYSTEM, Role.GUARDIAN},
    ("GET", "/v1/enrolments/{id}/history"): STAFF | {Role.SYSTEM, Role.GUARDIAN},
    ("GET", "/v1/children/{id}/journey"): STAFF | {Role.GUARDIAN},
    ("GET", "/v1/enrolments/{id}/answers"): STAFF | {Role.PROFESSIONAL, Role.GUARDIAN},
    ("PATCH", "/v1/enrolments/{id}/answers"): STAFF | {Role.SYSTEM, Role.GUARDIAN},
    ("GET", "/v1/enrolments/{id}/guardians/{guardian_id}/answers"): STAFF | {Role.PROFESSIONAL, Role.GUARDIAN},
    ("PATCH", "/v1/enrolments/{id}/guardians/{guardian_id}/answers"): STAFF | {Role.SYSTEM, Role.GUARDIAN},
    ("GET", "/v1/programmes/{code}/questions/{question}/answers"): STAFF | {Role.PROFESSIONAL},
    ("GET", "/v1/professionals/{id}/answers"): {Role.COORDINATOR, Role.LEADER, Role.PROFESSIONAL},
    ("PATCH", "/v1/professionals/{id}/answers"): {Role.COORDINATOR, Role.LEADER, Role.PROFESSIONAL},
    ("POST", "/v1/professionals/{id}/steps"): {Role.COORDINATOR, Role.LEADER},
    ("GET", "/v1/professionals/{id}/history"): {Role.COORDINATOR, Role.LEADER},
    ("POST", "/v1/protections"): {Role.COORDINATOR, Role.SYSTEM},
    ("POST", "/v1/corrections"): {Role.COORDINATOR, Role.SYSTEM},
    ("GET", "/v1/corrections"): {Role.COORDINATOR},
    ("POST", "/v1/professionals"): {Role.COORDINATOR, Role.LEADER},
    ("GET", "/v1/children/{id}"): STAFF | {Role.GUARDIAN},
    ("GET", "/v1/duplicates"): {Role.COORDINATOR},
    ("GET", "/v1/duplicates/{one}/{other}"): {Role.COORDINATOR},
    ("POST", "/v1/duplicates/{one}/{other}/distinction"): {Role.COORDINATOR},
    ("GET", "/v1/register-differences"): {Role.COORDINATOR},
    ("POST", "/v1/register-differences/{id}/decision"): {Role.COORDINATOR},
    ("GET", "/v1/merges"): {Role.COORDINATOR},
    ("POST", "/v1/merges"): {Role.COORDINATOR},
    ("POST", "/v1/merges/{id}/undoing"): {Role.COORDINATOR},
    ("GET", "/v1/children/{id}/consents"): STAFF | {Role.GUARDIAN},
    ("POST", "/v1/consents"): STAFF | {Role.SYSTEM, Role.GUARDIAN, Role.PROFESSIONAL},
    ("GET", "/v1/consents/{id}"): STAFF | {Role.SYSTEM, Role.GUARDIAN, Role.PROFESSIONAL},
    ("POST", "/v1/consents/{id}/withdrawal"): {Role.COORDINATOR, Role.GUARDIAN, Role.PROFESSIONAL},
    ("GET", "/v1/children/{id}/households"): STAFF | {Role.GUARDIAN},
    ("POST", "/v1/children/{id}/guardians"): {Role.COORDINATOR, Role.HEALTH_VISITOR, Role.SYSTEM},
    ("PUT", "/v1/children/{id}/guardians/{guardian_id}"): {Role.COORDINATOR, Role.LEADER},
    ("GET", "/v1/guardians/{id}"): STAFF | {Role.GUARDIAN},
    ("PATCH", "/v1/guardians/{id}"): STAFF | {Role.GUARDIAN},
    ("POST", "/v1/imports"): {Role.COORDINATOR},
    ("GET", "/v1/imports"): {Role.COORDINATOR},
    ("GET", "/v1/imports/{id}"): {Role.COORDINATOR},
    ("GET", "/v1/imports/{id}/columns"): {Role.COORDINATOR},
    ("PUT", "/v1/imports/{id}/columns"): {Role.COORDINATOR},
    ("GET", "/v1/imports/{id}/report"): {Role.COORDINATOR},
    ("GET", "/v1/imports/{id}/report.csv"): {Role.COORDINATOR},
    ("GET", "/v1/imports/{id}/report.xlsx"): {Role.COORDINATOR},
    ("POST", "/v1/imports/{id}/confirmation"): {Role.COORDINATOR},
    ("POST", "/v1/imports/{id}/dry-run"): {Role.COORDINATOR},
    ("POST", "/v1/imports/{id}/undo"): {Role.COORDINATOR},
    ("GET", "/v1/retention"): {Role.COORDINATOR},
    ("GET", "/v1/people/{id}/erasure-plan"): {Role.COORDINATOR},
    ("GET", "/v1/people/{id}/access-report"): {Role.COORDINATOR, Role.GUARDIAN},
    ("POST", "/v1/erasures"): {Role.COORDINATOR},
    ("GET", "/v1/erasures"): {Role.COORDINATOR},
    ("GET", "/v1/erasures/{id}"): {Role.COORDINATOR},
    ("POST", "/v1/holds"): {Role.COORDINATOR},
    ("GET", "/v1/holds"): {Role.COORDINATOR},
    ("POST", "/v1/holds/{id}/lifting"): {Role.COORDINATOR},
    ("POST", "/v1/sign-up-links"): PUBLIC,
    ("POST", "/v1/sign-up-sessions"): PUBLIC,
    ("GET", "/.well-known/jwks.json"): PUBLIC,
    ("GET", "/sign-up"): PUBLIC,
    ("GET", "/sign-up/link"): PUBLIC,
    ("POST", "/sign-up/link"): PUBLIC,
    ("GET", "/sign-up/open"): PUBLIC,
    ("POST", "/sign-up/open"): PUBLIC,
    ("GET", "/sign-up/family"): PUBLIC,
    ("POST", "/sign-up/family"): PUBLIC,
    ("GET", "/sign-up/receipt"): PUBLIC,
    ("POST", "/v1/sign-up-requests"): {Role.APPLICANT},
    ("GET", "/v1/sign-up-requests"): {Role.APPLICANT},
    ("GET", "/v1/sign-up-requests/waiting"): {Role.COORDINATOR, Role.LEADER},
    ("GET", "/v1/sign-up-requests/{id}"): {Role.COORDINATOR, Role.LEADER},
    ("POST", "/v1/sign-up-requests/{id}/decision"): {Role.COORDINATOR, Role.LEADER},
}


def test_the_table_names_every_route(registration: Context) -> None:
    """No door is open that the table does not know."""
    assert {(route.method, route.template) for route in registration.service.api.routes} == OPEN_TO.keys()


def test_every_door_is_open_to_its_roles_and_to_nobody_else(door: Door, registration: Context) -> None:
    """Endpoint by role: outside the table it is 403, inside it is whatever the request deserves; without a token, 401."""
    sara = applicant(door, registration)
    for (method, template), roles in OPEN_TO.items():
        path = re.sub(r"{\w+}", lambda name: "1" if name[0] == "{number}" else new_id(), template)
        assert (door.request(method, path).status_code == 401) == (roles is not PUBLIC), (method, template)
        for role in Role:
            caller = sara if role is Role.APPLICANT else door.as_(role, purpose="plan-workshop")
            refused = caller.request(method, path).status_code == 403
            assert refused == (role not in roles), (method, template, role)


def test_the_example_in_the_document_works(system: Door, registration: Context) -> None:
    """What the OpenAPI document shows as a request is accepted."""
    route = next(r for r in registration.service.api.routes if r.path == REQUESTS)
    assert system.post(REQUESTS, json=route.examples["body"]).get_json()["status"] == "accepted"
    assert ENROLMENT_CONTRACT == "enrolment.requested/v1"
