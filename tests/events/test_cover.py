"""Staff cover: no more of one institution's staff are away at once than may be, wherever they sign up, and everybody is told why."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from services.chassis.contracts import example
from services.chassis.service import Context
from services.chassis.testing import run_timer
from services.events.domain.cover import CoverRule, rule_of
from services.events.domain.eligibility import Professional
from services.events.domain.signup import Member, PartyRole
from tests.events.builders import NEXT_WEEK, a_pedagogue
from tests.events.town import Desk, Json, Town, a_meeting, alone, found, reasons

HOUR = timedelta(hours=1)


@pytest.fixture
def town(context: Context) -> Town:
    """A programme in which one of each institution may be away, but two of Regnbuen."""
    town = Town(context)
    rules(town, {"code": "each", "most_away": 1}, {"code": "large", "most_away": 2, "institutions": ["regnbuen"]})
    return town


def rules(town: Town, *those: Json) -> None:
    """The programme is loaded with these rules."""
    data = example("programme.loaded/v1")["data"]
    town.tells("programme.loaded", data["programme_id"], staff_cover=[{"institutions": [], "hard": True} | rule for rule in those])


def of(town: Town, institution: str | None = "globen") -> Professional:
    """A pedagogue of that house."""
    return town.employs(a_pedagogue(), institution=institution)


def a_lab(desk: Desk, capacity: int = 9, **details: Any) -> Json:
    """A learning lab next week, from nine to eleven unless said otherwise."""
    return desk.opens(capacity, kind="learning-lab", **details)


def now(desk: Desk, signup: Json) -> list[str]:
    """The reasons why it stands as it does."""
    return [one["why"] for one in found(desk.coordinator.get(f"/v1/signups/{signup['signup_id']}/explain"))["now"]]


def woken(desk: Desk) -> None:
    """From now on the timer runs when it is woken, as in a running process, and not by the clock."""
    desk.context.wakers["cover"] = partial(run_timer, desk.context, "cover")


class TestSigningUp:
    def test_one_too_many_waits(self, town: Town, desk: Desk) -> None:
        """The second of one house waits, though seats are free, and is told why; of another house the next comes at once."""
        lab = a_lab(desk)
        first, second, other = (desk.signs_up(lab, alone(of(town, house))) for house in ("globen", "globen", "sesam"))
        assert desk.standing(first, second, other) == [("seated", None), ("waiting", 1), ("seated", None)]
        assert "now-too-many-away" in now(desk, second)
        rule = found(desk.coordinator.get(f"/v1/activities/{lab['activity_id']}/explain"))["rules"][-1]
        assert rule["why"] == "rule-cover"

    def test_at_another_activity_at_the_same_time(self, town: Town, desk: Desk) -> None:
        """Who is away at one activity counts at every other that meets meanwhile, and at none before or after."""
        desk.signs_up(a_lab(desk), alone(of(town)))
        colleague = of(town)
        overlapping = a_lab(desk, sessions=[a_meeting(NEXT_WEEK + HOUR)])
        afterwards = a_lab(desk, sessions=[a_meeting(NEXT_WEEK + 2 * HOUR)])
        assert desk.signs_up(overlapping, alone(colleague))["status"] == "waiting"
        assert desk.signs_up(afterwards, alone(colleague))["status"] == "seated"

    def test_rule_of_the_house(self, town: Town, desk: Desk) -> None:
        """The rule that names a house holds for it; who works in no house is missed by none."""
        lab = a_lab(desk)
        signups = [desk.signs_up(lab, alone(of(town, house))) for house in ("regnbuen", "regnbuen", "regnbuen", None, None)]
        assert [status for status, _ in desk.standing(*signups)] == ["seated", "seated", "waiting", "seated", "seated"]

    def test_a_party_that_could_never_come(self, town: Town, desk: Desk) -> None:
        """Two of a house of which one may be away are refused: they would wait for ever."""
        party = [Member(of(town).professional_id, PartyRole.PROFESSIONAL) for _ in range(2)]
        assert reasons(desk.tries_to_sign_up(a_lab(desk), party)) == [("party-beyond-cover", "/party")]

    def test_soft(self, town: Town, desk: Desk) -> None:
        """Where the rule is soft the party comes, and the answer warns."""
        rules(town, {"code": "each", "most_away": 1, "hard": False})
        lab = a_lab(desk)
        desk.signs_up(lab, alone(of(town)))
        second = desk.signs_up(lab, alone(of(town)))
        assert (second["status"], [one["slug"] for one in second["warnings"]]) == ("seated", ["too-many-away"])

    def test_families(self, town: Town, desk: Desk) -> None:
        """A programme without rules, and activities for families, know no cover."""
        rules(town)
        lab = a_lab(desk)
        assert {desk.signs_up(lab, alone(of(town)))["status"] for _ in range(3)} == {"seated"}

    def test_held_seats(self, town: Town, desk: Desk) -> None:
        """A hold keeps seats and no cover: who confirms it when his house cannot spare him any more is told so."""
        lab = a_lab(desk)
        late = of(town)
        body = {"party": [{"person_id": late.professional_id, "role": "professional"}]}
        path = f"/v1/activities/{lab['activity_id']}"
        hold = found(desk.coordinator.post(f"{path}/holds", json=body), 201)
        desk.signs_up(lab, alone(of(town)))
        answer = desk.coordinator.post(f"{path}/signups", json=body | {"hold_id": hold["hold_id"]})
        assert reasons(answer, 409) == [("too-many-away", "/party")]


class TestAfterwards:
    def test_the_next_goes_when_the_house_can_spare_him(self, town: Town, desk: Desk) -> None:
        """When the first cancels, the colleague who waits gets the seat, at the same activity at once and at another right afterwards."""
        lab, other = a_lab(desk), a_lab(desk)
        first = desk.signs_up(lab, alone(of(town)))
        here, there = desk.signs_up(lab, alone(of(town))), desk.signs_up(other, alone(of(town)))
        desk.cancels(first)
        assert desk.standing(here, there) == [("seated", None), ("waiting", 1)]
        woken(desk)
        desk.cancels(here)
        assert desk.standing(there) == [("seated", None)]

    @pytest.mark.parametrize("change", [{"shift": {"days": 7}}, None])
    def test_what_is_moved_or_called_off_spares_them_too(self, town: Town, desk: Desk, change: Json | None) -> None:
        """When an activity moves away or is called off, a colleague who waits for another one gets the seat right afterwards."""
        lab, other = a_lab(desk), a_lab(desk)
        desk.signs_up(lab, alone(of(town)))
        waits = desk.signs_up(other, alone(of(town)))
        woken(desk)
        if change:
            desk.changes(lab, **change)
        else:
            found(desk.coordinator.post(f"/v1/activities/{lab['activity_id']}/call-off"))
        assert desk.standing(waits) == [("seated", None)]

    def test_offers(self, town: Town, desk: Desk) -> None:
        """Seats are not offered to whom his house cannot spare, but to the next; an offer counts as being away."""
        lab = a_lab(desk, 1, line={"offers": {"answer_hours": 13}}, sessions=[a_meeting(NEXT_WEEK + timedelta(days=7))])
        holder = desk.signs_up(lab, alone(of(town, "sesam")))
        elsewhere = a_lab(desk, sessions=[a_meeting(NEXT_WEEK + timedelta(days=7))])
        desk.signs_up(elsewhere, alone(of(town)))
        missed, spared = (desk.signs_up(lab, alone(of(town, house))) for house in ("globen", "regnbuen"))
        desk.cancels(holder)
        assert [status for status, _ in desk.standing(missed, spared)] == ["waiting", "offered"]

    def test_transfers(self, town: Town, desk: Desk) -> None:
        """Who moves to a date at which his house cannot spare him keeps his seat and waits there."""
        one, other = a_lab(desk), a_lab(desk, sessions=[a_meeting(NEXT_WEEK + timedelta(days=7))])
        desk.signs_up(other, alone(of(town)))
        moves = desk.signs_up(one, alone(of(town)))
        moved = found(desk.coordinator.post(f"/v1/signups/{moves['signup_id']}/transfer", json={"activity_id": other["activity_id"]}), 201)
        assert desk.standing(moves, moved) == [("seated", None), ("waiting", 1)]

    def test_moved_sessions(self, town: Town, desk: Desk) -> None:
        """A session does not move to where a house would miss too many, as the dry run says; where the rule is soft it does."""
        lab, later = a_lab(desk), a_lab(desk, sessions=[a_meeting(NEXT_WEEK + timedelta(days=7))])
        for activity in (lab, later):
            desk.signs_up(activity, alone(of(town)))
        assert desk.changes(later, dry_run=True, shift={"days": -7})["too_many_away"] == ["globen"]
        assert reasons(desk.tries_to_change(later, shift={"days": -7}), 409) == [("too-many-away", "/changes/0")]
        rules(town, {"code": "each", "most_away": 1, "hard": False})
        assert desk.changes(later, shift={"days": -7})["too_many_away"] == ["globen"]

    def test_two_at_the_same_moment(self, town: Town, desk: Desk) -> None:
        """While somebody else decides of the same house nobody waits for him: the party waits in line, and is seated a moment later."""
        lab, colleague = a_lab(desk), of(town)
        with desk.context.work() as busy, ThreadPoolExecutor(1) as other:
            assert busy.covering.hold("sammen-om-boern", ["globen"]) == {"globen"}
            signup = other.submit(desk.signs_up, lab, alone(colleague)).result(timeout=30)
        assert signup["status"] == "waiting"
        run_timer(desk.context, "cover")
        assert desk.standing(signup) == [("seated", None)]


def test_doses(town: Town, desk: Desk) -> None:
    """Hours are those of the sessions to which an institution's staff came, each counted for each who came; a leader reads his own."""
    lab = a_lab(desk)
    came, missed = of(town), of(town, "sesam")
    for one in (came, missed):
        desk.signs_up(lab, alone(one))
    desk.is_now(NEXT_WEEK + HOUR)
    desk.marks(lab, (came.professional_id, "late"), (missed.professional_id, "absent"))
    items = found(desk.coordinator.get("/v1/institutions/doses?programme=sammen-om-boern"))["items"]
    assert items == [{"institution": "globen", "professionals": 1, "sessions_attended": 1, "hours": 2.0}]


def test_the_rule_that_names_a_house_goes_first() -> None:
    """Whatever the order: a rule that names the house, else the first that names none, else none."""
    each, named = CoverRule("each", 1), CoverRule("named", 2, ["globen"])
    assert rule_of("globen", [each, named]) == named
    assert rule_of("sesam", [named, each, CoverRule("again", 9)]) == each
    assert rule_of("sesam", [named]) is None
