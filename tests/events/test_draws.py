"""A draw for seats, from the promise to the result, which is worked out again as the page for families says."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.events.handlers import draws
from tests.events.builders import NEXT_WEEK, NOW, a_family
from tests.events.test_explain import decided, explain, reasons_now
from tests.events.town import Desk, Json, Town, a_meeting, an_opening, found, reasons

PAGE = Path(__file__).parents[2] / "docs" / "draw.md"
CLOSES_AT = NOW + timedelta(days=2)
NEW: Json = {"code": "new", "title": {"da": "Nye", "en": "New"}, "never_reached": True}
BY_DRAW: Json = {"draw": {"closes_at": CLOSES_AT.isoformat(), "weights": [{"lots": 3, "never_reached": True}]}}


def shown(desk: Desk, workshop: Json, rest: str = "") -> Json:
    """The activity's draw."""
    return found(desk.coordinator.get(f"/v1/activities/{workshop['activity_id']}/draw{rest}"))


def is_held(desk: Desk) -> None:
    """The moment of the draw comes."""
    desk.waits(CLOSES_AT - NOW + timedelta(seconds=1))
    draws.hold_due(desk.context)


@pytest.fixture
def gathered(town: Town, desk: Desk) -> tuple[Json, list[Json]]:
    """A workshop for two families, and five that have signed up for the draw."""
    workshop = desk.opens(4, line=BY_DRAW)
    return workshop, [desk.signs_up(workshop, town.enrols(a_family()).party()) for _ in range(5)]


def test_nobody_is_seated_before_the_draw(desk: Desk, gathered: tuple[Json, list[Json]]) -> None:
    """Until lots are drawn all wait although seats are free, are told when that is, and the seed is not shown."""
    workshop, signups = gathered
    assert {signup["status"] for signup in signups} == {"waiting"}
    assert {signup["draws_at"] for signup in signups} == {CLOSES_AT.isoformat()}
    assert (shown(desk, workshop)["seed"], shown(desk, workshop, "/tickets")["items"]) == (None, [])
    assert reasons_now(explain(desk, signups[0])) == ["now-gathers"]


def test_the_draw_gives_the_seats(desk: Desk, gathered: tuple[Json, list[Json]]) -> None:
    """The first of those drawn have the seats, the others wait in the order drawn, and each reads his place."""
    workshop, signups = gathered
    is_held(desk)
    by_id = {signup["signup_id"]: signup for signup in signups}
    drawn = [by_id[ticket["signup_id"]] for ticket in shown(desk, workshop, "/tickets")["items"]]
    assert desk.standing(*drawn) == [("seated", None), ("seated", None), ("waiting", 1), ("waiting", 2), ("waiting", 3)]
    assert decided(desk, drawn[0]) == ["waits", "drawn", "promoted"]
    desk.cancels(drawn[1])
    assert desk.standing(*drawn[2:]) == [("seated", None), ("waiting", 1), ("waiting", 2)]


def test_anybody_can_repeat_it(desk: Desk, gathered: tuple[Json, list[Json]]) -> None:
    """The lines on the page, given what the door shows, find the result right; and wrong once a place or the seed is another."""
    workshop, _ = gathered
    promised = shown(desk, workshop)["commitment"]
    is_held(desk)
    page: dict[str, Any] = {}
    exec(re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[0], page)  # noqa: S102 - our own page
    draw, tickets = shown(desk, workshop), shown(desk, workshop, "/tickets")["items"]
    assert draw["commitment"] == promised
    assert page["is_right"](draw, tickets)
    assert not page["is_right"](draw | {"seed": "00" * 32}, tickets)
    assert not page["is_right"](draw, [ticket | {"place": 6 - ticket["place"]} for ticket in tickets])


def test_who_comes_later_stands_behind(town: Town, desk: Desk, gathered: tuple[Json, list[Json]]) -> None:
    """A family that signs up after the moment takes no part: it stands behind all who were drawn, however late the draw was held."""
    workshop, signups = gathered
    desk.waits(CLOSES_AT - NOW)
    late = desk.signs_up(workshop, town.enrols(a_family()).party())
    draws.hold_due(desk.context)
    assert desk.standing(late) == [("waiting", 4)]
    assert late["signup_id"] not in {ticket["signup_id"] for ticket in shown(desk, workshop, "/tickets")["items"]}
    desk.resizes(workshop, 12)
    after = desk.signs_up(workshop, town.enrols(a_family()).party(children=0))
    assert desk.standing(*signups, late, after) == [("seated", None)] * 6 + [("waiting", 1)]


def test_it_is_held_once(desk: Desk, gathered: tuple[Json, list[Json]]) -> None:
    """However often the clock comes around, lots are drawn once; and for what was called off not at all."""
    workshop, _ = gathered
    is_held(desk)
    held = shown(desk, workshop)
    draws.hold_due(desk.context)
    assert shown(desk, workshop) == held


def test_draw_at_a_wrong_time(desk: Desk) -> None:
    """A draw in the past, or after the first session has started, is refused."""
    for moment in (NOW, NEXT_WEEK):
        opening = an_opening(line={"draw": {"closes_at": moment.isoformat()}}, sessions=[a_meeting(NEXT_WEEK)])
        assert reasons(desk.coordinator.post("/v1/activities", json=opening)) == [("draw-at-wrong-time", "/line/draw/closes_at")]


def test_no_draw(desk: Desk) -> None:
    """An activity without a draw has none to show."""
    answer = desk.coordinator.get(f"/v1/activities/{desk.opens()['activity_id']}/draw")
    assert reasons(answer, 404) == [("draw-not-found", "")]


def test_either_groups_or_a_draw(desk: Desk) -> None:
    """Groups of priority and a draw exclude each other."""
    rule = BY_DRAW | {"groups": [NEW]}
    assert [at for _, at in reasons(desk.coordinator.post("/v1/activities", json=an_opening(line=rule)))] == ["/line/draw"]


@pytest.mark.parametrize(("groups", "where"), [([NEW, NEW], "/line/groups"), ([NEW, {"code": "Not a code"}], "/line/groups/1/code")])
def test_malformed_groups(desk: Desk, groups: list[Json], where: str) -> None:
    """Two groups of one code, or one that is none, are refused by their field."""
    answer = desk.coordinator.post("/v1/activities", json=an_opening(line={"groups": groups}))
    assert where in [at for _, at in reasons(answer)]
