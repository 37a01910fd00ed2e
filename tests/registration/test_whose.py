"""Of whom another system may speak on the bus: of what it registered, and of the municipality's where the programme names it."""

from pathlib import Path
from typing import Any

import pytest

from services.chassis.http import Role
from services.chassis.ids import new_id
from services.chassis.service import EVENTS, Context
from services.chassis.testing import Door, deliver, deliver_raw, event, listen_for, parked, published, try_again
from services.registration.handlers.programmes import load_programme
from tests.registration.builders import REQUESTED, SENDER, WITHDRAWAL, a_consent, a_number, a_request
from tests.registration.folders import edited, write
from tests.registration.test_api import TestProfessionals

OTHER = "https://another.example"
STEP = "enrolment.step-requested.v1"
GIVING, TAKING_BACK = "consent.giving-requested.v1", "consent.withdrawal-requested.v1"

Json = dict[str, Any]


def ask(context: Context, source: str, type_: str, data: Json) -> Json:
    """A request of a system on the bus, and the fact that answers it, however long that takes."""
    deliver(context, type_, data, source=source, reply_to="answers")
    while try_again(context, listen_for(context.service, type_)):
        pass
    return next(m for m in reversed(published(context)) if m["routing_key"] == "answers")


def slugs(answer: Json) -> list[str]:
    """Why it was refused."""
    return [reason["slug"] for reason in answer["data"].get("reasons", ())]


def everything(enrolled: Json, consent: Json) -> dict[str, tuple[str, Json]]:
    """A request of each kind about a family, by what it is called when its sender may not ask."""
    child, guardian = enrolled["child_id"], enrolled["guardian_ids"][0]
    of_enrolment = {"enrolment_id": enrolled["enrolment_id"], "effective_date": "2024-05-01"}
    terms = {"relation": "mother", "custody": True, "contact_allowed": True, "residence": True}
    giving = {name: value for name, value in a_consent(purpose="contact").items() if name not in {"given", "guardian"}}
    whose = {"programme": "sammen-om-boern", "subject": "child", "subject_id": child, "giver_id": guardian}
    return {
        "step": (STEP, of_enrolment | {"step": "start"}),
        "withdrawal": (WITHDRAWAL, of_enrolment | {"reason": "moved"}),
        "correction": ("family.correction-requested.v1", {"guardian_id": guardian, "changes": {"language": "en"}}),
        "guardianship": (
            "family.guardianship-requested.v1",
            {"child_id": child, "guardian_id": guardian, "valid_from": "2024-05-01"} | terms,
        ),
        "giving": (GIVING, giving | whose),
        "taking back": (TAKING_BACK, {"consent_id": consent["consent_id"]}),
        "protection": ("protection.requested.v1", {"kind": "child", "person_id": child, "valid_from": "2026-11-02"}),
    }


REFUSED = {
    "step": ["unknown-enrolment"],
    "withdrawal": ["unknown-enrolment"],
    "correction": ["unknown-guardian"],
    "guardianship": ["unknown-child", "unknown-guardian"],
    "giving": ["consent-subject-unknown"],
    "taking back": ["unknown-consent"],
    "protection": ["unknown-person"],
}


def family_of(context: Context) -> dict[str, tuple[str, Json]]:
    """The requests about the family that was enrolled last."""
    facts = {m["type"]: m["data"] for m in published(context) if m["exchange"] == EVENTS}
    return everything(facts["registration.enrolment.accepted.v1"], facts["registration.consent.given.v1"])


@pytest.fixture
def named(registration: Context, tmp_path: Path) -> Context:
    """Registration, with the other system named by the programme."""
    files = edited("programme.toml", "oldest_age = 6", f'municipal_systems = ["{OTHER}"]\noldest_age = 6')
    with registration.work() as work:
        load_programme(write(files, tmp_path / "named"), work)
    return registration


@pytest.mark.parametrize("kind", REFUSED)
def test_a_system_speaks_of_what_it_registered(registration: Context, kind: str) -> None:
    """Of another's it hears that there is none, and nothing changes; the same request of its own is met."""
    deliver(registration, REQUESTED, a_request(), source=SENDER)
    type_, data = family_of(registration)[kind]
    assert slugs(ask(registration, OTHER, type_, data)) == REFUSED[kind]
    assert slugs(ask(registration, SENDER, type_, data)) == []
    assert parked(registration) == []


@pytest.mark.parametrize("kind", REFUSED)
def test_what_staff_registered_is_the_municipalitys(registration: Context, coordinator: Door, kind: str) -> None:
    """No system speaks of it, whoever it is; nor does one that calls itself what staff are called."""
    coordinator.post("/v1/enrolment-requests", json={"id": new_id(), "data": a_request()})
    type_, data = family_of(registration)[kind]
    assert [slugs(ask(registration, source, type_, data)) for source in (SENDER, "/callers/test-caller", "/imports")] == [REFUSED[kind]] * 3


@pytest.mark.parametrize("kind", REFUSED)
def test_a_system_that_the_programme_names_speaks_of_it(named: Context, coordinator: Door, kind: str) -> None:
    """And still not of what another system registered."""
    deliver(named, REQUESTED, a_request(), source=SENDER)
    type_, anothers = family_of(named)[kind]
    coordinator.post("/v1/enrolment-requests", json={"id": new_id(), "data": a_request()})
    _, municipal = family_of(named)[kind]
    assert slugs(ask(named, OTHER, type_, anothers)) == REFUSED[kind]
    assert slugs(ask(named, OTHER, type_, municipal)) == []


def test_both_doors_reach_as_far(named: Context, coordinator: Door, door: Door) -> None:
    """Over HTTP the same systems find the same enrolments."""
    made = coordinator.post("/v1/enrolment-requests", json={"id": new_id(), "data": a_request()}).get_json()
    path = f"/v1/enrolments/{made['enrolment_id']}"
    assert [door.as_(Role.SYSTEM, source=source).get(path).status_code for source in (OTHER, SENDER)] == [200, 404]
    assert slugs(ask(named, SENDER, *everything(made, {"consent_id": new_id()})["step"])) == ["unknown-enrolment"]


def test_professionals_are_the_municipalitys(named: Context, coordinator: Door) -> None:
    """Only a system that the programme names hands in what a professional agreed to."""
    id_ = coordinator.post("/v1/professionals", json=TestProfessionals.BODY).get_json()["professional_id"]
    own = {name: value for name, value in a_consent(purpose="newsletter").items() if name not in {"given", "guardian"}}
    giving = own | {"programme": "sammen-om-boern", "subject": "professional", "subject_id": id_, "giver_id": id_}
    assert [slugs(ask(named, source, GIVING, giving)) for source in (SENDER, OTHER)] == [["consent-subject-unknown"], []]


def test_nobody_elses_message_is_lost(registration: Context) -> None:
    """In one batch with what its sender may not ask for, the others are taken, and each is answered once."""
    number = a_number()
    deliver(registration, REQUESTED, a_request(cpr_number=number), source=SENDER)
    step = family_of(registration)["step"][1]
    bodies = [event(STEP, step, source=source, id=f"from {source}") for source in (OTHER, SENDER)]
    deliver_raw(registration, listen_for(registration.service, STEP), bodies)
    facts = [m["data"] for m in published(registration) if m["type"].startswith("registration.enrolment.")][1:]
    assert {fact["request_id"]: fact["status"] for fact in facts} == {f"from {OTHER}": "rejected", f"from {SENDER}": "active"}
    assert len(facts) == 2
