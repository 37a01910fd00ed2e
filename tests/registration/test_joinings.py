"""A child that is there already gets another guardian: found again or added, linked from a day on, and told to who must know."""

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.http import Role
from services.chassis.ids import new_id
from services.chassis.service import Context
from services.chassis.testing import Door, FakeClock, deliver, deliver_raw, event, listen_for, parked, published
from tests.registration.builders import SENDER, a_guardian, a_number, a_request
from tests.registration.test_corrections import enrols, slugs, told
from tests.registration.test_families import HOME, as_guardian, card

JOINING = "family.guardian-requested.v1"
TODAY = "2026-11-02"
Json = dict[str, Any]
FREJA = {"given_name": "Freja", "family_name": "Plejesen", "email": "freja@example.org", "language": "da"}


@pytest.fixture
def asta(registration: Context) -> Json:
    """Asta's enrolment, as the last fact tells of it: Mona is her only guardian."""
    return enrols(registration, a_request())


def freja(number: str | None = None, **terms: Any) -> Json:
    """Freja, who takes Asta in from today on."""
    guardian = FREJA | {"address": HOME} | ({"cpr_number": number} if number else {})
    linked = {"valid_from": TODAY, "relation": "foster-parent", "custody": False, "contact_allowed": True, "residence": True}
    return {"guardian": guardian} | linked | terms


def joins(door: Door, enrolment: Json, asked: Json) -> Json:
    """What holds between the child and its new guardian."""
    answer = door.post(f"/v1/children/{enrolment['child_id']}/guardians", json=asked)
    assert answer.status_code == 200, answer.get_json()
    found: Json = answer.get_json()
    return found


def ask(context: Context, asked: Json, **attributes: Any) -> Json:
    """Another system's request on the bus; the whole message that answers it."""
    deliver(context, JOINING, asked, source=SENDER, reply_to="answers", **attributes)
    return next(m for m in reversed(published(context)) if m["routing_key"] == "answers")


def behalf(enrolment: Json, **details: Any) -> Json:
    """For Mona, by phone, this morning."""
    return {"guardian_id": enrolment["guardian_ids"][0], "how": "by-phone", "filled_at": "2026-11-02T08:00:00+01:00"} | details


def test_a_foster_parent_sees_the_child_from_the_day_on(door: Door, coordinator: Door, clock: FakeClock, asta: Json) -> None:
    """Before the day the child does not exist for her, from it on it does, and after the last day no more."""
    freja_id = joins(coordinator, asta, freja(valid_from="2026-11-05", valid_until="2026-11-10"))["guardian_id"]
    path = f"/v1/children/{asta['child_id']}"
    seen = []
    for day in (4, 5, 9, 10):
        clock.advance(datetime(2026, 11, day, 12, tzinfo=UTC) - clock.now)
        seen.append(as_guardian(door, freja_id).get(path).status_code)
    assert seen == [404, 200, 200, 404]


def test_the_answer_says_how_they_are_related(coordinator: Door, asta: Json) -> None:
    """The relation stands with each period, here and where it is changed; no fact holds it."""
    found = joins(coordinator, asta, freja(valid_until="2026-12-01"))
    assert [(one["valid_from"], one["valid_until"], one["relation"], one["residence"]) for one in found["periods"]] == [
        (TODAY, "2026-12-01", "foster-parent", True),
        ("2026-12-01", None, "foster-parent", False),
    ]
    terms = {"valid_from": "2026-11-20", "relation": "guardian", "custody": True, "contact_allowed": True, "residence": True}
    changed = coordinator.put(f"/v1/children/{asta['child_id']}/guardians/{found['guardian_id']}", json=terms).get_json()
    assert [one["relation"] for one in changed["periods"]] == ["foster-parent", "guardian", "foster-parent"]


def test_the_other_services_are_told(registration: Context, coordinator: Door, asta: Json) -> None:
    """The family's fact names her with her periods and without her name, and her sealed card says how she is reached."""
    found = joins(coordinator, asta, freja())
    family = told(registration, "family")[-1]
    assert [one["guardian_id"] for one in family["guardians"]] == sorted([*asta["guardian_ids"], found["guardian_id"]])
    assert "relation" not in str(family)
    assert card(registration)["email"] == "freja@example.org"
    assert "Freja" not in str([m["data"] for m in published(registration)])


def test_who_is_known_by_number_is_not_made_twice(registration: Context, coordinator: Door, asta: Json) -> None:
    """A guardian of another child is linked as the one that he is; saying it again changes nothing."""
    number = a_number("1991-03-09")
    other = enrols(registration, a_request(guardians=[a_guardian(cpr_number=number)]))
    asked = freja(number)
    first = joins(coordinator, asta, asked)
    assert first["guardian_id"] == other["guardian_ids"][0]
    assert joins(coordinator, asta, asked) == first
    assert rows(registration, "select count(*) from guardian") == [(2,)]


def rows(context: Context, query: str) -> list[tuple[Any, ...]]:
    """What the database holds."""
    with context.work() as work:
        return [tuple(row) for row in work.connection.execute(sa.text(query))]


def test_a_health_visitor_says_for_whom(registration: Context, door: Door, asta: Json) -> None:
    """Not without the guardian for whom it is done; who did it, for whom and how is kept."""
    visitor = door.as_(Role.HEALTH_VISITOR, subject="ida")
    path = f"/v1/children/{asta['child_id']}/guardians"
    refused = [
        (freja(), [("behalf-missing", "/on_behalf_of")]),
        (freja(on_behalf_of=behalf(asta, guardian_id=new_id())), [("unknown-guardian", "/on_behalf_of/guardian_id")]),
        (freja(on_behalf_of=behalf(asta, filled_at="2031-01-01T08:00:00Z")), [("filled-in-the-future", "/on_behalf_of/filled_at")]),
    ]
    for asked, reasons in refused:
        answer = visitor.post(path, json=asked)
        assert (answer.status_code, slugs(answer)) == (422, reasons)
    joins(visitor, asta, freja(on_behalf_of=behalf(asta)))
    kept = rows(registration, "select subject, role, for_guardian_id::text, how from guardian_origin")
    assert kept == [("ida", "health-visitor", asta["guardian_ids"][0], "by-phone")]


def test_nobody_else_gives_a_child_a_guardian(registration: Context, door: Door, system: Door, asta: Json) -> None:
    """A system does so for the children whom it brought, a health visitor in her houses; elsewhere there is no such child."""
    others = enrols(registration, a_request(), source="https://other.example")
    assert system.post(f"/v1/children/{others['child_id']}/guardians", json=freja()).status_code == 404
    refused = ask(registration, freja() | {"child_id": others["child_id"]})
    assert [reason["slug"] for reason in refused["data"]["reasons"]] == ["unknown-child"]
    elsewhere = door.as_(Role.HEALTH_VISITOR, institutions={"sesam"})
    answer = elsewhere.post(f"/v1/children/{asta['child_id']}/guardians", json=freja(on_behalf_of=behalf(asta)))
    assert answer.status_code == 404
    assert joins(system, asta, freja())["guardian_id"]


def test_the_bus_is_answered_with_the_family(registration: Context, asta: Json) -> None:
    """The whole family under the request's id; a repetition in other words makes nobody twice."""
    answer = ask(registration, freja() | {"child_id": asta["child_id"]}, id="joining-17")
    assert (answer["type"], answer["data"]["request_id"]) == ("registration.family.changed.v1", "joining-17")
    again = ask(registration, freja() | {"child_id": asta["child_id"]}, id="joining-18")
    assert again["data"]["guardians"] == answer["data"]["guardians"]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"relation": "wizard", "child_id": new_id()}, {"unknown-relation", "unknown-child"}),
        ({"valid_until": TODAY}, {"guardianship-ends-first"}),
        ({"valid_from": "1950-01-01"}, {"guardianship-before-birth"}),
        ({"guardian": FREJA | {"cpr_number": "910222-0000", "channels": ["owl"]}}, {"invalid-cpr-number", "unknown-channel"}),
        ({"guardian": FREJA | {"cpr_number": a_number("2014-02-03")}}, {"guardian-too-young"}),
        ({"guardian": FREJA | {"custody": True}}, {"unknown-field"}),
    ],
)
def test_a_refused_request_adds_nobody(registration: Context, asta: Json, changes: Json, found: set[str]) -> None:
    """Everything that speaks against it comes back to the sender; nothing is parked, and no guardian is added."""
    answer = ask(registration, freja() | {"child_id": asta["child_id"]} | changes)
    assert {reason["slug"] for reason in answer["data"]["reasons"]} == found
    assert rows(registration, "select count(*) from guardian") == [(1,)]
    assert parked(registration) == []


def test_a_protected_guardian_hides_the_child(registration: Context, coordinator: Door, asta: Json) -> None:
    """Who is protected and takes a child in is found again, and from then on nobody is told where the child is."""
    number = a_number("1991-03-09")
    other = enrols(registration, a_request(guardians=[a_guardian(cpr_number=number)]))
    coordinator.post("/v1/protections", json={"kind": "guardian", "person_id": other["guardian_ids"][0], "valid_from": "2026-01-01"})
    joins(coordinator, asta, freja(number))
    last = [fact for fact in told(registration) if fact["enrolment_id"] == asta["enrolment_id"]][-1]
    assert (last["institution"], last["birth_month"]) == (None, None)


def test_a_batch_takes_the_same_few_statements(registration: Context, asta: Json, statements: list[str]) -> None:
    """Forty new guardians cost no more statements than two."""

    def spent(number: int) -> int:
        asked = [freja(a_number("1991-03-09")) | {"child_id": asta["child_id"]} for _ in range(number)]
        del statements[:]
        bodies = [event(JOINING, data, source=SENDER) for data in asked]
        deliver_raw(registration, listen_for(registration.service, JOINING), bodies)
        return len(statements)

    assert spent(2) >= spent(40)


def test_joining_and_enrolling_name_the_same_guardian(registration: Context, coordinator: Door) -> None:
    """A later request that names her by name and address adds nobody."""
    number = a_number()
    enrolled = enrols(registration, a_request(cpr_number=number))
    found = joins(coordinator, enrolled, freja())
    withdrawal = {"reason": "moved", "effective_date": "2024-04-01"}
    coordinator.post(f"/v1/enrolments/{enrolled['enrolment_id']}/withdrawal", json=withdrawal)
    again = enrols(registration, a_request(cpr_number=number, guardians=[a_guardian(**FREJA)]))
    assert again["guardian_ids"] == [found["guardian_id"]]
