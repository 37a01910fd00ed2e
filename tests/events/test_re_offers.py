"""What is called off or moved: all who were signed up are offered something else, in one step, and each once."""

from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from services.chassis.http import Role
from services.chassis.ids import new_id
from services.events.handlers import offers
from tests.events import law
from tests.events.builders import BIRKEGAARDEN, NEXT_WEEK, NOW, a_family, a_pedagogue
from tests.events.town import Desk, Json, Town, a_meeting, alone, found, reasons

DAY = timedelta(days=1)


def tries(desk: Desk, activity: Json, *instead: Json, **asked: bool) -> TestResponse:
    """The answer to offering others; a called-off activity is called off before or with `call_off`."""
    body = {"instead": [one["activity_id"] for one in instead]} | asked
    return desk.coordinator.post(f"/v1/activities/{activity['activity_id']}/re-offers", json=body)


def re_offers(desk: Desk, activity: Json, *instead: Json, **asked: bool) -> list[Json]:
    """What each party is offered; the law holds everywhere afterwards."""
    answer = found(tries(desk, activity, *instead, **asked))
    with desk.context.work() as work:
        for one in instead:
            law.check(work.connection, one["activity_id"])
    parties: list[Json] = answer["parties"]
    return parties


def states(parties: list[Json]) -> list[tuple[str, int | None]]:
    """What each got, and its place in the line."""
    return [(party["state"], party["position"]) for party in parties]


def another(desk: Desk, capacity: int = 4, days: int = 1, **details: object) -> Json:
    """A workshop some days after the usual one."""
    return desk.opens(capacity, sessions=[a_meeting(NEXT_WEEK + days * DAY)], **details)


def new_of(party: Json) -> Json:
    """The sign-up that was made for a party."""
    return {"signup_id": party["new_signup_id"]}


class TestCalledOff:
    def test_everybody_in_order(self, town: Town, desk: Desk) -> None:
        """Seated or waiting, parties are offered seats in the order in which they had signed up; who finds none waits there for them."""
        first, other = desk.opens(capacity=3), another(desk)
        signups = []
        for _ in range(3):
            signups.append(desk.signs_up(first, town.enrols(a_family()).party()))
            desk.waits(timedelta(minutes=1))
        parties = re_offers(desk, first, other, call_off=True)
        assert [party["signup_id"] for party in parties] == [signup["signup_id"] for signup in signups]
        assert states(parties) == [("offered", None), ("offered", None), ("waiting", 1)]
        assert desk.activity(first)["status"] == "called-off"
        assert [fact for fact, _ in desk.told("events.signup")][-6:] == ["signup.cancelled"] * 3 + ["signup.offered"] * 2 + [
            "signup.waitlisted"
        ]

    def test_it_keeps_the_priority(self, town: Town, desk: Desk) -> None:
        """Who signed up before others did elsewhere stands before them there."""
        first, other = desk.opens(), another(desk, capacity=2)
        early, late, holder = (town.enrols(a_family()) for _ in range(3))
        desk.signs_up(first, early.party())
        desk.waits(timedelta(minutes=1))
        desk.signs_up(other, holder.party())
        waits = desk.signs_up(other, late.party())
        (party,) = re_offers(desk, first, other, call_off=True)
        assert desk.standing(new_of(party), waits) == [("waiting", 1), ("waiting", 2)]

    def test_the_first_with_room(self, town: Town, desk: Desk) -> None:
        """Each is offered the first activity that has room for the whole party, and a large one may be offered another than a small one."""
        first, small, large = desk.opens(capacity=9), another(desk, 2), another(desk, 5, days=2)
        for children in (3, 1, 1):
            desk.signs_up(first, town.enrols(a_family(children=children)).party())
        parties = re_offers(desk, first, small, large, call_off=True)
        assert [party["instead_id"] for party in parties] == [large["activity_id"], small["activity_id"], small["activity_id"]]
        assert states(parties) == [("offered", None), ("offered", None), ("waiting", 1)]
        assert [(reason["slug"], reason["activity_id"]) for reason in parties[0]["reasons"]] == [("party-too-large", small["activity_id"])]

    def test_each_once(self, town: Town, desk: Desk) -> None:
        """Asked for again, nobody is offered anything twice; who had cancelled before is not asked; who got nothing can be asked again."""
        first, small, other = desk.opens(capacity=9), another(desk, 2), another(desk, days=2)
        desk.cancels(desk.signs_up(first, town.enrols(a_family()).party()))
        for children in (1, 3):
            desk.signs_up(first, town.enrols(a_family(children=children)).party())
        desk.calls_off(first)
        assert states(re_offers(desk, first, small)) == [("offered", None), ("nothing", None)]
        assert states(re_offers(desk, first, small)) == [("nothing", None)]
        assert states(re_offers(desk, first, other)) == [("offered", None)]
        assert re_offers(desk, first, small, other) == []
        assert desk.activity(small)["taken"] == 2
        made = found(desk.coordinator.get(f"/v1/activities/{first['activity_id']}/re-offers"))["items"]
        assert [(one["instead_id"], one["status"]) for one in made] == [
            (small["activity_id"], "offered"),
            (other["activity_id"], "offered"),
        ]

    def test_rules_and_quotas_hold(self, town: Town, desk: Desk) -> None:
        """Whom the other activity is not for is offered nothing, with the reason; where a quota is full one waits."""
        one_child = {"code": "children", "who": {"all": [{"roles": ["child"]}]}, "seats": 1}
        first, other = desk.opens(capacity=9), another(desk, 9, rule={"all": [{"districts": ["hedegaarden"]}]}, quotas=[one_child])
        for district in ("hedegaarden", "baltorp", "hedegaarden"):
            desk.signs_up(first, town.enrols(a_family(), district=district).party())
        parties = re_offers(desk, first, other, call_off=True)
        assert states(parties) == [("offered", None), ("nothing", None), ("waiting", 1)]
        assert {reason["slug"] for reason in parties[1]["reasons"]} == {"rule-districts"}

    def test_nobody_is_offered_two_places_at_once(self, town: Town, desk: Desk) -> None:
        """Who is somewhere else at that time, where the rule is hard, is offered the next that he can come to."""
        first, busy, then = (desk.opens(kind="supervision", sessions=[a_meeting(NEXT_WEEK + days * DAY)]) for days in (0, 1, 2))
        pedagogue = town.employs(a_pedagogue())
        desk.signs_up(desk.opens(kind="course", sessions=[a_meeting(NEXT_WEEK + DAY)]), alone(pedagogue))
        desk.signs_up(first, alone(pedagogue))
        (party,) = re_offers(desk, first, busy, then, call_off=True)
        assert (party["state"], party["instead_id"]) == ("offered", then["activity_id"])
        assert [reason["slug"] for reason in party["reasons"]] == ["somebody-elsewhere"]

    def test_who_does_not_answer(self, town: Town, desk: Desk) -> None:
        """The time to answer stands still at night; who lets it pass leaves that line, and the seats go to the next."""
        desk.is_now(NOW + timedelta(hours=10))
        first, other = desk.opens(), another(desk, 2)
        silent, waits = (desk.signs_up(activity, town.enrols(a_family()).party()) for activity in (first, first))
        one, two = re_offers(desk, first, other, call_off=True)
        answer_by = desk.signup(new_of(one))["answer_by"]
        assert answer_by == "2026-11-04T19:00:00+00:00"
        desk.is_now(NOW + 3 * DAY)
        offers.end_due(desk.context)
        assert desk.standing(new_of(one), new_of(two)) == [("cancelled", None), ("seated", None)]
        assert desk.standing(silent, waits) == [("cancelled", None)] * 2

    def test_no_time_for_an_answer(self, town: Town, desk: Desk) -> None:
        """Just before the other activity, who was called off is given the seats at once; who does not want them cancels."""
        first = desk.opens(sessions=[a_meeting(NOW + 2 * DAY)])
        desk.signs_up(first, town.enrols(a_family()).party())
        assert states(re_offers(desk, first, desk.opens(sessions=[a_meeting(NOW + DAY)]), call_off=True)) == [("seated", None)]


class TestMoved:
    def test_everybody_keeps_what_he_has(self, town: Town, desk: Desk) -> None:
        """While the activity goes on, an offer that is declined costs nothing, and one that is accepted gives the old seats back."""
        moved, other = desk.opens(), another(desk)
        signups = [desk.signs_up(moved, town.enrols(a_family()).party()) for _ in range(2)]
        one, two = re_offers(desk, moved, other)
        found(desk.coordinator.post(f"/v1/signups/{one['new_signup_id']}/acceptance"))
        found(desk.coordinator.post(f"/v1/signups/{two['new_signup_id']}/declination"))
        assert desk.standing(*signups, new_of(one), new_of(two)) == [
            ("cancelled", None),
            ("seated", None),
            ("seated", None),
            ("cancelled", None),
        ]

    def test_nobody_is_put_into_a_line(self, town: Town, desk: Desk) -> None:
        """Where there is no room, or no time to answer, who has a seat keeps it, and nothing else happens."""
        moved, full = desk.opens(), another(desk, 2)
        desk.signs_up(full, town.enrols(a_family()).party())
        signup = desk.signs_up(moved, town.enrols(a_family()).party())
        assert states(re_offers(desk, moved, full, desk.opens(sessions=[a_meeting(NOW + DAY)]))) == [("nothing", None)]
        assert desk.standing(signup) == [("seated", None)]
        assert desk.activity(full)["waiting"] == 0


class TestDryRun:
    @pytest.mark.parametrize("call_off", [True, False])
    def test_it_says_what_would_be(self, town: Town, desk: Desk, *, call_off: bool) -> None:
        """A dry run has the answer that the step has, but for the new sign-ups, and changes and tells nothing."""
        first, other = desk.opens(), another(desk, 2)
        signups = [desk.signs_up(first, town.enrols(a_family()).party()) for _ in range(2)]
        told = desk.told()
        would, did = (found(tries(desk, first, other, call_off=call_off, dry_run=dry_run)) for dry_run in (True, False))
        assert would["rooms"] == [{"activity_id": other["activity_id"], "free_before": 2, "free": 0, "waiting": int(call_off)}]
        assert would | {"dry_run": False} == did | {"parties": [party | {"new_signup_id": None} for party in did["parties"]]}
        assert len(desk.told()) > len(told)
        assert desk.standing(*signups) == [("cancelled" if call_off else "seated", None)] * 2

    def test_nothing_happens(self, town: Town, desk: Desk) -> None:
        """After a dry run everything stands as it stood."""
        first, other = desk.opens(), another(desk)
        signup = desk.signs_up(first, town.enrols(a_family()).party())
        told = desk.told()
        found(tries(desk, first, other, call_off=True, dry_run=True))
        assert (desk.standing(signup), desk.told(), desk.activity(other)["taken"]) == ([("seated", None)], told, 0)


def test_only_for_the_same_people(town: Town, desk: Desk) -> None:
    """What is offered must be another activity, for the same people, open and there; or nothing is called off."""
    lab = desk.opens(kind="learning-lab")
    signup = desk.signs_up(lab, alone(town.employs(a_pedagogue())))
    off, past = desk.opens(kind="course"), desk.opens(kind="course", sessions=[a_meeting(NOW + DAY)])
    desk.calls_off(off)
    desk.waits(2 * DAY)
    wrong = [(desk.opens(), "not-for-the-same"), (lab, "not-for-the-same"), ({"activity_id": new_id()}, "activity-not-found")]
    standing = [(off, "activity-called-off"), (past, "signup-closed"), (desk.opens(kind="course", status="draft"), "activity-is-draft")]
    assert [reasons(tries(desk, lab, one, call_off=True)) for one, _ in wrong] == [[(slug, "/instead/0")] for _, slug in wrong]
    assert [reasons(tries(desk, lab, one, call_off=True), 409) for one, _ in standing] == [[(slug, "/instead/0")] for _, slug in standing]
    assert desk.standing(signup) == [("seated", None)]


def test_a_leader_offers_his_own_only(desk: Desk) -> None:
    """A leader cannot offer an activity that he does not organise."""
    one, other = desk.opens(), another(desk, institution=None)
    leader = desk.door.as_(Role.LEADER, institutions=[BIRKEGAARDEN.code])
    answer = leader.post(f"/v1/activities/{one['activity_id']}/re-offers", json={"instead": [other["activity_id"]]})
    assert reasons(answer, 403) == [("not-your-institution", "")]
