"""An activity's terms at the doors: whom it is for and why, quotas, seats that are kept for some, and when one may sign up."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.http import Role
from services.chassis.ids import new_id
from services.events import seating
from services.events.domain.signup import Member, PartyRole
from tests.events.builders import NEXT_WEEK, Family, a_family, a_pedagogue
from tests.events.town import Desk, Json, Town, a_meeting, a_signing_up, alone, an_opening, found, reasons

CHILDREN = {"all": [{"roles": ["child"]}]}
OF_HEDEGAARDEN = {"all": [{"districts": ["hedegaarden"]}]}
A_DAY_BEFORE = {"days_before": 1, "at": "12:00"}


def asked(desk: Desk, activity: Json, party: Sequence[Member]) -> Json:
    """What would be said to this party."""
    return found(desk.coordinator.post(f"/v1/activities/{activity['activity_id']}/eligibility", json=a_signing_up(party)))


def rules(answer: Json) -> list[tuple[str, str, bool]]:
    """Each rule of an answer: its name, about whom, and whether it is so."""
    return [(rule["slug"], rule["field"], rule["met"]) for rule in answer["rules"]]


def quotas(desk: Desk, activity: Json) -> list[tuple[str, int, int]]:
    """Each quota as it stands: taken and free."""
    return [(quota["code"], quota["taken"], quota["free"]) for quota in desk.activity(activity)["quotas"]]


def resized(desk: Desk, activity: Json, code: str, seats: int) -> Any:
    """The answer to another number of seats for a quota."""
    return desk.coordinator.put(f"/v1/activities/{activity['activity_id']}/quotas/{code}", json={"seats": seats})


class TestWhoMayCome:
    def test_why_somebody_may_come(self, town: Town, desk: Desk) -> None:
        """Who may come is told which rules he meets, in Danish and English, and a guardian by his child."""
        workshop = desk.opens(rule={"all": [{"tracks": ["A"], "ages": {"unit": "years", "at_least": 4, "at_most": 4}}]})
        answer = asked(desk, workshop, town.enrols(a_family()).party())
        assert (answer["may_sign_up"], answer["reasons"]) == (True, [])
        assert rules(answer) == [
            (slug, f"/party/{member}/person_id", True) for member in (0, 1) for slug in ("rule-tracks", "rule-age-in-years")
        ]
        assert answer["rules"][1]["text"] == {
            "da": "Arrangementet er for børn, der er fra 4 til 4 år på dagen.",
            "en": "The activity is for children who are from 4 to 4 years old that day.",
        }

    def test_why_somebody_may_not(self, town: Town, desk: Desk) -> None:
        """The same rules refuse the sign-up, for the same reasons."""
        workshop = desk.opens(rule={"all": [{"districts": ["baltorp"]}]})
        party = town.enrols(a_family()).party()
        expected = [("rule-districts", "/party/0/person_id"), ("rule-districts", "/party/1/person_id")]
        assert reasons(desk.tries_to_sign_up(workshop, party)) == expected
        assert [(reason["slug"], reason["field"]) for reason in asked(desk, workshop, party)["reasons"]] == expected

    def test_nothing_is_said_of_strangers(self, town: Town, desk: Desk) -> None:
        """Whoever asks about a child that is not his own learns that, and neither its age nor its district."""
        workshop = desk.opens(rule={"all": [{"districts": ["baltorp"], "ages": {"unit": "years", "at_most": 1}}]})
        mine, theirs = town.enrols_all([a_family(), a_family()])
        party = [*mine.party(children=0), *theirs.party(guardians=0)]
        guardian = desk.door.as_(Role.GUARDIAN, subject=mine.mother)
        answer = found(guardian.post(f"/v1/activities/{workshop['activity_id']}/eligibility", json=a_signing_up(party)))
        assert (answer["may_sign_up"], rules(answer)) == (False, [])
        assert [(reason["slug"], reason["field"]) for reason in answer["reasons"]] == [("not-in-family", "/party/1/person_id")]

    def test_for_another_nobody_may_ask(self, town: Town, desk: Desk) -> None:
        """A guardian cannot ask in another's name, as he could not sign up."""
        workshop, family = desk.opens(), town.enrols(a_family())
        stranger = desk.door.as_(Role.GUARDIAN, subject=new_id())
        body = a_signing_up(family.party()) | {"contact_id": family.mother}
        assert reasons(stranger.post(f"/v1/activities/{workshop['activity_id']}/eligibility", json=body), 403) == [("not-yourself", "")]

    def test_names_instead_of_codes(self, town: Town, desk: Desk) -> None:
        """Whoever is refused reads the names of districts, tracks and institutions; of one whose name is not known yet, the code."""
        rule = {"all": [{"districts": ["baltorp"], "tracks": ["B"], "institutions": ["birkegaarden"]}]}
        workshop, family = desk.opens(rule=rule), town.enrols(a_family(), district="hedegaarden", track="A", institution="globen")
        answers = [asked(desk, workshop, family.party()), found(desk.tries_to_sign_up(workshop, family.party()), 422)]
        texts = [{one["text"]["da"] for one in answer[part]} for answer, part in zip(answers, ("rules", "errors"), strict=True)]
        assert all(any(name in text for text in told) for told in texts for name in ("Baltorp", "Spor B", "Børnehuset Birkegården"))

    def test_names_in_the_readers_language(self, town: Town, desk: Desk) -> None:
        """Roles, professions and kinds of activity are called what they are called, and nothing by its code."""
        rule = {"all": [{"roles": ["child"], "attended": ["parents-event"]}]}
        workshop, lab = desk.opens(rule=rule), desk.opens(kind="learning-lab", rule={"all": [{"professions": ["pedagogue"]}]})
        of_family = asked(desk, workshop, town.enrols(a_family()).party())["rules"]
        of_staff = asked(desk, lab, alone(town.employs(a_pedagogue(), profession="health-visitor")))["reasons"]
        texts = {language: {one["text"][language] for one in [*of_family, *of_staff]} for language in ("da", "en")}
        assert texts == {
            "da": {
                "Arrangementet er for: børn.",
                "Arrangementet er for dem, der har deltaget i: forældrearrangement.",
                "Arrangementet er for faggruppen: Pædagog.",
            },
            "en": {
                "The activity is for: children.",
                "The activity is for those who have attended: parents' event.",
                "The activity is for the profession: Pædagog.",
            },
        }

    def test_known_in_another_role(self, town: Town, desk: Desk) -> None:
        """Who is named in another role than his own is told which he has, in words."""
        workshop, family = desk.opens(), town.enrols(a_family())
        answer = desk.tries_to_sign_up(workshop, [*family.party(children=0), Member(family.guardians[1], PartyRole.CHILD)])
        assert "rolle: forælder." in " ".join(one["text"]["da"] for one in found(answer, 422)["errors"])

    def test_a_quota_is_said_in_words(self, town: Town, desk: Desk) -> None:
        """A party that is too large for a quota reads for whom that is and how many seats it has, one or more."""
        few = [{"code": "few", "who": {"all": [{"roles": ["child"], "districts": ["hedegaarden"]}]}, "seats": 1}]
        workshop = desk.opens(capacity=9, quotas=few)
        answer = found(desk.tries_to_sign_up(workshop, town.enrols(a_family(children=2)).party()), 422)
        assert answer["errors"][0]["text"] == {
            "da": "I er for mange til kvoten for børn fra Hedegården, der kun har 1 plads i alt. Tilmeld færre.",
            "en": "You are too many for the quota for children from Hedegården, which has only 1 seat in all. Sign up fewer.",
        }

    def test_never_reached(self, town: Town, desk: Desk) -> None:
        """Who has come to a workshop does not come to one for those who never did; being signed up alone is not coming."""
        family, before = town.enrols(a_family()), desk.opens()
        next_time = desk.opens(rule={"all": [{"never_reached": True}]}, sessions=[a_meeting(NEXT_WEEK + timedelta(days=7))])
        desk.signs_up(before, family.party())
        assert asked(desk, next_time, family.party())["may_sign_up"]
        desk.waits(NEXT_WEEK - desk.context.clock())
        desk.marks(before, (family.children[0], "late"), (family.mother, "absent"))
        assert rules(asked(desk, next_time, family.party())) == [
            ("rule-never-reached", "/party/0/person_id", False),
            ("rule-never-reached", "/party/1/person_id", False),
        ]

    def test_staff(self, town: Town, desk: Desk) -> None:
        """A course may be for one profession of one house."""
        lab = desk.opens(kind="learning-lab", rule={"all": [{"professions": ["pedagogue"], "institutions": ["birkegaarden"]}]})
        pedagogue, visitor = town.employs(a_pedagogue()), town.employs(a_pedagogue(), profession="health-visitor")
        assert asked(desk, lab, alone(pedagogue))["may_sign_up"]
        assert reasons(desk.tries_to_sign_up(lab, alone(visitor))) == [("rule-professions", "/party/0/person_id")]

    def test_every_mistake_at_once(self, desk: Desk) -> None:
        """An activity whose terms make no sense is refused with everything that is wrong with them."""
        nonsense = {"districts": ["globen"], "tracks": ["Z"], "institutions": ["nowhere"], "attended": ["disco"]}
        opening = an_opening(
            rule={"all": [nonsense, {}], "any": [{"ages": {"unit": "years", "at_least": 5, "at_most": 4}}]},
            quotas=[{"code": "few", "who": CHILDREN, "seats": 3, "reserved_until": A_DAY_BEFORE}] * 2,
            windows={"opens": A_DAY_BEFORE, "closes": A_DAY_BEFORE},
        )
        assert reasons(desk.coordinator.post("/v1/activities", json=opening)) == [
            ("window-never-open", "/windows/opens"),
            ("district-not-known", "/rule/all/0/districts/0"),
            ("track-not-known", "/rule/all/0/tracks/0"),
            ("institution-not-known", "/rule/all/0/institutions/0"),
            ("kind-not-known", "/rule/all/0/attended/0"),
            ("rule-without-condition", "/rule/all/1"),
            ("rule-ages-reversed", "/rule/any/0/ages/at_least"),
            ("quota-twice", "/quotas/0/code"),
            ("quota-twice", "/quotas/1/code"),
            ("quotas-beyond-capacity", "/quotas"),
        ]

    def test_other_terms_are_another_opening(self, desk: Desk) -> None:
        """Opening it again with the same terms is the same activity; with others it is refused."""
        opening = an_opening(activity_id=new_id(), rule=OF_HEDEGAARDEN, quotas=[{"code": "children", "who": CHILDREN, "seats": 3}])
        first = found(desk.coordinator.post("/v1/activities", json=opening), 201)
        assert found(desk.coordinator.post("/v1/activities", json=opening)) == first
        assert reasons(desk.coordinator.post("/v1/activities", json=opening | {"quotas": []}), 409) == [("activity-exists", "/activity_id")]


class TestQuotas:
    def test_children_and_staff_of_a_house(self, town: Town, desk: Desk) -> None:
        """A quota takes those who count in it, and shows what is taken and free."""
        workshop = desk.opens(capacity=9, quotas=[{"code": "children", "who": CHILDREN, "seats": 3}])
        first, second = town.enrols_all([a_family(children=2), a_family(children=2)])
        desk.signs_up(workshop, first.party())
        waiting = desk.signs_up(workshop, second.party())
        assert (waiting["status"], quotas(desk, workshop)) == ("waiting", [("children", 2, 1)])
        assert desk.activity(workshop)["free"] == 6

    def test_adults_pass_a_family_that_waits_for_a_childs_seat(self, town: Town, desk: Desk) -> None:
        """Who wants nothing that those before him wait for gets his seat at once."""
        workshop = desk.opens(capacity=9, quotas=[{"code": "children", "who": CHILDREN, "seats": 2}])
        first, second, third = town.enrols_all([a_family(children=2), a_family(children=2), a_family(guardians=2)])
        signups = [desk.signs_up(workshop, family.party()) for family in (first, second)]
        adults = desk.signs_up(workshop, third.party(guardians=2, children=0))
        assert desk.standing(*signups, adults) == [("seated", None), ("waiting", 1), ("seated", None)]

    def test_more_seats_go_to_the_line(self, town: Town, desk: Desk) -> None:
        """When a quota grows, who waited for it is seated, and told."""
        workshop = desk.opens(capacity=9, quotas=[{"code": "children", "who": CHILDREN, "seats": 1}])
        signups = [desk.signs_up(workshop, family.party()) for family in town.enrols_all([a_family(), a_family()])]
        assert found(resized(desk, workshop, "children", 2))["quotas"][0]["free"] == 0
        assert desk.standing(*signups) == [("seated", None), ("seated", None)]
        assert ("signup.promoted", signups[1]["signup_id"]) in desk.told()

    def test_a_quota_below_what_is_taken(self, town: Town, desk: Desk) -> None:
        """It costs nobody his seat, shows nothing as free, and lets nobody more in until so many have left."""
        workshop = desk.opens(capacity=9, quotas=[{"code": "children", "who": CHILDREN, "seats": 3}])
        seated = [desk.signs_up(workshop, town.enrols(a_family()).party()) for _ in range(3)]
        assert found(resized(desk, workshop, "children", 2))["quotas"][0]["free"] == 0
        late = desk.signs_up(workshop, town.enrols(a_family()).party())
        assert desk.standing(*seated, late) == [("seated", None)] * 3 + [("waiting", 1)]
        for signup in seated[:2]:
            desk.cancels(signup)
        assert desk.standing(late) == [("seated", None)]

    def test_more_came_than_seats_are_kept_for(self, town: Town, desk: Desk) -> None:
        """A reserve that is more than filled shows that no seat is kept any more."""
        kept = {"code": "kept", "who": CHILDREN, "seats": 1, "reserved_until": A_DAY_BEFORE}
        workshop = desk.opens(capacity=9, quotas=[kept])
        desk.signs_up(workshop, town.enrols(a_family(children=2)).party())
        assert quotas(desk, workshop) == [("kept", 2, 0)]

    def test_a_quota_is_never_below_who_waits(self, town: Town, desk: Desk) -> None:
        """A quota is not made smaller than the largest party that waits for it; and one that is not there is not found."""
        workshop = desk.opens(capacity=9, quotas=[{"code": "children", "who": CHILDREN, "seats": 3}])
        for family in town.enrols_all([a_family(children=2), a_family(children=3)]):
            desk.signs_up(workshop, family.party())
        assert reasons(resized(desk, workshop, "children", 1), 409) == [("quota-below-party", "/seats")]
        assert reasons(resized(desk, workshop, "teenagers", 1), 404) == [("quota-not-found", "")]

    def test_a_party_that_can_never_fit_is_refused(self, town: Town, desk: Desk) -> None:
        """Three children do not wait for a quota of two: they would hold up all others for ever."""
        workshop = desk.opens(capacity=9, quotas=[{"code": "children", "who": CHILDREN, "seats": 2}])
        assert reasons(desk.tries_to_sign_up(workshop, town.enrols(a_family(children=3)).party())) == [("party-beyond-quota", "/party")]

    def test_the_database_refuses_too(self, desk: Desk) -> None:
        """A limit cannot be overbooked, whatever the code does."""
        workshop = desk.opens(quotas=[{"code": "children", "who": CHILDREN, "seats": 2}])
        with pytest.raises(sa.exc.IntegrityError, match="quota_never_overbooked"), desk.context.work() as work:
            work.connection.execute(sa.text("update quota set taken = 3 where activity_id = :id"), {"id": workshop["activity_id"]})

    def test_a_cancellation_gives_back_what_was_counted(self, town: Town, desk: Desk) -> None:
        """Also when the child has moved to another district since."""
        workshop = desk.opens(quotas=[{"code": "hedegaarden", "who": OF_HEDEGAARDEN, "seats": 2}])
        family = town.enrols(a_family())
        signup = desk.signs_up(workshop, family.party())
        town.changes(family, "active", district="baltorp")
        assert quotas(desk, workshop) == [("hedegaarden", 2, 0)]
        desk.cancels(signup)
        assert quotas(desk, workshop) == [("hedegaarden", 0, 2)]


class TestReservedSeats:
    def test_kept_until_their_time(self, town: Town, desk: Desk) -> None:
        """Seats kept for a district are given to others on the day before, to the first in the line at once."""
        reserve = {"code": "first", "who": OF_HEDEGAARDEN, "seats": 2, "reserved_until": A_DAY_BEFORE}
        workshop = desk.opens(capacity=4, quotas=[reserve])
        elsewhere = town.enrols_all([a_family(), a_family()], district="baltorp")
        signups = [desk.signs_up(workshop, family.party()) for family in elsewhere]
        assert desk.standing(*signups) == [("seated", None), ("waiting", 1)]
        desk.waits(timedelta(days=6) + timedelta(hours=2))
        seating.release(desk.context)
        assert desk.standing(*signups) == [("seated", None), ("seated", None)]
        assert desk.activity(workshop)["quotas"][0]["released"]

    def test_whose_seat_is_kept_gets_it_while_others_wait(self, town: Town, desk: Desk) -> None:
        """A family of the district passes those who wait for an open seat."""
        reserve = {"code": "first", "who": OF_HEDEGAARDEN, "seats": 2, "reserved_until": A_DAY_BEFORE}
        workshop = desk.opens(capacity=4, quotas=[reserve])
        for family in town.enrols_all([a_family(), a_family()], district="baltorp"):
            desk.signs_up(workshop, family.party())
        assert desk.signs_up(workshop, town.enrols(a_family()).party())["status"] == "seated"

    def test_who_comes_after_the_release_stands_behind_the_line(self, town: Town, desk: Desk) -> None:
        """The line is served before anybody new, also when nobody has looked at the clock yet."""
        reserve = {"code": "first", "who": OF_HEDEGAARDEN, "seats": 2, "reserved_until": A_DAY_BEFORE}
        workshop = desk.opens(capacity=4, quotas=[reserve])
        elsewhere = town.enrols_all([a_family(), a_family(), a_family()], district="baltorp")
        signups = [desk.signs_up(workshop, family.party()) for family in elsewhere[:2]]
        desk.waits(timedelta(days=6) + timedelta(hours=2))
        signups.append(desk.signs_up(workshop, elsewhere[2].party()))
        assert desk.standing(*signups) == [("seated", None), ("seated", None), ("waiting", 1)]


class TestWindows:
    def test_a_group_signs_up_first(self, town: Town, desk: Desk) -> None:
        """Three days before, families of the district may sign up; from the day before, all. Each is told when."""
        stage = {"who": OF_HEDEGAARDEN, "opens": {"days_before": 3, "at": "09:00"}}
        workshop = desk.opens(windows={"opens": A_DAY_BEFORE, "stages": [stage]})
        of_district, elsewhere = town.enrols(a_family()), town.enrols(a_family(), district="baltorp")
        assert [_opening_told(desk, workshop, family) for family in (of_district, elsewhere)] == ["06.11.2026 09:00", "08.11.2026 12:00"]
        desk.waits(timedelta(days=4))
        assert reasons(desk.tries_to_sign_up(workshop, elsewhere.party()), 409) == [("signup-not-open", "")]
        assert desk.signs_up(workshop, of_district.party())["status"] == "seated"

    def test_a_late_cancellation_frees_the_seat_all_the_same(self, town: Town, desk: Desk) -> None:
        """It is marked late, in the fact too; who only waited gives up no seat, and is not late."""
        workshop = desk.opens(capacity=2, windows={"cancel_until": A_DAY_BEFORE})
        signups = [desk.signs_up(workshop, family.party()) for family in town.enrols_all([a_family(), a_family(), a_family()])]
        desk.waits(timedelta(days=6) + timedelta(hours=3))
        assert [desk.cancels(signup)["late"] for signup in (signups[2], signups[0])] == [False, True]
        assert desk.standing(signups[1]) == [("seated", None)]


def _opening_told(desk: Desk, activity: Json, family: Family) -> str:
    (reason,) = asked(desk, activity, family.party())["reasons"]
    assert reason["slug"] == "signup-not-open"
    return str(reason["text"]["en"]).removeprefix("Sign-up opens for you on ").removesuffix(".")
