"""People who may be stored twice, through the doors: found as they come in, decided by a person, merged and unmerged."""

import json
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.contracts import problems
from services.chassis.http import Role
from services.chassis.ids import new_id
from services.chassis.keys import open_sealed
from services.chassis.service import Context
from services.chassis.testing import Door, deliver, published, run_timer
from services.registration.domain.cpr_number import CprNumber
from services.registration.domain.person import Kind, Person
from services.registration.duplicates.finding import matches
from tests.registration.builders import REQUESTED, SENDER, a_consent, a_guardian, a_number, a_request
from tests.settings import NOTIFICATIONS_PRIVATE_KEY

Json = dict[str, Any]


def enrol(context: Context, *, given_name: str = "Asta", number: str | None = None, **details: Any) -> Json:
    """Asta's enrolment under this name and number."""
    request = a_request(cpr_number=number, **details)
    request["child"]["given_name"] = given_name
    request["guardians"] = [{name: value for name, value in one.items() if value is not None} for one in request["guardians"]]
    deliver(context, REQUESTED, request, source=SENDER)
    [*_, answer] = [m["data"] for m in published(context) if m["type"].startswith("registration.enrolment")]
    return dict(answer)


def look(context: Context) -> None:
    """The clock strikes, and who has come in is compared."""
    run_timer(context, "duplicates")


def candidates(door: Door, query: str = "") -> list[tuple[set[str], int, list[str]]]:
    """Who may be who: the two, the score and the reasons."""
    items = door.get(f"/v1/duplicates?{query}").get_json()["items"]
    return [({item["one"], item["other"]}, item["score"], [reason["slug"] for reason in item["reasons"]]) for item in items]


def merging(merged: str, into: str, kind: str = "child", **more: Any) -> Json:
    """The body that merges one into another."""
    return {"kind": kind, "merged_id": merged, "into_id": into} | more


def slugs(answer: Any, status: int) -> set[str]:
    """The rules that a refusal names."""
    assert answer.status_code == status, answer.get_json()
    return {error["slug"] for error in answer.get_json()["errors"]}


def told(context: Context) -> list[tuple[str, str, str | None]]:
    """What everybody learnt of who is who: the fact, the person, and into whom."""
    facts = [m for m in published(context) if m["type"].startswith("registration.person.")]
    return [(fact["type"].split(".")[2], fact["subject"], fact["data"]["into_id"]) for fact in facts]


@pytest.fixture
def twice(registration: Context) -> tuple[Json, Json]:
    """Asta came with a replacement number first, and with another number and spelling later."""
    first = enrol(registration, guardians=[a_guardian()])
    second = enrol(registration, given_name="Aasta", guardians=[a_guardian(given_name="Mone", email="mona@example.org", phone="20000017")])
    return first, second


class TestCandidates:
    """GET /v1/duplicates."""

    def test_who_comes_in_is_compared(self, registration: Context, coordinator: Door, twice: tuple[Json, Json]) -> None:
        """The child and its mother are named as candidates, with a score and reasons; a child of the same day is not."""
        enrol(registration, given_name="Otto", guardians=[a_guardian(given_name="Karim", email="karim@example.org")])
        look(registration)
        (child, score, why), (mother, _, whys) = sorted(candidates(coordinator), key=lambda found: found[2])[::-1]
        assert mother == {one["guardian_ids"][0] for one in twice} or child == {one["guardian_ids"][0] for one in twice}
        assert {tuple(why), tuple(whys)} == {("same-birth-date", "similar-name"), ("same-email", "similar-name")}
        assert 80 <= score <= 100

    def test_a_corrected_name_is_compared_anew(self, registration: Context, coordinator: Door) -> None:
        """Somebody whose name changes becomes a candidate, and ceases to be one."""
        number = a_number("1991-03-09")
        enrol(registration)
        for name in ("Karim", "Mona", "Ib"):
            enrol(registration, guardians=[a_guardian(given_name=name, cpr_number=number)], number=a_number())
            look(registration)
            assert bool(candidates(coordinator, "kind=guardian")) == (name == "Mona"), name

    def test_a_list_goes_on_page_by_page(self, registration: Context, coordinator: Door) -> None:
        """Following `next` visits every pair once, the likeliest first; kind and score narrow it."""
        for n in range(4):
            enrol(registration, given_name="Asta" if n % 2 else "Astra", guardians=[a_guardian(email=None)])
        look(registration)
        every = candidates(coordinator)
        seen: list[Any] = []
        page = coordinator.get("/v1/duplicates?limit=1").get_json()
        while True:
            seen += page["items"]
            if page["next"] is None:
                break
            page = coordinator.get(f"/v1/duplicates?limit=1&after={page['next']}").get_json()
        assert len(seen) == len(every) == 6
        assert [item["score"] for item in seen] == sorted((score for _, score, _ in every), reverse=True)
        assert len(candidates(coordinator, "least=100")) == 2
        assert candidates(coordinator, "kind=guardian") == []

    def test_a_set_of_any_size_takes_the_same_few_statements(self, registration: Context, statements: list[str]) -> None:
        """The number of statements does not grow with the number of people."""
        counts = []
        for size in (2, 40):
            for n in range(size):
                enrol(registration, given_name="Asta", birth_date=f"2022-05-{n % 28 + 1:02}")
            statements.clear()
            look(registration)
            counts.append(len(statements))
        assert counts[0] == counts[1]

    def test_nobody_is_named(self, registration: Context, coordinator: Door, twice: tuple[Json, Json]) -> None:
        """The list shows ids, scores and reasons; names are read where the two are compared, for a purpose."""
        look(registration)
        shown = json.dumps(coordinator.get("/v1/duplicates").get_json(), ensure_ascii=False)
        assert "Asta" not in shown
        path = "/v1/duplicates/{}/{}".format(*(one["child_id"] for one in twice))
        assert slugs(coordinator.get(path), 400) == {"purpose-missing"}

    def test_who_is_erased_leaves_nothing(self, registration: Context, coordinator: Door, twice: tuple[Json, Json]) -> None:
        """When somebody's row goes, his keys and candidates go with it."""
        look(registration)
        mother = twice[0]["guardian_ids"][0]
        with registration.work() as work:
            work.connection.execute(sa.text("delete from consent"))
            for table in ("guardianship", "guardian"):
                work.connection.execute(sa.text(f"delete from {table} where guardian_id = cast(:id as uuid)"), {"id": mother})
            left = work.connection.execute(sa.text("select count(*) from match_key where person_id = cast(:id as uuid)"), {"id": mother})
            assert left.scalar_one() == 0
        assert candidates(coordinator, "kind=guardian") == []


class TestMatches:
    """Who is stored that somebody described may be."""

    def test_whom_a_description_may_mean(self, registration: Context, twice: tuple[Json, Json], statements: list[str]) -> None:
        """A number is certain; else birth date and name, or address and name; a stranger is nobody. All in three statements."""
        number = a_number("1990-01-02")
        known = enrol(registration, guardians=[a_guardian(given_name="Karim", cpr_number=number, email=None)])
        look(registration)
        mother: Json = {"kind": Kind.GUARDIAN, "family_name": "Prøvesen"}
        described = [
            Person(**mother, given_name="Somebody", cpr_number=CprNumber.parse(number)),
            Person(**mother, given_name="mona", email="MONA@example.org"),
            Person(**mother, given_name="Lise", email="lise@example.org"),
        ]
        statements.clear()
        with registration.work() as work:
            found = matches(described, work)
        assert [match.person_id for match in found[0]] == known["guardian_ids"]
        assert {match.person_id for match in found[1]} == {one["guardian_ids"][0] for one in twice}
        assert (found[2], len(statements)) == ([], 3)


class TestDecisions:
    """Comparing two, and saying that they are not the same."""

    def test_two_are_laid_side_by_side(self, door: Door, twice: tuple[Json, Json]) -> None:
        """Names, what differs, and what hangs on each; it is read for a purpose, and kept who read it."""
        one, other = (found["guardian_ids"][0] for found in twice)
        reader = door.as_(Role.COORDINATOR, purpose="mend-error")
        shown = reader.get(f"/v1/duplicates/{one}/{other}").get_json()
        assert (shown["kind"], shown["conflicts"], shown["decision"]) == ("guardian", ["given_name"], None)
        assert [person["given_name"] for person in shown["people"]] == ["Mona", "Mone"]
        assert [person["child_ids"] for person in shown["people"]] == [[found["child_id"]] for found in twice]
        children = reader.get(f"/v1/duplicates/{twice[0]['child_id']}/{twice[1]['child_id']}").get_json()["people"]
        assert [child["enrolments"][0]["enrolment_id"] for child in children] == [found["enrolment_id"] for found in twice]
        assert slugs(reader.get(f"/v1/duplicates/{one}/{twice[0]['child_id']}"), 404) == {"unknown-record"}

    def test_not_the_same_is_kept(self, registration: Context, coordinator: Door, door: Door, twice: tuple[Json, Json]) -> None:
        """Two sisters are named once; after that nobody is asked about them again, whatever else changes."""
        look(registration)
        one, other = (found["child_id"] for found in twice)
        for _ in range(2):
            assert coordinator.post(f"/v1/duplicates/{other}/{one}/distinction").status_code == 204
        enrol(registration, given_name="Aasta", guardians=[a_guardian(email=None)])
        look(registration)
        assert {one, other} not in [pair for pair, *_ in candidates(coordinator)]
        shown = door.as_(Role.COORDINATOR, purpose="mend-error").get(f"/v1/duplicates/{one}/{other}").get_json()
        assert shown["decision"] == "not-the-same"


class TestMerges:
    """POST /v1/merges and its undoing."""

    def test_the_merged_number_means_the_kept_child(self, registration: Context, coordinator: Door, door: Door) -> None:
        """After a merge a request with either number is about the same child, who is enrolled once."""
        numbers = [a_number(), a_number()]
        first, second = (enrol(registration, number=number) for number in numbers)
        done = coordinator.post("/v1/merges", json=merging(first["child_id"], second["child_id"])).get_json()
        assert told(registration) == [("merged", first["child_id"], second["child_id"])]
        assert enrol(registration, number=numbers[0])["reasons"][0]["slug"] == "already-enrolled"
        reader = door.as_(Role.COORDINATOR, purpose="mend-error")
        child = reader.get(f"/v1/children/{first['child_id']}").get_json()
        assert (child["child_id"], len(child["guardians"]), len(child["consents"])) == (second["child_id"], 2, 2)
        undone = coordinator.post(f"/v1/merges/{done['merge_id']}/undoing").get_json()
        assert undone["undone_at"] is not None
        assert reader.get(f"/v1/children/{first['child_id']}").get_json()["child_id"] == first["child_id"]
        assert told(registration)[1:] == [("unmerged", first["child_id"], None)]

    def test_a_withdrawn_double_enrolment_leaves_one(self, registration: Context, coordinator: Door) -> None:
        """Of a child who was enrolled twice, one enrolment is ended as any other, and the child is still enrolled."""
        numbers = [a_number(), a_number()]
        first, second = (enrol(registration, number=number) for number in numbers)
        coordinator.post("/v1/merges", json=merging(first["child_id"], second["child_id"]))
        body = {"reason": "duplicate", "effective_date": "2024-06-01"}
        assert coordinator.post(f"/v1/enrolments/{first['enrolment_id']}/withdrawal", json=body).status_code == 200
        assert enrol(registration, number=numbers[0])["reasons"][0]["slug"] == "already-enrolled"
        both = coordinator.get(f"/v1/enrolments?child_id={first['child_id']}").get_json()["items"]
        assert [one["enrolment_id"] for one in both] == [first["enrolment_id"], second["enrolment_id"]]

    def test_a_person_says_what_is_kept(self, registration: Context, coordinator: Door, twice: tuple[Json, Json]) -> None:
        """Of the fields that differ the named ones are taken over; the card follows, and undoing brings the old one back."""
        one, other = (found["guardian_ids"][0] for found in twice)
        body = merging(other, one, "guardian", take=["phone", "given_name", "spoken_language"])
        done = coordinator.post("/v1/merges", json=body).get_json()
        assert sorted(done["taken"]) == ["given_name", "phone"]
        coordinator.post(f"/v1/merges/{done['merge_id']}/undoing")
        cards = [
            m["data"]["sealed"] for m in published(registration) if m["type"].startswith("registration.contact") and m["subject"] == one
        ]
        opened = [json.loads(open_sealed(NOTIFICATIONS_PRIVATE_KEY, card, one.encode())) for card in cards]
        assert [(card["name"], card["phone"]) for card in opened] == [
            ("Mona Prøvesen", None),
            ("Mone Prøvesen", "+4520000017"),
            ("Mona Prøvesen", None),
        ]

    def test_a_merged_guardian_is_recognised_as_the_kept_one(self, registration: Context, coordinator: Door, door: Door) -> None:
        """Her number, and her token, mean the one that is kept: her new child is a sister of the old ones."""
        number = a_number("1991-03-09")
        first = enrol(registration, guardians=[a_guardian(cpr_number=number)])
        second = enrol(registration, guardians=[a_guardian(email="other@example.org")])
        merged, kept = first["guardian_ids"][0], second["guardian_ids"][0]
        coordinator.post("/v1/merges", json=merging(merged, kept, "guardian"))
        third = enrol(registration, guardians=[a_guardian(cpr_number=number)])
        assert third["guardian_ids"] == [kept]
        for subject in (merged, kept):
            seen = door.as_(Role.GUARDIAN, subject=subject).get("/v1/enrolments").get_json()["items"]
            assert [one["enrolment_id"] for one in seen] == [one["enrolment_id"] for one in (first, second, third)]
            child = door.as_(Role.GUARDIAN, subject=subject, purpose="own-family").get(f"/v1/children/{first['child_id']}").get_json()
            assert [guardian["guardian_id"] for guardian in child["guardians"]] == [kept]

    def test_consents_of_both_count(self, registration: Context, coordinator: Door, door: Door) -> None:
        """What was agreed to for either record, by either of two records of a mother, holds for the one that is kept."""
        first = enrol(registration, consent=a_consent())
        second = enrol(registration, consent=None)
        coordinator.post("/v1/merges", json=merging(first["guardian_ids"][0], second["guardian_ids"][0], "guardian"))
        coordinator.post("/v1/merges", json=merging(first["child_id"], second["child_id"]))
        reader = door.as_(Role.COORDINATOR, purpose="mend-error")
        items = reader.get(f"/v1/children/{first['child_id']}/consents").get_json()["items"]
        assert {item["purpose"]: item["standing"] for item in items}["take-part"] == "in-force"

    def test_only_who_stands_for_himself_is_merged(self, registration: Context, coordinator: Door, twice: tuple[Json, Json]) -> None:
        """Nobody with himself, nobody twice, nobody into one who is merged, no child into a guardian."""
        one, other = (found["child_id"] for found in twice)
        third = enrol(registration)["child_id"]
        coordinator.post("/v1/merges", json=merging(one, other))
        answers = [
            (merging(one, one), 422, {"merge-with-itself"}),
            (merging(one, third), 409, {"merged-already"}),
            (merging(third, one), 409, {"merged-already"}),
            (merging(other, one), 409, {"merged-already"}),
            (merging(third, twice[0]["guardian_ids"][0]), 422, {"unknown-record"}),
            (merging(third, new_id()), 422, {"unknown-record"}),
        ]
        for body, status, why in answers:
            assert slugs(coordinator.post("/v1/merges", json=body), status) == why, body
        assert slugs(coordinator.post(f"/v1/duplicates/{one}/{other}/distinction"), 409) == {"merged-already"}
        assert slugs(coordinator.post(f"/v1/merges/{new_id()}/undoing"), 404) == {"unknown-merge"}

    def test_merges_are_listed(self, coordinator: Door, twice: tuple[Json, Json]) -> None:
        """Also those that were undone; a repeated undoing changes nothing."""
        one, other = (found["child_id"] for found in twice)
        done = [coordinator.post("/v1/merges", json=merging(one, other)).get_json()]
        for _ in range(2):
            coordinator.post(f"/v1/merges/{done[0]['merge_id']}/undoing")
        done.append(coordinator.post("/v1/merges", json=merging(other, one)).get_json())
        items = coordinator.get(f"/v1/merges?person_id={one}").get_json()["items"]
        assert [item["merge_id"] for item in items] == [found["merge_id"] for found in done]
        assert [item["undone_at"] is None for item in items] == [False, True]
        assert coordinator.get(f"/v1/merges?person_id={new_id()}").get_json()["items"] == []

    def test_what_is_published_keeps_its_contract(self, registration: Context, coordinator: Door, twice: tuple[Json, Json]) -> None:
        """Told, taken back, and told again in a refresh: each fact is what its contract lays down, and carries no name."""
        one, other = (found["child_id"] for found in twice)
        done = coordinator.post("/v1/merges", json=merging(one, other, take=["given_name"])).get_json()
        coordinator.post(f"/v1/merges/{done['merge_id']}/undoing")
        coordinator.post("/v1/merges", json=merging(twice[0]["guardian_ids"][0], twice[1]["guardian_ids"][0], "guardian"))
        with registration.work() as work:
            registration.service.refresh(work)  # type: ignore[misc]  # registration has one
        facts = [m for m in published(registration) if m["type"].startswith("registration.person.")]
        assert [fact["data"]["status"] for fact in facts] == ["merged", "unmerged", "merged", "unmerged", "merged"]
        for fact in facts:
            assert problems(fact["dataschema"].removeprefix("urn:deltag:contract:").replace(":", "/"), fact["data"]) == []
            assert "Asta" not in json.dumps(fact)
