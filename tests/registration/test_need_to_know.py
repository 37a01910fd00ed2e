"""Who reads which answers: by role and purpose, by reach, and never without a trace."""

from typing import Any

import pytest

from services.chassis.http import Role
from services.chassis.http.purposes import PURPOSES
from services.chassis.ids import new_id
from services.chassis.service import Context
from services.chassis.testing import Door, deliver
from services.registration.need_to_know import READERS
from tests.registration.builders import SENDER
from tests.registration.respondents import (
    NUTS,
    enrols,
    guardian,
    of_child,
    of_guardian,
    patch,
    read,
    rows,
    says,
    slugs,
    staff,
)

Json = dict[str, Any]
HOUSE = {"institutions": {"birkegaarden"}}
KAREN = {
    "programme": "sammen-om-boern",
    "profession": "pedagogue",
    "institution": "birkegaarden",
    "given_name": "Karen",
    "family_name": "Prøvesen",
    "email": "karen@example.org",
}


@pytest.fixture
def asta(registration: Context) -> Json:
    """Asta's enrolment: about her all was answered, and her mother answered too."""
    child = says(daycare_start="2024-03-01", siblings=2, allergies=NUTS)
    return enrols(registration, child=child, mona=says(interpreter=True, interpreter_language="ar"))


NEEDED = {
    "handle-enrolment": {Role.COORDINATOR, Role.LEADER, Role.HEALTH_VISITOR},
    "plan-workshop": {Role.COORDINATOR, Role.LEADER},
    "run-activities": {Role.COORDINATOR, Role.LEADER, Role.HEALTH_VISITOR, Role.PROFESSIONAL},
}
SHOWN = {"handle-enrolment": {"daycare-start"}, "plan-workshop": {"siblings"}, "run-activities": {"allergies"}}


def test_every_purpose_is_somebodys_work_or_nobodys() -> None:
    """A purpose that personal data are read for says whose work it is."""
    assert READERS.keys() == PURPOSES.keys()


def test_a_purpose_shows_its_own_answers_to_those_whose_work_it_is(door: Door, asta: Json) -> None:
    """Role by purpose: who needs to know reads the answers of that purpose alone; for whom it is no work there is nothing."""
    for purpose in PURPOSES:
        for role in (Role.COORDINATOR, Role.LEADER, Role.HEALTH_VISITOR, Role.PROFESSIONAL):
            answer = staff(door, purpose, role, **HOUSE).get(of_child(asta))
            if role in READERS[purpose]:
                assert {item["question"] for item in answer.get_json()["items"]} == SHOWN.get(purpose, set()), (purpose, role)
                assert {item["question"] for item in answer.get_json()["history"]} == SHOWN.get(purpose, set())
            else:
                assert answer.status_code == 404, (purpose, role)
            assert (role in READERS[purpose]) == (role in NEEDED.get(purpose, {Role.COORDINATOR} if purpose != "own-family" else set()))


def test_without_a_purpose_nobody_reads(door: Door, asta: Json) -> None:
    """Not even a guardian his own."""
    for caller in (door.as_(Role.COORDINATOR), door.as_(Role.GUARDIAN, subject=asta["guardian_ids"][0])):
        assert caller.get(of_child(asta)).status_code == 400


def test_a_read_and_a_write_leave_a_trace(registration: Context, door: Door, asta: Json) -> None:
    """The audit says who read or answered about whom, and for what; not what."""
    read(staff(door, "run-activities", subject="karen"), of_child(asta))
    patch(guardian(door, asta), of_guardian(asta), interpreter=False)
    [one, other] = rows(registration, "select subject, purpose, objects from chassis.audit order by at, id")
    assert (one.subject, one.purpose, one.objects) == ("karen", "run-activities", [asta["enrolment_id"], asta["child_id"]])
    assert (other.subject, other.objects) == (asta["guardian_ids"][0], [asta["enrolment_id"], asta["guardian_ids"][0]])


def test_who_cooks_reads_what_all_answered(registration: Context, door: Door, asta: Json) -> None:
    """To one question, page by page, from all who take part in his house; for the purpose of that question alone, and audited."""
    viggo = enrols(registration, child=says(allergies="mælk"))
    elsewhere = enrols(registration, child=says(allergies="æg"), institution="sesam")
    gone = enrols(registration, child=says(allergies="fisk"))
    withdrawn = {"enrolment_id": gone["enrolment_id"], "reason": "moved", "effective_date": "2024-04-01"}
    deliver(registration, "enrolment.withdrawal-requested.v1", withdrawn, source=SENDER)
    path = "/v1/programmes/sammen-om-boern/questions/allergies/answers"
    cook = staff(door, "run-activities", Role.PROFESSIONAL, subject="cook", **HOUSE)
    first = cook.get(f"{path}?limit=1").get_json()
    second = cook.get(f"{path}?limit=1&after={first['next']}").get_json()
    assert [(i["person_id"], i["answer"]) for i in (*first["items"], *second["items"])] == sorted(
        [(asta["child_id"], NUTS), (viggo["child_id"], "mælk")]
    )
    assert second["next"] is None
    assert [row.objects for row in rows(registration, "select objects from chassis.audit where subject = 'cook' order by id")] == [
        [first["items"][0]["person_id"]],
        [second["items"][0]["person_id"]],
    ]
    everywhere = staff(door, "run-activities").get(path).get_json()["items"]
    assert {item["person_id"] for item in everywhere} == {asta["child_id"], viggo["child_id"], elsewhere["child_id"]}
    at_sesam = staff(door, "run-activities").get(f"{path}?institution=sesam").get_json()["items"]
    assert [item["person_id"] for item in at_sesam] == [elsewhere["child_id"]]
    refused = (staff(door, "plan-workshop"), staff(door, "plan-workshop", Role.PROFESSIONAL), staff(door, "supervise", Role.LEADER))
    assert [slugs(caller.get(path)) for caller in refused] == [[("not-for-this-purpose", "")]] * 3
    nowhere = (path.replace("allergies", "dreams"), path.replace("sammen-om-boern", "none"))
    assert [slugs(cook.get(path)) for path in nowhere] == [[("unknown-question", "")], [("unknown-programme", "")]]


def test_what_guardians_and_professionals_answered_is_listed_too(registration: Context, door: Door, asta: Json) -> None:
    """A mother of a child in the house; not a father who may not be told of it; and whoever works there."""
    patch(guardian(door, asta, 1), of_guardian(asta, 1), interpreter=False)
    terms = {"valid_from": "2026-11-02", "relation": "father", "custody": True, "contact_allowed": False, "residence": True}
    request = {"child_id": asta["child_id"], "guardian_id": asta["guardian_ids"][1]} | terms
    deliver(registration, "family.guardianship-requested.v1", request, source=SENDER)
    leader = staff(door, "plan-workshop", Role.LEADER, **HOUSE)
    karen = leader.post("/v1/professionals", json=KAREN).get_json()["professional_id"]
    patch(leader, f"/v1/professionals/{karen}/answers", years_of_practice=4)

    def listed(caller: Door, question: str) -> list[tuple[str, Any]]:
        found = caller.get(f"/v1/programmes/sammen-om-boern/questions/{question}/answers").get_json()["items"]
        return [(item["person_id"], item["answer"]) for item in found]

    assert listed(leader, "interpreter") == [(asta["guardian_ids"][0], True)]
    assert listed(leader, "years-of-practice") == [(karen, 4)]
    assert listed(staff(door, "plan-workshop", Role.LEADER, institutions={"sesam"}), "years-of-practice") == []


def test_a_list_of_a_house_tells_of_nobody_who_is_protected(registration: Context, door: Door, asta: Json) -> None:
    """That a child is in a house would be told by its being in the list."""
    protection = {"kind": "child", "person_id": asta["child_id"], "valid_from": "2026-11-02"}
    deliver(registration, "protection.requested.v1", protection, source=SENDER)
    path = "/v1/programmes/sammen-om-boern/questions/allergies/answers"
    coordinator = staff(door, "run-activities")
    assert len(coordinator.get(path).get_json()["items"]) == 1
    assert coordinator.get(f"{path}?institution=birkegaarden").get_json()["items"] == []


def test_a_guardian_reads_his_familys_and_not_the_other_guardians(door: Door, asta: Json) -> None:
    """All about the child, all about himself; of the other guardian not even that there is something."""
    mona, karim = guardian(door, asta), guardian(door, asta, 1)
    assert read(mona, of_child(asta)).keys() == read(karim, of_child(asta)).keys() == {"daycare-start", "siblings", "allergies"}
    assert read(mona, of_guardian(asta)).keys() == {"interpreter", "interpreter-language"}
    assert karim.get(of_guardian(asta)).status_code == 404
    assert patch(karim, of_guardian(asta), interpreter=False).status_code == 404
    assert slugs(karim.get(of_guardian(asta))) == slugs(karim.get(of_guardian(asta).replace(asta["guardian_ids"][0], new_id())))


def test_what_is_out_of_reach_does_not_exist(door: Door, asta: Json) -> None:
    """Another family, another house, another system: the same answer as for an enrolment that nobody knows."""
    strangers = (
        door.as_(Role.GUARDIAN, subject=new_id(), purpose="own-family"),
        staff(door, "handle-enrolment", Role.LEADER, institutions={"sesam"}),
        staff(door, "run-activities", Role.PROFESSIONAL, institutions={"sesam"}),
    )
    for path in (of_child(asta), of_guardian(asta)):
        nowhere = path.replace(asta["enrolment_id"], new_id())
        for stranger in strangers:
            assert stranger.get(path).status_code == 404
            assert slugs(stranger.get(path)) == slugs(stranger.get(nowhere))
        system = door.as_(Role.SYSTEM, source="https://elsewhere.example")
        for stranger in (*strangers[:2], system):
            assert patch(stranger, path, siblings=1).status_code == 404


def test_of_a_long_history_the_latest_is_shown(door: Door, asta: Json) -> None:
    """However often somebody changes his mind, a hundred changes are shown."""
    mona = guardian(door, asta)
    for place in range(60):
        patch(mona, of_guardian(asta), interpreter=bool(place % 2), good_days=["saturdays"] if place % 2 else None)
    history = mona.get(of_guardian(asta)).get_json()["history"]
    assert (len(history), history[-1]["question"]) == (100, "good-days")


def test_a_system_answers_and_does_not_read(door: Door, asta: Json) -> None:
    """Who sends what families answered elsewhere has no need to read what they answered here."""
    system = door.as_(Role.SYSTEM, source=SENDER, purpose="handle-enrolment")
    assert patch(system, of_child(asta), siblings=3).status_code == 204
    assert system.get(of_child(asta)).status_code == 403


def test_who_may_not_be_told_of_a_child_neither_reads_nor_answers(registration: Context, door: Door, asta: Json) -> None:
    """From the day on which a guardian has no contact permission."""
    terms = {"valid_from": "2026-11-02", "relation": "father", "custody": True, "contact_allowed": False, "residence": True}
    request = {"child_id": asta["child_id"], "guardian_id": asta["guardian_ids"][1]} | terms
    deliver(registration, "family.guardianship-requested.v1", request, source=SENDER)
    karim = guardian(door, asta, 1)
    assert [karim.get(path).status_code for path in (of_child(asta), of_guardian(asta, 1))] == [404, 404]
    assert patch(karim, of_child(asta), siblings=1).status_code == 404


def test_a_colleague_is_not_asked_about_another(registration: Context, coordinator: Door, door: Door) -> None:
    """A professional's answers are his, his leader's and the coordinator's to read."""
    path = f"/v1/professionals/{coordinator.post('/v1/professionals', json=KAREN).get_json()['professional_id']}/answers"
    patch(coordinator, path, years_of_practice=4)
    colleague = staff(door, "run-activities", Role.PROFESSIONAL, subject=new_id(), **HOUSE)
    elsewhere = staff(door, "plan-workshop", Role.LEADER, institutions={"sesam"})
    for caller in (colleague, elsewhere):
        assert (caller.get(path).status_code, patch(caller, path, years_of_practice=5).status_code) == (404, 404)
    assert read(staff(door, "plan-workshop"), path) == {"years-of-practice": 4}
    assert len(rows(registration, "select from answer_change")) == 1
