"""A learning lab, what follows in practice and supervision are one: put together, signed up to in one step, completed as one."""

from datetime import timedelta
from typing import Any

from werkzeug.test import TestResponse

from services.chassis.http import Role
from services.chassis.ids import new_id
from services.events.domain.eligibility import Professional
from tests.events.builders import NEXT_WEEK, a_pedagogue
from tests.events.town import Desk, Json, Town, a_meeting, a_signing_up, alone, found, reasons

WEEK = timedelta(days=7)


def parts(desk: Desk, capacity: int = 4, **details: Any) -> list[Json]:
    """A lab, and supervision a week later."""
    kinds = ("learning-lab", "supervision")
    times = [[a_meeting(NEXT_WEEK + WEEK * week)] for week in range(2)]
    return [desk.opens(capacity, kind=kind, sessions=meets, **details) for kind, meets in zip(kinds, times, strict=True)]


def put_together(desk: Desk, *activities: Json, **details: Any) -> TestResponse:
    """The answer to putting these together."""
    asked = {"programme": "sammen-om-boern", "title": {"da": "Fra laboratorium til praksis", "en": "From the lab into practice"}}
    return desk.coordinator.post("/v1/cycles", json=asked | {"parts": [one["activity_id"] for one in activities]} | details)


def tries(desk: Desk, cycle: Json, one: Professional) -> TestResponse:
    """The answer to a professional's sign-up to all of it."""
    himself = desk.door.as_(Role.PROFESSIONAL, subject=one.professional_id)
    return himself.post(f"/v1/cycles/{cycle['cycle_id']}/signups", json=a_signing_up(alone(one)))


def test_all_parts_in_one_step(town: Town, desk: Desk) -> None:
    """Who signs up has a seat or a place in the line of each part; doing it again changes nothing."""
    lab, supervision = parts(desk, capacity=1)
    cycle = found(put_together(desk, lab, supervision), 201)
    desk.signs_up(supervision, alone(town.employs(a_pedagogue())))
    one = town.employs(a_pedagogue())
    signups = found(tries(desk, cycle, one), 201)["signups"]
    assert [(signup["activity_id"], signup["status"]) for signup in signups] == [
        (lab["activity_id"], "seated"),
        (supervision["activity_id"], "waiting"),
    ]
    assert [signup["signup_id"] for signup in found(tries(desk, cycle, one))["signups"]] == [signup["signup_id"] for signup in signups]


def test_all_or_none(town: Town, desk: Desk) -> None:
    """Where one part refuses somebody, he is signed up to none."""
    lab, supervision = parts(desk)
    cycle = found(put_together(desk, lab, supervision), 201)
    desk.calls_off(supervision)
    assert tries(desk, cycle, town.employs(a_pedagogue())).status_code == 409
    assert desk.activity(lab)["taken"] == 0


def test_completed_as_one(town: Town, desk: Desk) -> None:
    """Who came to every part has completed the cycle; who missed one has completed the others."""
    lab, supervision = parts(desk)
    cycle = found(put_together(desk, lab, supervision), 201)
    whole, half = sorted((town.employs(a_pedagogue()) for _ in range(2)), key=lambda one: one.professional_id)
    for one in (whole, half):
        found(tries(desk, cycle, one), 201)
    for activity, came in ((lab, [whole, half]), (supervision, [whole])):
        desk.is_now(NEXT_WEEK + WEEK * (activity is supervision))
        desk.marks(activity, *((one.professional_id, "present") for one in came))
    items = found(desk.coordinator.get(f"/v1/cycles/{cycle['cycle_id']}/completions"))["items"]
    assert [(item["parts"], item["completed"]) for item in items] == [(2, True), (1, False)]


def test_what_is_no_cycle(desk: Desk) -> None:
    """What is not there, stands twice, or is all of one kind is refused at its place; another cycle of the same id is a conflict."""
    lab, supervision = parts(desk)
    assert reasons(put_together(desk, lab, {"activity_id": new_id()}, lab), 422) == [
        ("activity-not-found", "/parts/1"),
        ("activity-twice", "/parts/2"),
        ("cycle-of-one-kind", "/parts"),
    ]
    again = {"cycle_id": new_id()}
    first = found(put_together(desk, lab, supervision, **again), 201)
    assert found(put_together(desk, lab, supervision, **again)) == first
    assert reasons(put_together(desk, supervision, lab, **again), 409) == [("cycle-exists", "/cycle_id")]
    assert desk.coordinator.get(f"/v1/cycles/{new_id()}").status_code == 404
