"""Seats that are offered rather than given: held, told of, accepted, declined, or gone to the next when nobody answers."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from services.chassis.contracts import example
from services.chassis.ids import new_id
from services.chassis.testing import deliver, published
from services.events.handlers import offers
from tests.events.builders import NEXT_WEEK, NOW, a_family
from tests.events.test_explain import decided, explain, reasons_now
from tests.events.town import Desk, Json, Town, a_meeting, found, reasons

OFFERED: Json = {"offers": {"answer_hours": 13}}
AGAIN: Json = {"offers": {"answer_hours": 13, "queue_again": True}}


class Line:
    """A workshop for two whose seats are offered, the family that has them, and families that wait."""

    def __init__(self, town: Town, desk: Desk, rule: Json, waiting: int = 2) -> None:
        self.desk = desk
        self.workshop = desk.opens(2, line=rule, sessions=[a_meeting(NEXT_WEEK)])
        self.holder, *self.waiting = (desk.signs_up(self.workshop, town.enrols(a_family()).party()) for _ in range(waiting + 1))

    def is_freed(self) -> None:
        """The seats are free."""
        self.desk.cancels(self.holder)

    def answers(self, signup: Json, answer: str) -> TestResponse:
        """What is said to an answer."""
        return self.desk.coordinator.post(f"/v1/signups/{signup['signup_id']}/{answer}")

    def ends(self) -> None:
        """The clock comes around to whatever is over."""
        offers.end_due(self.desk.context)

    def is_written(self, signup: Json, fact: str, **details: Any) -> None:
        """Notifications tells what became of the letter about the offer."""
        data = example(f"mail.{fact}/v1")["data"] | {"kind": "offer", "signup_id": signup["signup_id"]} | details
        deliver(self.desk.context, f"notifications.mail.{fact}.v1", data, subject=new_id(), time=self.desk.context.clock())

    @property
    def standing(self) -> list[tuple[str, int | None]]:
        """Where those who waited stand now."""
        return self.desk.standing(*self.waiting)


def answer_by(line: Line) -> datetime:
    """Until when the first can answer at least."""
    return datetime.fromisoformat(line.desk.signup(line.waiting[0])["answer_by"])


def test_seats_are_held_while_the_family_answers(town: Town, desk: Desk) -> None:
    """Freed seats are offered to the next and count as taken; a newcomer waits behind."""
    line = Line(town, desk, OFFERED)
    line.is_freed()
    assert line.standing == [("offered", None), ("waiting", 1)]
    assert desk.activity(line.workshop)["free"] == 0
    assert desk.told("events.signup.offered") == [("signup.offered", line.waiting[0]["signup_id"])]


def test_accepted(town: Town, desk: Desk) -> None:
    """Who accepts has the seats, however often he says so."""
    line = Line(town, desk, OFFERED)
    line.is_freed()
    for _ in range(2):
        assert found(line.answers(line.waiting[0], "acceptance"))["status"] == "seated"
    assert decided(desk, line.waiting[0]) == ["waits", "offered", "accepted"]
    assert line.standing == [("seated", None), ("waiting", 1)]


def test_declined(town: Town, desk: Desk) -> None:
    """Who declines leaves the line, and the next is offered the seats in the same moment."""
    line = Line(town, desk, OFFERED)
    line.is_freed()
    for _ in range(2):
        assert found(line.answers(line.waiting[0], "declination"))["reason"] == "offer-declined"
    assert line.standing == [("cancelled", None), ("offered", None)]
    assert [fact for fact, _ in desk.told("events.signup")][-2:] == ["signup.declined", "signup.offered"]


@pytest.mark.parametrize("answer", ["acceptance", "declination"])
def test_nothing_is_offered(town: Town, desk: Desk, answer: str) -> None:
    """Who only waits has nothing to answer."""
    line = Line(town, desk, OFFERED)
    assert reasons(line.answers(line.waiting[0], answer), 409) == [("not-offered", "")]


def test_expired(town: Town, desk: Desk) -> None:
    """Who does not answer in time leaves the line, and the next is offered the seats; not a moment before the time is over."""
    line = Line(town, desk, OFFERED)
    line.is_freed()
    line.is_written(line.waiting[0], "sent")
    desk.waits(answer_by(line) - NOW - timedelta(seconds=1))
    line.ends()
    assert line.standing == [("offered", None), ("waiting", 1)]
    desk.waits(timedelta(seconds=1))
    line.ends()
    assert line.standing == [("cancelled", None), ("offered", None)]
    assert explain(desk, line.waiting[0])["decisions"][-1]["what"] == "expired"


def test_queued_again_once(town: Town, desk: Desk) -> None:
    """Where the rule says so, who does not answer goes to the end of the line, and leaves it when he does not answer again."""
    line = Line(town, desk, AGAIN)
    line.is_freed()
    desk.waits(timedelta(days=2))
    line.ends()
    assert line.standing == [("waiting", 1), ("offered", None)]
    line.answers(line.waiting[1], "declination")
    assert line.standing == [("offered", None), ("cancelled", None)]
    desk.waits(timedelta(days=2))
    line.ends()
    assert line.standing == [("cancelled", None), ("cancelled", None)]
    assert decided(desk, line.waiting[0]) == ["waits", "offered", "queued-again", "offered", "expired"]


def test_the_clock_starts_with_the_letter(town: Town, desk: Desk) -> None:
    """The letter that leaves three hours later gives three hours more to answer."""
    line = Line(town, desk, OFFERED)
    line.is_freed()
    before = answer_by(line)
    desk.waits(timedelta(hours=3))
    line.is_written(line.waiting[0], "sent")
    assert answer_by(line) - before == timedelta(hours=3)
    assert decided(desk, line.waiting[0]) == ["waits", "offered", "told"]


def test_other_letters_start_no_clock(town: Town, desk: Desk) -> None:
    """A reminder, or a letter about nothing that we know, says nothing of an offer."""
    line = Line(town, desk, OFFERED)
    line.is_freed()
    line.is_written(line.waiting[0], "sent", kind="reminder")
    line.is_written(line.waiting[1], "failed")
    line.is_written(line.waiting[0], "sent", signup_id=None)
    assert decided(desk, line.waiting[0]) == ["waits", "offered"]


def test_letter_that_cannot_be_sent(town: Town, desk: Desk) -> None:
    """Where the letter cannot be sent staff see it, have the whole time to ring, and may answer; then the seats go to the next."""
    line = Line(town, desk, OFFERED)
    line.is_freed()
    before = answer_by(line)
    desk.waits(timedelta(hours=2))
    line.is_written(line.waiting[0], "suppressed", reason="no-address")
    assert desk.signup(line.waiting[0])["reason"] == "offer-undeliverable"
    assert answer_by(line) - before == timedelta(hours=2)
    assert reasons_now(explain(desk, line.waiting[0])) == ["now-offered", "now-undeliverable"]
    desk.waits(timedelta(days=2))
    line.ends()
    assert line.standing == [("cancelled", None), ("offered", None)]
    assert desk.signup(line.waiting[0])["reason"] == "offer-undeliverable"


def test_no_time_left_for_an_answer(town: Town, desk: Desk) -> None:
    """Shortly before the first session there is no time to ask: freed seats are given."""
    line = Line(town, desk, OFFERED)
    desk.waits(NEXT_WEEK - NOW - timedelta(hours=12))
    line.is_freed()
    assert line.standing == [("seated", None), ("waiting", 1)]


def test_who_has_an_offer_cancels(town: Town, desk: Desk) -> None:
    """A family that cancels while it has an offer gives the seats to the next, and is not heard of again when the time is over."""
    line = Line(town, desk, OFFERED)
    line.is_freed()
    desk.cancels(line.waiting[0])
    assert line.standing == [("cancelled", None), ("offered", None)]
    line.answers(line.waiting[1], "acceptance")
    desk.waits(timedelta(days=3))
    line.ends()
    assert line.standing == [("cancelled", None), ("seated", None)]


@pytest.mark.parametrize(("rule", "hours"), [(OFFERED, [13, 13]), ({}, [None, None])])
def test_who_waits_is_told_how_long_there_is_to_answer(town: Town, desk: Desk, rule: Json, hours: list[int | None]) -> None:
    """The fact that somebody waits says how many hours he will have to answer, where seats are offered at all."""
    Line(town, desk, rule)
    waiting = [fact["data"] for fact in published(desk.context) if fact["type"] == "events.signup.waitlisted.v1"]
    assert [data.get("answer_hours") for data in waiting] == hours


def test_after_a_transfer_the_other_line_counts(town: Town, desk: Desk) -> None:
    """Who waits after a transfer is told how the line gives seats in which he stands now."""
    line, family = Line(town, desk, {}), town.enrols(a_family())
    elsewhere = desk.signs_up(desk.opens(line=OFFERED, sessions=[a_meeting(NEXT_WEEK + timedelta(days=1))]), family.party())
    body = {"activity_id": line.workshop["activity_id"]}
    found(desk.coordinator.post(f"/v1/signups/{elsewhere['signup_id']}/transfer", json=body), 201)
    last = [fact["data"] for fact in published(desk.context) if fact["type"] == "events.signup.waitlisted.v1"][-1]
    assert (last["contact_id"], last.get("answer_hours")) == (family.mother, None)
