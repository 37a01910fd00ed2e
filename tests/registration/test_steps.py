"""How an enrolment goes on, through both doors: steps, moves, history, journey; and that nothing but the table decides."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis.contracts import problems
from services.chassis.http import Role
from services.chassis.ids import new_id
from services.chassis.service import EVENTS, Context
from services.chassis.testing import Door, FakeClock, deliver, deliver_raw, event, listen_for, parked, published, try_again
from services.registration.domain.life import FOLLOWS, LIVING, Status, Step
from services.registration.handlers.refreshing import refresh
from services.registration.handlers.steps import history_of
from tests.registration.builders import REQUESTED, SENDER, WITHDRAWAL, a_number, a_request

STEP = "enrolment.step-requested.v1"

universes = count()


def ask(context: Context, type_: str, data: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    """Another system's request on the bus; the fact that answers it, however long that takes."""
    deliver(context, type_, data, source=SENDER, **attributes)
    while try_again(context, listen_for(context.service, type_)):
        pass
    return facts(context)[-1]


def facts(context: Context) -> list[dict[str, Any]]:
    """The facts about enrolments, in order."""
    return [m for m in published(context) if m["type"].startswith("registration.enrolment.") and m["exchange"] == EVENTS]


def a_step(enrolment: str, step: str, day: str = "2024-04-01", **more: Any) -> dict[str, Any]:
    """A step of that enrolment."""
    return {"enrolment_id": enrolment, "step": step, "effective_date": day} | more


def told(fact: dict[str, Any]) -> tuple[str, str, str]:
    """The fact's name, the stage and the latest step."""
    return fact["type"].split(".")[2], fact["data"]["status"], fact["data"]["step"]


@pytest.fixture
def asta(registration: Context) -> dict[str, Any]:
    """Asta's enrolment, accepted."""
    data: dict[str, Any] = ask(registration, REQUESTED, a_request())["data"]
    return data


def test_a_whole_life_is_told(registration: Context, asta: dict[str, Any]) -> None:
    """Each step is a fact of the same enrolment, with its whole state; what is enrolled is told as it always was."""
    way = [("start", "03"), ("pause", "04"), ("resume", "05"), ("move", "06"), ("complete", "07")]
    answers = []
    for step, month in way:
        where = {"institution": "151004"} if step == "move" else {}
        answers.append(ask(registration, STEP, a_step(asta["enrolment_id"], step, f"2024-{month}-01", **where)))
    assert [told(fact) for fact in answers] == [
        ("changed", "active", "start"),
        ("changed", "paused", "pause"),
        ("changed", "active", "resume"),
        ("changed", "active", "move"),
        ("changed", "completed", "complete"),
    ]
    assert [fact["sequence"] for fact in answers] == [f"{n:010d}" for n in range(2, 7)]
    assert (answers[3]["data"]["institution"], answers[3]["data"]["since"]) == ("sesam", "2024-06-01")
    assert (answers[4]["data"]["end_date"], answers[4]["data"]["was_enrolled"]) == ("2024-07-01", True)
    assert [problems(f"enrolment.{told(fact)[0]}/v1", fact["data"]) for fact in answers] == [[]] * 5


def test_an_invited_family_keeps_its_enrolment(registration: Context) -> None:
    """Invited at home, interested, enrolled by another system: one enrolment all the way, and its history names the steps."""
    number = a_number()
    at_home = a_request(cpr_number=number, stage="invited", consent=None) | {"institution": None}
    invited = ask(registration, REQUESTED, at_home)
    interested = ask(registration, STEP, a_step(invited["subject"], "interest"))
    deliver(registration, REQUESTED, a_request(cpr_number=number), source="https://another.example")
    enrolled = facts(registration)[-1]
    assert [told(fact) for fact in (invited, interested, enrolled)] == [
        ("changed", "invited", "invite"),
        ("changed", "interested", "interest"),
        ("accepted", "accepted", "enrol"),
    ]
    assert {fact["subject"] for fact in (invited, interested, enrolled)} == {invited["subject"]}
    assert (invited["data"]["institution"], enrolled["data"]["institution"]) == (None, "birkegaarden")
    assert (invited["data"]["was_enrolled"], enrolled["data"]["was_enrolled"]) == (False, True)


def test_invited_and_enrolled_in_one_batch(registration: Context) -> None:
    """A batch that holds both makes one enrolment of them, in order."""
    number = a_number()
    requests = [a_request(cpr_number=number, stage="invited"), a_request(cpr_number=number), a_request(cpr_number=number)]
    bodies = [event(REQUESTED, data, source=SENDER) for data in requests]
    deliver_raw(registration, listen_for(registration.service, REQUESTED), bodies)
    assert [fact["data"]["status"] for fact in facts(registration)] == ["invited", "accepted", "rejected"]
    assert history(registration, facts(registration)[0]["subject"]) == [("invite", "invited"), ("enrol", "accepted")]


def history(context: Context, enrolment_id: str) -> list[tuple[str, str]]:
    """The steps that were kept of an enrolment, and where each led."""
    with context.work() as work:
        return [(one.step.value, one.status.value) for one in history_of(enrolment_id, work)]


def test_a_move_before_the_start_is_an_accepted_enrolment(registration: Context, asta: dict[str, Any]) -> None:
    """Who knows only of accepted enrolments hears of the new house in the words that he knows."""
    fact = ask(registration, STEP, a_step(asta["enrolment_id"], "move", institution="sesam"))
    assert (told(fact), fact["data"]["institution"]) == (("accepted", "accepted", "move"), "sesam")


@pytest.mark.parametrize(
    ("step", "slugs"),
    [
        ({"step": "resume"}, {"step-not-allowed"}),
        ({"step": "move", "institution": "999999"}, {"unknown-institution"}),
        ({"step": "move", "institution": "151001"}, {"already-there"}),
        ({"step": "promote"}, {"unknown-value"}),
        ({"enrolment_id": new_id()}, {"unknown-enrolment"}),
    ],
)
def test_a_refused_step_changes_nothing(registration: Context, asta: dict[str, Any], step: dict[str, Any], slugs: set[str]) -> None:
    """It is rejected with the reasons, under an id of its own; the enrolment is as it was."""
    fact = ask(registration, STEP, a_step(asta["enrolment_id"], "start") | step, id="step-17")
    assert (fact["data"]["status"], fact["data"]["request_id"]) == ("rejected", "step-17")
    assert {reason["slug"] for reason in fact["data"]["reasons"]} == slugs
    assert history(registration, asta["enrolment_id"]) == [("enrol", "accepted")]
    assert parked(registration) == []


def test_a_refusal_over_http_says_what_may_follow(door: Door, asta: dict[str, Any]) -> None:
    """With the rule, in Danish and English, as a conflict."""
    coordinator = door.as_(Role.COORDINATOR)
    body = {"step": "resume", "effective_date": "2024-04-01"}
    answer = coordinator.post(f"/v1/enrolments/{asta['enrolment_id']}/steps", json=body)
    [error] = answer.get_json()["errors"]
    assert (answer.status_code, error["slug"], error["field"]) == (409, "step-not-allowed", "/step")
    assert error["text"]["en"].endswith("What may follow is: start, move, withdraw.")


def test_a_guardian_shows_interest_and_withdraws(registration: Context, door: Door) -> None:
    """His own family's; the rest is for staff, and another family's does not exist."""
    invited = ask(registration, REQUESTED, a_request(stage="invited", consent=None))["data"]
    path = f"/v1/enrolments/{invited['enrolment_id']}/steps"
    guardian = door.as_(Role.GUARDIAN, subject=invited["guardian_ids"][0])
    today = {"effective_date": "2024-04-01"}
    assert guardian.post(path, json={"step": "interest"} | today).get_json()["status"] == "interested"
    assert guardian.post(path, json={"step": "enrol"} | today).status_code == 403
    assert door.as_(Role.GUARDIAN, subject=new_id()).post(path, json={"step": "withdraw"} | today).status_code == 404
    withdrawn = guardian.post(path, json={"step": "withdraw", "reason": "declined"} | today).get_json()
    assert (withdrawn["status"], withdrawn["was_enrolled"]) == ("withdrawn", False)


def test_nobody_is_enrolled_without_the_consent_that_it_takes(registration: Context) -> None:
    """Where the programme requires consent, the step to be enrolled needs it as the request does."""
    with registration.work() as work:
        required = "update programme set definition = jsonb_set(definition, '{consent_purposes,0,required}', 'true')"
        work.connection.execute(sa.text(required))
    invited = ask(registration, REQUESTED, a_request(stage="invited", consent=None))["data"]
    agreed = ask(registration, REQUESTED, a_request(stage="invited"))["data"]
    refused = ask(registration, STEP, a_step(invited["enrolment_id"], "enrol"))
    assert [reason["slug"] for reason in refused["data"]["reasons"]] == ["consent-missing"]
    assert told(ask(registration, STEP, a_step(agreed["enrolment_id"], "enrol"))) == ("accepted", "accepted", "enrol")


def test_history_and_journey_are_read(registration: Context, door: Door, asta: dict[str, Any]) -> None:
    """Whoever sees the enrolment sees its steps; the child's journey says what has stalled."""
    ask(registration, STEP, a_step(asta["enrolment_id"], "start", reason="first-day"))
    leader = door.as_(Role.LEADER, institutions={"birkegaarden"}, purpose="plan-workshop")
    items = leader.get(f"/v1/enrolments/{asta['enrolment_id']}/history").get_json()["items"]
    assert [(item["step"], item["effective_date"], item["reason"], item["institution"]) for item in items] == [
        ("enrol", "2024-03-01", None, "birkegaarden"),
        ("start", "2024-04-01", "first-day", "birkegaarden"),
    ]
    ask(registration, STEP, a_step(asta["enrolment_id"], "pause", "2024-05-01"))
    [journey] = leader.get(f"/v1/children/{asta['child_id']}/journey").get_json()["items"]
    states = [(step["step"], step["state"], step["due"]) for step in journey["steps"]]
    assert states[2:] == [("pause", "done", None), ("resume", "stalled", "2024-07-30"), ("complete", "expected", None)]
    assert (journey["status"], journey["stalled"]) == ("paused", True)
    stranger = door.as_(Role.LEADER, institutions={"sesam"}, purpose="plan-workshop")
    assert stranger.get(f"/v1/enrolments/{asta['enrolment_id']}/history").status_code == 404
    assert stranger.get(f"/v1/children/{asta['child_id']}/journey").status_code == 404


def test_a_leader_sees_a_child_through_a_pause_and_not_after_a_move(registration: Context, door: Door, asta: dict[str, Any]) -> None:
    """A paused child is still hers; one that moved on is the next house's."""
    path = f"/v1/children/{asta['child_id']}"
    here, there = (door.as_(Role.LEADER, institutions={house}, purpose="plan-workshop") for house in ("birkegaarden", "sesam"))
    for step in ("start", "pause"):
        ask(registration, STEP, a_step(asta["enrolment_id"], step))
    assert (here.get(path).status_code, there.get(path).status_code) == (200, 404)
    ask(registration, STEP, a_step(asta["enrolment_id"], "move", institution="sesam"))
    assert (here.get(path).status_code, there.get(path).status_code) == (404, 200)


def test_home_is_for_those_who_come_there(door: Door) -> None:
    """A child in no institution is invited by a health visitor or a coordinator, and not by a house's leader."""
    at_home = a_request(stage="invited", consent=None) | {"institution": None}
    path, body = "/v1/enrolment-requests", {"id": new_id(), "data": at_home}
    assert door.as_(Role.LEADER, institutions={"birkegaarden"}).post(path, json=body).status_code == 403
    visitor = door.as_(Role.HEALTH_VISITOR, institutions={"birkegaarden"}).post(path, json=body)
    assert (visitor.status_code, visitor.get_json()["status"]) == (200, "invited")


def test_the_answer_to_a_request_stays_what_it_was(door: Door, registration: Context) -> None:
    """Repeated after the enrolment went on, each request is answered as the first time, the one that led it on too."""
    system = door.as_(Role.SYSTEM, source=SENDER)
    number = a_number()
    bodies = [{"id": new_id(), "data": a_request(cpr_number=number, stage=stage)} for stage in ("invited", "accepted")]
    first = [system.post("/v1/enrolment-requests", json=body).get_json() for body in bodies]
    ask(registration, STEP, a_step(first[0]["enrolment_id"], "move", institution="sesam"))
    again = [system.post("/v1/enrolment-requests", json=body).get_json() for body in bodies]
    assert [answer["status"] for answer in first] == ["invited", "accepted"]
    assert [(a["status"], a["request_id"], a["institution"]) for a in again] == [
        (a["status"], a["request_id"], a["institution"]) for a in first
    ]


class TestProfessionals:
    """POST /v1/professionals/{id}/steps."""

    BODY = {  # noqa: RUF012 - a constant
        "programme": "sammen-om-boern",
        "profession": "pedagogue",
        "institution": "birkegaarden",
        "given_name": "Karen",
        "family_name": "Prøvesen",
        "email": "karen@example.org",
        "share_percent": 20,
        "start_date": "2024-01-01",
    }

    @pytest.fixture
    def karen(self, coordinator: Door) -> dict[str, Any]:
        """Karen, who gives a fifth of her time."""
        found: dict[str, Any] = coordinator.post("/v1/professionals", json=self.BODY).get_json()
        return found

    def test_a_professional_has_the_same_life(self, coordinator: Door, registration: Context, karen: dict[str, Any]) -> None:
        """Registered, begun, moved, completed; told each time, with his share of time and period."""
        path = f"/v1/professionals/{karen['professional_id']}"
        assert (karen["status"], karen["share_percent"], karen["start_date"]) == ("accepted", 20, "2024-01-01")
        days = [("start", "2024-01-01"), ("move", "2024-03-01"), ("complete", "2024-06-01")]
        for step, day in days:
            answer = coordinator.post(f"{path}/steps", json={"step": step, "effective_date": day, "institution": "sesam"})
            assert answer.get_json() == published(registration)[-1]["data"]
        assert (answer.get_json()["status"], answer.get_json()["institution"], answer.get_json()["end_date"]) == (
            "completed",
            "sesam",
            "2024-06-01",
        )
        steps = [item["step"] for item in coordinator.get(f"{path}/history").get_json()["items"]]
        assert steps == ["enrol", "start", "move", "complete"]

    def test_registering_again_changes_no_stage(self, coordinator: Door, karen: dict[str, Any]) -> None:
        """A corrected name does not end a pause."""
        path = f"/v1/professionals/{karen['professional_id']}/steps"
        for step in ("start", "pause"):
            coordinator.post(path, json={"step": step, "effective_date": "2024-02-01"})
        again = coordinator.post("/v1/professionals", json=self.BODY | {"family_name": "Nygift"}).get_json()
        assert (again["status"], again["professional_id"]) == ("paused", karen["professional_id"])

    def test_what_does_not_follow_is_refused(self, coordinator: Door, door: Door, karen: dict[str, Any]) -> None:
        """By the same table; a move needs a place, and another house's leader finds nobody."""
        path = f"/v1/professionals/{karen['professional_id']}/steps"
        day = {"effective_date": "2024-02-01"}
        assert coordinator.post(path, json={"step": "resume"} | day).status_code == 409
        assert coordinator.post(path, json={"step": "move"} | day).get_json()["errors"][0]["slug"] == "institution-missing"
        assert door.as_(Role.LEADER, institutions={"sesam"}).post(path, json={"step": "start"} | day).status_code == 404


def test_a_race_of_invitation_and_enrolment_makes_one_enrolment(registration: Context) -> None:
    """Systems that invite and enrol the same child in the same moment make one enrolment of it, which ends up accepted."""
    number, stages = a_number(), ["invited", "interested", "accepted"] * 2
    start = Barrier(len(stages))

    def send(place: int) -> None:
        start.wait(timeout=10)
        data = a_request(cpr_number=number, stage=stages[place])
        deliver(registration, REQUESTED, data, source=f"https://sender-{place}.example")

    with ThreadPoolExecutor(len(stages)) as pool:
        list(pool.map(send, range(len(stages))))
    granted = [fact for fact in facts(registration) if fact["data"]["status"] != "rejected"]
    assert {fact["subject"] for fact in granted} == {granted[0]["subject"]}
    assert granted[-1]["data"]["status"] == "accepted"


doors = st.sampled_from(["bus", "http", "withdrawal"])
ways = st.lists(st.tuples(st.sampled_from([*Step][1:]), doors), min_size=1, max_size=9)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ways)
def test_any_steps_by_any_door_end_where_the_table_allows(registration: Context, door: Door, told_steps: list[tuple[Step, str]]) -> None:
    """Whatever is asked for at whichever door, also twice: the history is a way through the table, and the facts say the same.

    All is said on one day, one thing after the other.
    """
    assert isinstance(registration.clock, FakeClock)
    first = ask(registration, REQUESTED, a_request(stage="invited"))["subject"]
    coordinator, moves = door.as_(Role.COORDINATOR), places()
    for step, way in told_steps:
        registration.clock.advance(timedelta(seconds=1))
        request = a_step(first, step.value, "2024-05-01", institution=next(moves)) if step is Step.MOVE else a_step(first, step.value)
        request = request | {"effective_date": "2024-05-01"}
        if way == "http":
            coordinator.post(f"/v1/enrolments/{first}/steps", json={k: v for k, v in request.items() if k != "enrolment_id"})
        elif way == "withdrawal":
            withdrawal = {"enrolment_id": first, "reason": "moved", "effective_date": "2024-05-01"}
            deliver(registration, WITHDRAWAL, withdrawal, source=SENDER)
        else:
            id_ = new_id()
            for _ in range(2):
                deliver(registration, STEP, request, source=SENDER, id=id_)
    while try_again(registration, listen_for(registration.service, STEP)):
        registration.clock.advance(timedelta(seconds=1))
    walked = history(registration, first)
    stages: list[Status | None] = [None, *(Status(status) for _, status in walked)]
    assert [FOLLOWS[before][Step(step)].value for before, (step, _) in zip(stages, walked, strict=False)] == [
        status for _, status in walked
    ]
    mine = [fact["data"]["status"] for fact in facts(registration) if fact["subject"] == first]
    assert mine == [status for _, status in walked]
    assert one_living(registration)


def places() -> Iterator[str]:
    """Where to move to, each time somewhere else."""
    while True:
        yield from ("sesam", "globen")


def one_living(context: Context) -> bool:
    """Whether no child has two enrolments in a programme that may go on."""
    listed = ", ".join(f"'{status}'" for status in LIVING)
    query = f"select 1 from enrolment where status in ({listed}) group by child_id, programme having count(*) > 1"
    with context.work() as work:
        return work.connection.execute(sa.text(query)).first() is None


def test_a_refresh_tells_every_stage_again(registration: Context, asta: dict[str, Any]) -> None:
    """A reader who was not there learns where each enrolment stands, under its present number."""
    ask(registration, STEP, a_step(asta["enrolment_id"], "start"))
    before = len(published(registration))
    with registration.work() as work:
        refresh(work)
    [again] = [m for m in published(registration)[before:] if m["type"].startswith("registration.enrolment.")]
    assert (told(again), again["sequence"], again["snapshot"]) == (("changed", "active", "start"), "0000000002", True)
