"""What a party needs besides its seats: asked as data, said at sign-up, changed until a deadline, gathered without naming anybody."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from services.chassis.contracts import problems
from services.chassis.http import Role
from services.chassis.ids import new_id
from services.chassis.testing import Door, deliver, published, run_timer
from services.events.domain.need import KEPT_FOR, Need, NeedKind
from services.events.resources import load
from tests.events.builders import BIRKEGAARDEN, NEXT_WEEK, Family, a_family
from tests.events.town import PURPOSE, Desk, Json, Town, a_meeting, a_signing_up, an_opening, first_session, found, reasons

ASKING: Json = {"kinds": ["interpreter", "childcare", "diet"], "until": {"days_before": 2, "at": "12:00"}}
SOMALI: Json = {"need": "interpreter", "option": "so", "people": 1}
HALAL: Json = {"need": "diet", "option": "halal", "people": 3}
CHILDCARE: Json = {"need": "childcare", "option": None, "people": 2}


def signs_up(desk: Desk, activity: Json, family: Family, needs: Sequence[Json], door: Door | None = None) -> TestResponse:
    """The answer to a sign-up that says what the family needs."""
    body = a_signing_up(family.party()) | {"needs": list(needs)}
    return (door or desk.coordinator).post(f"/v1/activities/{activity['activity_id']}/signups", json=body)


def as_guardian(desk: Desk, guardian: str) -> Door:
    """The door with a guardian's token."""
    return desk.door.as_(Role.GUARDIAN, subject=guardian, purpose=PURPOSE)


def says(door: Door, signup: Json, *needs: Json) -> TestResponse:
    """The answer to saying what a party needs."""
    return door.put(f"/v1/signups/{signup['signup_id']}/needs", json={"needs": list(needs)})


def needs_of(desk: Desk, signup: Json) -> list[Json]:
    """What the party needs now."""
    needs: list[Json] = found(desk.coordinator.get(f"/v1/signups/{signup['signup_id']}/needs"))["needs"]
    return needs


def demand(desk: Desk, activity: Json) -> list[tuple[str, str | None, int, int]]:
    """What is needed at the first session: of those with seats, and of those who wait."""
    shown = found(desk.coordinator.get(f"/v1/sessions/{first_session(activity)}/demand"))
    return [(one["need"], one["option"], one["people"], one["waiting"]) for one in shown["demand"]]


class TestSaying:
    def test_at_sign_up_and_afterwards(self, town: Town, desk: Desk) -> None:
        """A family says what it needs when it signs up, and says it anew until the deadline; what it does not say any more is gone."""
        workshop, family = desk.opens(needs=ASKING), town.enrols(a_family())
        mother = as_guardian(desk, family.mother)
        signup = found(signs_up(desk, workshop, family, [SOMALI, HALAL], mother), 201)
        assert needs_of(desk, signup) == [HALAL, SOMALI]
        answer = found(says(mother, signup, SOMALI, CHILDCARE))
        assert answer["needs"] == [CHILDCARE, SOMALI]
        assert (answer["asked"], answer["until"]) == (ASKING["kinds"], "2026-11-07T11:00:00+00:00")

    def test_only_what_is_asked(self, town: Town, desk: Desk) -> None:
        """What is not asked, has no such option, is for too many or named twice is refused, everything at once."""
        workshop, family = desk.opens(needs=ASKING), town.enrols(a_family())
        wrong: list[Json] = [
            {"need": "transport", "option": "ride"},
            {"need": "interpreter"},
            {"need": "childcare", "option": "so", "people": 11},
            HALAL,
            HALAL,
        ]
        assert reasons(signs_up(desk, workshop, family, wrong)) == [
            ("need-not-asked", "/needs/0/need"),
            ("need-option-not-known", "/needs/1/option"),
            ("need-option-not-known", "/needs/2/option"),
            ("need-for-too-many", "/needs/2/people"),
            ("need-twice", "/needs/3"),
            ("need-twice", "/needs/4"),
        ]
        assert desk.activity(workshop)["taken"] == 0

    def test_after_the_deadline(self, town: Town, desk: Desk) -> None:
        """After the deadline a family is told to ring, and an organiser says for it what it needs."""
        workshop, family = desk.opens(needs=ASKING), town.enrols(a_family())
        signup = desk.signs_up(workshop, family.party())
        desk.is_now(NEXT_WEEK - timedelta(days=1))
        assert reasons(says(as_guardian(desk, family.mother), signup, SOMALI), 409) == [("needs-closed", "/needs")]
        assert found(says(desk.coordinator, signup, SOMALI))["needs"] == [SOMALI]
        desk.cancels(signup)
        assert reasons(says(desk.coordinator, signup), 409) == [("signup-cancelled", "")]

    def test_what_can_be_asked(self, desk: Desk) -> None:
        """An activity asks what the house knows, once each and before it starts; nothing, where nothing is said."""
        until = {"days_before": 0, "at": "23:00"}
        answer = desk.coordinator.post("/v1/activities", json=an_opening(needs={"kinds": ["massage", "diet", "diet"], "until": until}))
        assert reasons(answer) == [
            ("need-not-known", "/needs/kinds/0"),
            ("need-twice", "/needs/kinds/2"),
            ("window-after-start", "/needs/until"),
        ]
        assert desk.opens()["needs"] == {"kinds": [], "until": None}
        kinds = found(desk.coordinator.get("/v1/needs"))["needs"]
        assert [kind["code"] for kind in kinds] == ["interpreter", "childcare", "transport", "diet", "access"]

    def test_a_copy_asks_the_same(self, desk: Desk) -> None:
        """A copy of an activity asks what the first one asks."""
        workshop = desk.opens(needs=ASKING)
        copy = found(desk.coordinator.post(f"/v1/activities/{workshop['activity_id']}/copies", json={"starts_on": "2027-02-01"}), 201)
        assert copy["needs"] == ASKING


class TestSeeing:
    def test_only_the_contact(self, town: Town, desk: Desk) -> None:
        """The other guardian, who sees that his child comes, does not see what the first one needs; nor does a stranger."""
        workshop, family = desk.opens(needs=ASKING), town.enrols(a_family())
        signup = found(signs_up(desk, workshop, family, [SOMALI], as_guardian(desk, family.mother)), 201)
        path = f"/v1/signups/{signup['signup_id']}/needs"
        doors = [as_guardian(desk, one) for one in (family.mother, family.guardians[1], new_id())]
        assert [door.get(path).status_code for door in doors] == [200, 404, 404]
        assert says(doors[1], signup).status_code == 404

    def test_no_fact_tells_it(self, town: Town, desk: Desk) -> None:
        """Nothing that is published says what anybody needs."""
        workshop, family = desk.opens(needs=ASKING), town.enrols(a_family())
        signs_up(desk, workshop, family, [SOMALI, HALAL])
        assert not any(word in str(fact) for fact in published(desk.context) for word in ("interpreter", "halal"))

    def test_the_printed_list(self, town: Town, desk: Desk) -> None:
        """What must be seen to at the door can be printed in words; what was ordered beforehand is not on that list."""
        kinds = load().needs
        assert kinds["interpreter"].in_words(Need("interpreter", "so"), "da") == "Tolk: somali"
        assert kinds["childcare"].in_words(Need("childcare", None, 2), "en") == "Childcare meanwhile (2)"
        assert [code for code, kind in kinds.items() if kind.on_list] == ["interpreter", "childcare", "access"]
        workshop = desk.opens(needs=ASKING)
        signs_up(desk, workshop, town.enrols(a_family()), [SOMALI, HALAL])
        assert desk.coordinator.get(f"/v1/sessions/{first_session(workshop)}/list.pdf").data.startswith(b"%PDF")


class TestDemand:
    def test_of_a_session(self, town: Town, desk: Desk) -> None:
        """It is what all need together, those who wait apart, without any sign-up, and nothing of who has cancelled."""
        workshop = desk.opens(capacity=4, needs=ASKING)
        one, two, three = ([HALAL, SOMALI], [HALAL | {"people": 1}], [SOMALI])
        signups = [found(signs_up(desk, workshop, town.enrols(a_family()), needs), 201) for needs in (one, two, three)]
        assert demand(desk, workshop) == [("diet", "halal", 4, 0), ("interpreter", "so", 1, 1)]
        desk.cancels(signups[0])
        assert demand(desk, workshop) == [("diet", "halal", 1, 0), ("interpreter", "so", 1, 0)]
        answer = desk.coordinator.get(f"/v1/sessions/{first_session(workshop)}/demand").get_data(as_text=True)
        assert not any(signup["signup_id"] in answer or signup["contact_id"] in answer for signup in signups)

    def test_of_all_sessions_to_come(self, town: Town, desk: Desk) -> None:
        """Sessions of activities that ask anything, the next first, page by page; a leader sees those of his institution."""
        family = town.enrols(a_family())
        meetings = [a_meeting(NEXT_WEEK), a_meeting(NEXT_WEEK + timedelta(days=7))]
        course, other = desk.opens(sessions=meetings, needs=ASKING), desk.opens(institution=None, needs=ASKING)
        desk.opens()
        signs_up(desk, course, family, [SOMALI])
        first = found(desk.coordinator.get("/v1/demand?limit=2"))
        rest = found(desk.coordinator.get(f"/v1/demand?limit=2&after={first['next']}"))
        ids = [one["activity_id"] for one in [*first["items"], *rest["items"]]]
        assert sorted(ids[:2]) == sorted([course["activity_id"], other["activity_id"]])
        assert ids[2] == course["activity_id"]
        leader = desk.door.as_(Role.LEADER, institutions=[BIRKEGAARDEN.code], purpose=PURPOSE)
        until = (NEXT_WEEK + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        shown = found(leader.get(f"/v1/demand?until={until}"))["items"]
        assert [(one["activity_id"], len(one["demand"])) for one in shown] == [(course["activity_id"], 1)]


class TestDeadline:
    def test_it_is_told_once(self, town: Town, desk: Desk) -> None:
        """When the deadline has passed a fact says that the demand is final, with what was asked and not what is needed; once."""
        workshop = desk.opens(needs=ASKING)
        signs_up(desk, workshop, town.enrols(a_family()), [SOMALI])
        run_timer(desk.context, "needs-closed")
        assert desk.told("events.activity")[1:] == []
        desk.is_now(NEXT_WEEK - timedelta(days=1))
        for _ in range(2):
            run_timer(desk.context, "needs-closed")
        assert desk.told("events.activity")[1:] == [("activity.needs-closed", workshop["activity_id"])]
        data = published(desk.context)[-1]["data"]
        assert problems("activity.needs-closed/v1", data) == []
        assert data["needs"] == {"asked": ASKING["kinds"], "until": "2026-11-07T11:00:00Z"}

    def test_a_moved_activity_has_another(self, desk: Desk) -> None:
        """Where the activity is moved after its deadline, what is needed can be changed again, and the new deadline is told."""
        workshop = desk.opens(needs=ASKING)
        desk.is_now(NEXT_WEEK - timedelta(days=1))
        run_timer(desk.context, "needs-closed")
        desk.changes(workshop, shift={"days": 7})
        run_timer(desk.context, "needs-closed")
        desk.is_now(NEXT_WEEK + timedelta(days=6))
        run_timer(desk.context, "needs-closed")
        told = [fact for fact, _ in desk.told("events.activity")]
        assert told == ["activity.opened", "activity.needs-closed", "activity.changed", "activity.needs-closed"]


class TestMovingOn:
    def test_a_transfer_takes_it_along(self, town: Town, desk: Desk) -> None:
        """Who moves to another date needs the same there, as far as it is asked there."""
        one, other = desk.opens(needs=ASKING), desk.opens(needs={"kinds": ["diet"]}, sessions=[a_meeting(NEXT_WEEK + timedelta(days=7))])
        signup = found(signs_up(desk, one, town.enrols(a_family()), [SOMALI, HALAL]), 201)
        moved = found(desk.coordinator.post(f"/v1/signups/{signup['signup_id']}/transfer", json={"activity_id": other["activity_id"]}), 201)
        assert needs_of(desk, moved) == [HALAL]

    def test_a_re_offer_takes_it_along(self, town: Town, desk: Desk) -> None:
        """Who is offered something else need not say it again."""
        one, other = desk.opens(needs=ASKING), desk.opens(needs=ASKING, sessions=[a_meeting(NEXT_WEEK + timedelta(days=7))])
        signs_up(desk, one, town.enrols(a_family()), [SOMALI])
        body = {"instead": [other["activity_id"]], "call_off": True}
        (party,) = found(desk.coordinator.post(f"/v1/activities/{one['activity_id']}/re-offers", json=body))["parties"]
        assert needs_of(desk, {"signup_id": party["new_signup_id"]}) == [SOMALI]
        assert demand(desk, other) == [("interpreter", "so", 1, 0)]

    def test_it_is_forgotten(self, town: Town, desk: Desk) -> None:
        """It is kept while it is needed, and some days after the last session for the bills; of who cancelled it is forgotten at once."""
        workshop = desk.opens(needs=ASKING)
        comes, cancels = (found(signs_up(desk, workshop, town.enrols(a_family()), [SOMALI]), 201) for _ in range(2))
        desk.cancels(cancels)
        run_timer(desk.context, "needs")
        assert (needs_of(desk, comes), needs_of(desk, cancels)) == ([SOMALI], [])
        desk.is_now(NEXT_WEEK + KEPT_FOR)
        run_timer(desk.context, "needs")
        assert needs_of(desk, comes) == [SOMALI]
        desk.waits(timedelta(hours=3))
        run_timer(desk.context, "needs")
        assert needs_of(desk, comes) == []

    @pytest.mark.parametrize("who", ["mother", "child"])
    def test_erasing(self, town: Town, desk: Desk, who: str) -> None:
        """With anybody of the party, what the party needed is erased."""
        workshop, family = desk.opens(needs=ASKING), town.enrols(a_family())
        signup = found(signs_up(desk, workshop, family, [SOMALI]), 201)
        erased = {"mother": family.mother, "child": family.children[0]}[who]
        decided: Json = {"erasure_id": new_id(), "erased_ids": [erased]}
        deliver(desk.context, "registration.erasure.decided.v1", decided, subject=decided["erasure_id"])
        run_timer(desk.context, "erase")
        assert needs_of(desk, signup) == []


def test_what_there_is_to_need() -> None:
    """Everything that can be needed has words in both languages, and is for somebody."""
    kinds: Sequence[NeedKind] = list(load().needs.values())
    assert all(kind.most > 0 and {"da", "en"} <= kind.title.keys() for kind in kinds)
    assert all({"da", "en"} == words.keys() for kind in kinds for words in kind.options.values())
