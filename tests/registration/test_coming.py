"""Steps that are dated ahead: until their day everything is as it was, on it they take effect, and before it they can be called back."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.chassis.http import Role
from services.chassis.ids import new_id
from services.chassis.service import EVENTS, Context
from services.chassis.testing import Door, FakeClock, deliver, listen_for, published, run_timer, try_again
from tests.registration.builders import REQUESTED, SENDER, WITHDRAWAL, a_number, a_request

STEP = "enrolment.step-requested.v1"
DENMARK = ZoneInfo("Europe/Copenhagen")


def ask(context: Context, type_: str, data: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    """Another system's request on the bus; the fact that answers it, however long that takes."""
    deliver(context, type_, data, **{"source": SENDER} | attributes)
    while try_again(context, listen_for(context.service, type_)):
        pass
    return facts(context)[-1]


def facts(context: Context) -> list[dict[str, Any]]:
    """The facts about enrolments, in order."""
    return [m for m in published(context) if m["type"].startswith("registration.enrolment.") and m["exchange"] == EVENTS]


def step(enrolment: dict[str, Any], name: str, day: str, **more: Any) -> dict[str, Any]:
    """A step of that enrolment."""
    return {"enrolment_id": enrolment["enrolment_id"], "step": name, "effective_date": day} | more


def comes(clock: FakeClock, day: str, hour: int = 0) -> None:
    """It is that hour of that day in Denmark."""
    clock.now = datetime.fromisoformat(day).replace(hour=hour, tzinfo=DENMARK)


def leaders(door: Door) -> tuple[Door, Door]:
    """Those of Birkegården and of Sesam."""
    here, there = (door.as_(Role.LEADER, institutions={one}) for one in ("birkegaarden", "sesam"))
    return here, there


def told(fact: dict[str, Any]) -> tuple[Any, ...]:
    """What a fact says of where the enrolment stands."""
    return tuple(fact["data"][name] for name in ("status", "institution", "step", "since"))


@pytest.fixture
def asta(running: Context) -> dict[str, Any]:
    """Asta's enrolment in Birkegården; she has begun."""
    enrolled = ask(running, REQUESTED, a_request())["data"]
    data: dict[str, Any] = ask(running, STEP, step(enrolled, "start", "2024-03-01"))["data"]
    return data


def test_a_move_dated_ahead_changes_nothing_before_its_day(running: Context, door: Door, clock: FakeClock, asta: dict[str, Any]) -> None:
    """Facts, lists, the enrolment and the leaders' reach show today's house, and the move as coming; from midnight on the other."""
    answer = ask(running, STEP, step(asta, "move", "2026-12-01", institution="sesam"), id="to-sesam")
    path, house = f"/v1/enrolments/{asta['enrolment_id']}", "/v1/enrolments?institution="
    assert told(answer) == ("active", "birkegaarden", "start", "2024-03-01")
    comes(clock, "2026-11-30", hour=23)
    run_timer(running, "steps")
    here, there = leaders(door)
    [coming] = here.get(path).get_json()["coming"]
    assert (coming["step"], coming["effective_date"], coming["institution"], coming["request_id"]) == (
        "move",
        "2026-12-01",
        "sesam",
        "to-sesam",
    )
    assert [len(one.get(f"{house}birkegaarden").get_json()["items"]) for one in (here, there)] == [1, 0]
    assert (there.get(path).status_code, facts(running)[-1]) == (404, answer)
    comes(clock, "2026-12-01")
    run_timer(running, "steps")
    here, there = leaders(door)
    assert told(facts(running)[-1]) == ("active", "sesam", "move", "2026-12-01")
    assert (here.get(path).status_code, there.get(path).get_json()["coming"]) == (404, [])
    assert facts(running)[-1]["data"]["request_id"] == "to-sesam"


def test_what_has_come_is_told_once(running: Context, clock: FakeClock, asta: dict[str, Any]) -> None:
    """After weeks in which nobody looked each step is told, in order, in one sequence; looking again tells nothing."""
    for name, day in (("pause", "2026-11-10"), ("resume", "2026-11-20"), ("withdraw", "2026-12-24")):
        ask(running, STEP, step(asta, name, day))
    before = len(facts(running))
    comes(clock, "2026-12-30")
    for _ in range(3):
        run_timer(running, "steps")
    news = facts(running)[before:]
    assert [told(fact)[0] for fact in news] == ["paused", "active", "withdrawn"]
    assert [fact["sequence"] for fact in news] == [f"{before + n:010d}" for n in (1, 2, 3)]
    assert (news[-1]["data"]["end_date"], news[-1]["data"]["coming"]) == ("2026-12-24", [])


def test_who_comes_before_the_clock_finds_it_done(running: Context, clock: FakeClock, asta: dict[str, Any]) -> None:
    """A request on the day itself, before the timer has looked: what had come is told before its answer."""
    ask(running, STEP, step(asta, "pause", "2026-12-01"))
    comes(clock, "2026-12-01")
    ask(running, STEP, step(asta, "resume", "2026-12-01"))
    run_timer(running, "steps")
    assert [told(fact)[0] for fact in facts(running)[-3:]] == ["active", "paused", "active"]


def test_a_child_that_has_left_today_is_enrolled_anew(running: Context, clock: FakeClock) -> None:
    """An invitation whose end came at midnight is not gone on from, though the timer has not looked yet."""
    number = a_number()
    invited = ask(running, REQUESTED, a_request(cpr_number=number, stage="invited"))["data"]
    ask(running, STEP, step(invited, "withdraw", "2026-12-01"))
    comes(clock, "2026-12-01")
    enrolled = ask(running, REQUESTED, a_request(cpr_number=number, start_date="2026-12-10"))
    assert (told(facts(running)[-2])[0], told(enrolled)[0]) == ("withdrawn", "accepted")
    assert enrolled["subject"] != invited["enrolment_id"]


def test_history_and_journey_tell_what_is_coming(running: Context, door: Door, asta: dict[str, Any]) -> None:
    """The history marks the coming step; the journey has it with its day, and what is expected after it."""
    ask(running, STEP, step(asta, "pause", "2026-12-01"))
    leader = door.as_(Role.LEADER, institutions={"birkegaarden"}, purpose="plan-workshop")
    items = leader.get(f"/v1/enrolments/{asta['enrolment_id']}/history").get_json()["items"]
    [journey] = leader.get(f"/v1/children/{asta['child_id']}/journey").get_json()["items"]
    assert [(item["step"], item["coming"]) for item in items] == [("enrol", False), ("start", False), ("pause", True)]
    assert (journey["status"], [(one["step"], one["state"]) for one in journey["steps"]]) == (
        "active",
        [("enrol", "done"), ("start", "done"), ("pause", "coming"), ("resume", "expected"), ("complete", "expected")],
    )


def test_a_coming_place_of_who_is_protected_is_not_told(running: Context, door: Door, asta: dict[str, Any]) -> None:
    """That a move is coming is told; where to is not."""
    ask(running, STEP, step(asta, "move", "2026-12-01", institution="sesam"))
    coordinator = door.as_(Role.COORDINATOR)
    coordinator.post("/v1/protections", json={"kind": "child", "person_id": asta["child_id"], "valid_from": "2026-11-01"})
    [coming] = facts(running)[-1]["data"]["coming"]
    assert (coming["step"], coming["institution"], coming["institution_id"]) == ("move", None, None)


class TestCallingBack:
    """DELETE /v1/enrolments/{id}/steps/{number}."""

    @pytest.fixture
    def path(self, running: Context, asta: dict[str, Any]) -> str:
        """The way to Asta's move of December."""
        [coming] = ask(running, STEP, step(asta, "move", "2026-12-01", institution="sesam"))["data"]["coming"]
        return f"/v1/enrolments/{asta['enrolment_id']}/steps/{coming['number']}"

    def test_what_is_called_back_never_comes(self, running: Context, door: Door, clock: FakeClock, path: str) -> None:
        """The answer and the fact have nothing coming any more; the day passes, and nothing is told."""
        answer = door.as_(Role.COORDINATOR).delete(path)
        assert (answer.status_code, answer.get_json()) == (200, facts(running)[-1]["data"])
        assert (answer.get_json()["coming"], answer.get_json()["institution"]) == ([], "birkegaarden")
        before = len(facts(running))
        comes(clock, "2026-12-02")
        run_timer(running, "steps")
        assert len(facts(running)) == before
        assert door.as_(Role.COORDINATOR).delete(path).status_code == 409

    def test_what_has_begun_is_not_called_back(self, running: Context, door: Door, clock: FakeClock, path: str) -> None:
        """On its day it is too late, whether the timer has looked or not; the child stays where it was moved."""
        comes(clock, "2026-12-01")
        refused = door.as_(Role.COORDINATOR).delete(path)
        run_timer(running, "steps")
        assert (refused.status_code, refused.get_json()["errors"][0]["slug"]) == (409, "step-not-coming")
        assert told(facts(running)[-1])[1] == "sesam"

    def test_a_system_calls_back_its_own(self, door: Door, path: str) -> None:
        """Another's step is refused, also to the family; an enrolment that is out of reach is not there."""
        other = door.as_(Role.SYSTEM, source="https://another.example").delete(path)
        mother = door.as_(Role.GUARDIAN, subject=new_id()).delete(path)
        own = door.as_(Role.SYSTEM, source=SENDER).delete(path)
        assert (other.status_code, mother.status_code, own.status_code) == (404, 404, 200)

    def test_a_guardian_calls_back_his_own_withdrawal(self, door: Door, running: Context, asta: dict[str, Any], path: str) -> None:
        """And not what another asked for."""
        guardian = door.as_(Role.GUARDIAN, subject=asta["guardian_ids"][0])
        withdrawal = {"step": "withdraw", "effective_date": "2026-12-24"}
        coming = guardian.post(f"/v1/enrolments/{asta['enrolment_id']}/steps", json=withdrawal).get_json()["coming"]
        refused = guardian.delete(path)
        granted = guardian.delete(f"/v1/enrolments/{asta['enrolment_id']}/steps/{coming[-1]['number']}")
        assert (refused.status_code, refused.get_json()["errors"][0]["slug"]) == (403, "step-of-another")
        assert [one["step"] for one in granted.get_json()["coming"]] == ["move"]
        assert told(facts(running)[-1])[0] == "active"


@pytest.mark.parametrize(
    ("name", "day", "slug"),
    [
        ("start", "2030-07-01", "step-too-late"),
        ("move", "2099-01-01", "step-too-late"),
        ("withdraw", "2030-07-02", "step-too-late"),
        ("withdraw", "2030-07-01", None),
        ("start", "2010-02-01", "step-too-early"),
        ("start", "2024-02-29", "step-too-early"),
        ("withdraw", "2010-02-01", "step-before-birth"),
        ("withdraw", "2024-02-01", None),
    ],
)
def test_days_that_cannot_be_are_refused(running: Context, door: Door, name: str, day: str, slug: str | None) -> None:
    """After the programme's end, before the start, before the birth; who has not begun may leave before the start. Both doors alike."""
    enrolled = ask(running, REQUESTED, a_request())["data"]
    where = {"institution": "sesam"} if name == "move" else {}
    body = {"step": name, "effective_date": day} | where
    over_http = door.as_(Role.COORDINATOR).post(f"/v1/enrolments/{enrolled['enrolment_id']}/steps", json=body)
    slugs = {error["slug"] for error in over_http.get_json().get("errors", ())}
    assert (over_http.status_code, slugs) == ((422, {slug} | (slugs if slug else set())) if slug else (200, set()))
    if slug:
        on_the_bus = ask(running, STEP, step(enrolled, name, day, **where))
        assert {one["slug"] for one in on_the_bus["data"]["reasons"]} == slugs


class TestEnrolledAnew:
    """A child that is to leave, and for whom a new enrolment is asked from then on."""

    def asked(self, running: Context, asta: dict[str, Any], number: str, start: str) -> dict[str, Any]:
        """The answer to the request for the new one; Asta leaves on 1 December."""
        ask(running, STEP, step(asta, "withdraw", "2026-12-01"))
        return ask(running, REQUESTED, a_request(cpr_number=number, track="B", start_date=start))

    @pytest.fixture
    def number(self) -> str:
        """Asta's number."""
        return a_number()

    @pytest.fixture
    def asta(self, running: Context, number: str) -> dict[str, Any]:
        """Asta's enrolment on track A."""
        data: dict[str, Any] = ask(running, REQUESTED, a_request(cpr_number=number))["data"]
        return data

    def test_from_the_day_of_its_end(self, running: Context, clock: FakeClock, asta: dict[str, Any], number: str) -> None:
        """It gets the new one at once, and has one again when the day has come; a third one is refused."""
        anew = self.asked(running, asta, number, "2026-12-01")
        again = ask(running, REQUESTED, a_request(cpr_number=number, start_date="2026-12-24"))
        comes(clock, "2026-12-01")
        run_timer(running, "steps")
        assert (told(anew)[0], anew["data"]["track"], anew["subject"] != asta["enrolment_id"]) == ("accepted", "B", True)
        assert [reason["slug"] for reason in again["data"]["reasons"]] == ["already-enrolled"]
        assert (facts(running)[-1]["subject"], told(facts(running)[-1])[0]) == (asta["enrolment_id"], "withdrawn")

    def test_before_its_end_is_refused(self, running: Context, asta: dict[str, Any], number: str) -> None:
        """On the day before the child is enrolled still."""
        refused = self.asked(running, asta, number, "2026-11-30")
        assert [reason["slug"] for reason in refused["data"]["reasons"]] == ["already-enrolled"]

    def test_whichever_is_heard_of_first(self, running: Context, asta: dict[str, Any], number: str) -> None:
        """The request waits for the end that it follows, though that is only coming."""
        deliver(running, REQUESTED, a_request(cpr_number=number, start_date="2026-12-10"), source=SENDER)
        ask(running, STEP, step(asta, "withdraw", "2026-12-01"))
        assert sorted(fact["data"]["status"] for fact in facts(running)) == ["accepted"] * 3
        assert len({fact["subject"] for fact in facts(running)}) == 2

    def test_its_end_is_not_called_back(self, running: Context, door: Door, asta: dict[str, Any], number: str) -> None:
        """The child would be enrolled twice."""
        self.asked(running, asta, number, "2026-12-01")
        path = f"/v1/enrolments/{asta['enrolment_id']}"
        coordinator = door.as_(Role.COORDINATOR)
        [coming] = coordinator.get(path).get_json()["coming"]
        refused = coordinator.delete(f"{path}/steps/{coming['number']}")
        assert (refused.status_code, refused.get_json()["errors"][0]["slug"]) == (409, "already-enrolled")


class TestAnInvitedFamily:
    """What the end of an invitation and a request that enrols the child give, whichever comes first."""

    def both(self, running: Context, end: str, order: tuple[int, int]) -> dict[str, str]:
        """What has become of the child's enrolments, the first first; the requests come in that order."""
        number = a_number()
        invited = ask(running, REQUESTED, a_request(cpr_number=number, stage="invited"))["data"]
        withdrawal = {"enrolment_id": invited["enrolment_id"], "reason": "declined", "effective_date": end}
        requests = [(WITHDRAWAL, withdrawal), (REQUESTED, a_request(cpr_number=number))]
        for place in order:
            ask(running, *requests[place])
        return {fact["subject"]: fact["data"]["status"] for fact in facts(running)}

    def test_an_end_that_had_come_leaves_the_invitation_behind(self, running: Context) -> None:
        """Withdrawn, then asked for: the child is enrolled anew, and the invitation stays ended."""
        assert [*self.both(running, "2024-02-01", (0, 1)).values()] == ["withdrawn", "accepted"]

    def test_an_end_that_comes_after_ends_what_the_invitation_became(self, running: Context) -> None:
        """Asked for, then withdrawn: it is one enrolment, and it has ended. Here alone the order counts, and the documents say so."""
        assert [*self.both(running, "2024-02-01", (1, 0)).values()] == ["withdrawn"]

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    def test_an_end_that_is_to_come_ends_it_in_either_order(self, running: Context, clock: FakeClock, order: tuple[int, int]) -> None:
        """Until its day the child is enrolled, and from then on it is not, whichever was said first."""
        assert [*self.both(running, "2026-12-01", order).values()] == ["accepted"]
        comes(clock, "2026-12-01")
        run_timer(running, "steps")
        assert (len({fact["subject"] for fact in facts(running)}), told(facts(running)[-1])[0]) == (1, "withdrawn")

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    def test_a_step_to_enrol_and_an_end_count_by_their_days(self, running: Context, order: tuple[int, int]) -> None:
        """Enrolled in February and withdrawn in March it was enrolled and has ended, whichever was heard of first."""
        invited = ask(running, REQUESTED, a_request(stage="invited"))["data"]
        both = [step(invited, "enrol", "2024-02-01"), step(invited, "withdraw", "2024-03-01")]
        for place in order:
            ask(running, STEP, both[place])
            running.clock.advance(timedelta(seconds=1)) if isinstance(running.clock, FakeClock) else None
        assert (told(facts(running)[-1])[0], facts(running)[-1]["data"]["was_enrolled"]) == ("withdrawn", True)
