"""A party moves to another date: where it stood in line it stands there too, and it is never without what it had."""

from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from services.chassis.http import Role
from services.events.handlers import transfers
from tests.events.builders import BIRKEGAARDEN, NEXT_WEEK, a_family
from tests.events.town import Desk, Json, Town, a_meeting, found, reasons


def tries(desk: Desk, signup: Json, activity: Json) -> TestResponse:
    """The answer to a transfer."""
    path = f"/v1/signups/{signup['signup_id']}/transfer"
    return desk.coordinator.post(path, json={"activity_id": activity["activity_id"]})


def later(desk: Desk, **details: Any) -> Json:
    """The same workshop for two, a week later."""
    return desk.opens(2, sessions=[a_meeting(NEXT_WEEK + timedelta(days=7))], **details)


def test_to_a_date_with_seats(town: Town, desk: Desk) -> None:
    """Where the other date has seats, the family gets them at once, and what it had goes to the line."""
    one, other = desk.opens(capacity=2), later(desk)
    moves, waits = (desk.signs_up(one, town.enrols(a_family()).party()) for _ in range(2))
    moved = found(tries(desk, moves, other), 201)
    assert (moved["status"], moved["signed_up_at"]) == ("seated", moves["signed_up_at"])
    assert desk.standing(moves, waits) == [("cancelled", None), ("seated", None)]
    assert desk.signup(moves)["reason"] == "transferred"


def test_to_a_full_date(town: Town, desk: Desk) -> None:
    """Where the other date is full, the family keeps its seats and waits there; once it has seats there, the old ones go to the line."""
    one, other = desk.opens(capacity=2), later(desk)
    moves, waits = (desk.signs_up(one, town.enrols(a_family()).party()) for _ in range(2))
    holder = desk.signs_up(other, town.enrols(a_family()).party())
    moved = found(tries(desk, moves, other), 201)
    assert desk.standing(moves, moved, waits) == [("seated", None), ("waiting", 1), ("waiting", 1)]
    desk.cancels(holder)
    assert desk.standing(moves, moved, waits) == [("cancelled", None), ("seated", None), ("seated", None)]


def test_keeps_its_place_in_line(town: Town, desk: Desk) -> None:
    """A family that waits takes its place with it: there it stands before those who signed up later, and behind those who did before."""
    one, other = desk.opens(capacity=2), later(desk)
    first, second, third, holder, other_holder = (town.enrols(a_family()) for _ in range(5))
    desk.signs_up(one, holder.party())
    desk.signs_up(other, other_holder.party())
    ahead = desk.signs_up(other, first.party())
    desk.waits(timedelta(hours=1))
    moves = desk.signs_up(one, second.party())
    desk.waits(timedelta(hours=1))
    behind = desk.signs_up(other, third.party())
    moved = found(tries(desk, moves, other), 201)
    assert moved["position"] == 2
    assert desk.standing(moves, ahead, moved, behind) == [("cancelled", None), ("waiting", 1), ("waiting", 2), ("waiting", 3)]


@pytest.mark.parametrize("other_than", [{"title": {"da": "Noget andet", "en": "Something else"}}, {"institution": None}])
def test_no_early_sign_up_to_something_else(town: Town, desk: Desk, other_than: Json) -> None:
    """Who signed up early to another activity of the kind stands behind all who wait, seated or not: the place there is one of now."""
    one, other = desk.opens(capacity=2), later(desk, **other_than)
    seated, waits, holder, late = (town.enrols(a_family()) for _ in range(4))
    early = [desk.signs_up(one, family.party()) for family in (seated, waits)]
    desk.waits(timedelta(hours=1))
    for family in (holder, late):
        behind = desk.signs_up(other, family.party())
    desk.waits(timedelta(hours=1))
    moved = [found(tries(desk, signup, other), 201) for signup in early]
    assert desk.standing(behind, *moved) == [("waiting", 1), ("waiting", 2), ("waiting", 3)]
    assert min(signup["signed_up_at"] for signup in moved) > behind["signed_up_at"]


def test_there_and_on(town: Town, desk: Desk) -> None:
    """Who waits for one date and then chooses a third one keeps what he has until he has seats on that one."""
    one, other, third = desk.opens(capacity=2), later(desk), later(desk)
    family, *holders = (town.enrols(a_family()) for _ in range(3))
    has = desk.signs_up(one, family.party())
    held = [desk.signs_up(activity, holder.party()) for activity, holder in zip((other, third), holders, strict=True)]
    waits = found(tries(desk, has, other), 201)
    on = found(tries(desk, waits, third), 201)
    assert desk.standing(has, waits, on) == [("seated", None), ("cancelled", None), ("waiting", 1)]
    desk.cancels(held[1])
    assert desk.standing(has, on) == [("cancelled", None), ("seated", None)]


def test_the_same_again(town: Town, desk: Desk) -> None:
    """A transfer that is asked for again is the one that was made, while it waits and afterwards."""
    one, other = desk.opens(capacity=2), later(desk)
    moves = desk.signs_up(one, town.enrols(a_family()).party())
    holder = desk.signs_up(other, town.enrols(a_family()).party())
    moved = found(tries(desk, moves, other), 201)
    assert found(tries(desk, moves, other)) == moved
    desk.cancels(holder)
    assert found(tries(desk, moves, other))["signup_id"] == moved["signup_id"]


def test_every_reason_why_not(town: Town, desk: Desk) -> None:
    """A transfer to itself or to another kind, of what is cancelled, while another waits, or to where the party does not fit is refused."""
    one, other, event = desk.opens(capacity=3), later(desk), later(desk, kind="parents-event")
    large, family = town.enrols(a_family(children=2)), town.enrols(a_family())
    crowd = desk.signs_up(one, large.party())
    assert reasons(tries(desk, crowd, one)) == [
        ("transfer-elsewhere", "/activity_id"),
        *[("already-signed-up", f"/party/{i}/person_id") for i in range(3)],
    ]
    assert reasons(tries(desk, crowd, event))[0] == ("transfer-elsewhere", "/activity_id")
    assert reasons(tries(desk, crowd, other)) == [("party-too-large", "/party")]
    waits = desk.signs_up(one, family.party())
    desk.cancels(waits)
    assert reasons(tries(desk, waits, other), 409) == [("signup-cancelled", "")]


def test_one_transfer_at_a_time(town: Town, desk: Desk) -> None:
    """Who waits for a transfer to one date is told so when he asks for another."""
    one, other, third = desk.opens(capacity=2), later(desk), later(desk)
    moves = desk.signs_up(one, town.enrols(a_family()).party())
    desk.signs_up(other, town.enrols(a_family()).party())
    tries(desk, moves, other)
    assert reasons(tries(desk, moves, third), 409) == [("transfer-pending", "")]


def test_a_leader_transfers_to_his_own_only(town: Town, desk: Desk) -> None:
    """A leader cannot move a family to an activity that he does not organise."""
    one, other = desk.opens(capacity=2), later(desk, institution=None)
    moves = desk.signs_up(one, town.enrols(a_family()).party())
    leader = desk.door.as_(Role.LEADER, institutions=[BIRKEGAARDEN.code])
    answer = leader.post(f"/v1/signups/{moves['signup_id']}/transfer", json={"activity_id": other["activity_id"]})
    assert reasons(answer, 403) == [("not-your-institution", "")]


def test_what_somebody_was_busy_with(town: Town, desk: Desk) -> None:
    """Where the old activity is locked when the new seats come, the old ones are given back a little later, and nothing is lost."""
    one, other = desk.opens(capacity=2), later(desk)
    moves = desk.signs_up(one, town.enrols(a_family()).party())
    holder = desk.signs_up(other, town.enrols(a_family()).party())
    moved = found(tries(desk, moves, other), 201)
    with desk.context.work() as busy:
        busy.activities.lock([one["activity_id"]])
        desk.cancels(holder)
        assert desk.standing(moves, moved) == [("seated", None), ("seated", None)]
    transfers.finish_transfers(desk.context)
    assert desk.standing(moves, moved) == [("cancelled", None), ("seated", None)]
    assert desk.activity(one)["free"] == 2
