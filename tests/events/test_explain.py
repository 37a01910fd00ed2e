"""Why somebody stands where he does, asked at the door: what is said agrees with what is so, in both languages."""

import string
from datetime import timedelta

import pytest

from services.chassis.http import Role
from services.events.domain.decision import LEADS_TO, What
from services.events.domain.signup import SignupStatus
from services.events.resources import load
from tests.events.builders import NEXT_WEEK, NOW, a_family
from tests.events.town import Desk, Json, Town, found

BEST_FIT = {"best_fit": {"most_passes": 1, "most_days": 14}}
NEW_FIRST = {"groups": [{"code": "new-families", "title": {"da": "Nye familier", "en": "New families"}, "never_reached": True}]}


def explain(desk: Desk, signup: Json) -> Json:
    """Why the sign-up stands where it does."""
    return found(desk.coordinator.get(f"/v1/signups/{signup['signup_id']}/explain"))


def decided(desk: Desk, signup: Json) -> list[str]:
    """What was decided about a sign-up, in order."""
    return [one["what"] for one in explain(desk, signup)["decisions"]]


def reasons_now(explanation: Json) -> list[str]:
    """The names of the reasons why it is so now."""
    return [reason["why"] for reason in explanation["now"]]


def test_every_decision_has_its_text() -> None:
    """Every decision can be told in Danish and English, and both say the same numbers."""
    texts = load().explanations
    assert {what.value for what in What} <= set(texts)
    for text in texts.values():
        gaps = [{name for _, name, _, _ in string.Formatter().parse(text[language]) if name} for language in ("da", "en")]
        assert gaps[0] == gaps[1]


def test_every_status_can_be_explained() -> None:
    """There are words for a sign-up however it stands, and every decision leads somewhere."""
    assert {f"now-{status}" for status in SignupStatus if status is not SignupStatus.WAITING} <= set(load().explanations)
    assert set(LEADS_TO) == set(What)


def test_from_the_line_to_a_seat(town: Town, desk: Desk) -> None:
    """A family reads when and why it waited, why it waits, and that it got its seats."""
    workshop = desk.opens(capacity=2)
    first, second = (desk.signs_up(workshop, town.enrols(a_family()).party()) for _ in range(2))
    waits = explain(desk, second)
    assert (waits["status"], waits["position"], reasons_now(waits)) == ("waiting", 1, ["now-waits-first"])
    assert waits["decisions"][0]["text"] == {
        "da": "Tilmeldingen på 2 kom på venteliste som nummer 1. Der var 0 ledige pladser.",
        "en": "The sign-up of 2 went to the waiting list as number 1. 0 seats were free.",
    }
    desk.cancels(first)
    assert decided(desk, second) == ["waits", "promoted"]
    assert reasons_now(explain(desk, second)) == ["now-seated"]
    assert explain(desk, first)["decisions"][-1]["text"]["da"] == "Familien har meldt afbud."


def test_passed_over_and_then_held(town: Town, desk: Desk) -> None:
    """By best fit a large family reads that it was passed over once, and that seats are held for it now."""
    workshop = desk.opens(capacity=3, line=BEST_FIT)
    one, small, large, single = (town.enrols(a_family(children=children)) for children in (1, 1, 2, 1))
    seated = desk.signs_up(workshop, one.party())
    waits = desk.signs_up(workshop, large.party())
    passes = desk.signs_up(workshop, small.party(guardians=1, children=0))
    behind = desk.signs_up(workshop, single.party(guardians=1, children=0))
    assert desk.standing(seated, waits, passes, behind) == [("seated", None), ("waiting", 1), ("seated", None), ("waiting", 2)]
    assert decided(desk, waits) == ["waits", "passed-over"]
    assert reasons_now(explain(desk, waits)) == ["now-waits-first", "now-held"]
    assert reasons_now(explain(desk, behind)) == ["now-waits-behind"]
    desk.cancels(passes)
    assert desk.standing(waits, behind) == [("waiting", 1), ("waiting", 2)]
    desk.cancels(seated)
    assert desk.standing(waits, behind) == [("seated", None), ("waiting", 1)]


def test_families_never_reached_go_first(town: Town, desk: Desk) -> None:
    """A family that has come before waits behind one that has not, in the group's order, and the number it reads is its present one."""
    known, new, last = (town.enrols(a_family()) for _ in range(3))
    earlier = desk.opens(capacity=4)
    desk.signs_up(earlier, known.party())
    workshop = desk.opens(capacity=2, line=NEW_FIRST)
    holder = desk.signs_up(workshop, last.party())
    desk.waits((NEXT_WEEK - NOW) * 0.99)
    desk.marks(earlier, (known.children[0], "present"))
    signups = [desk.signs_up(workshop, family.party()) for family in (known, new)]
    assert desk.standing(*signups) == [("waiting", 2), ("waiting", 1)]
    assert [signup["position"] for signup in signups] == [1, 1]
    desk.cancels(holder)
    assert desk.standing(*signups) == [("waiting", 1), ("seated", None)]


def test_the_other_guardian_reads_only_his_own_seats(town: Town, desk: Desk) -> None:
    """A guardian who is not the contact does not read from the numbers that the other one comes too."""
    family = town.enrols(a_family())
    workshop = desk.opens(capacity=4)
    signup = desk.signs_up(workshop, family.party(guardians=2), family.mother)
    father = desk.door.as_(Role.GUARDIAN, subject=family.guardians[1])
    shown = found(father.get(f"/v1/signups/{signup['signup_id']}/explain"))
    assert [one["values"]["seats"] for one in shown["decisions"]] == [2]
    assert "alle 2" in shown["now"][0]["text"]["da"]


@pytest.mark.parametrize(
    ("rule", "words"),
    [({}, ["rule-arrival", "rule-strict"]), (BEST_FIT, ["rule-arrival", "rule-best-fit"]), (NEW_FIRST, ["rule-groups", "rule-strict"])],
)
def test_the_rule_in_words(desk: Desk, rule: Json, words: list[str]) -> None:
    """Everybody may read the rule by which an activity's seats are given, before and after signing up."""
    workshop = desk.opens(line=rule)
    shown = found(desk.coordinator.get(f"/v1/activities/{workshop['activity_id']}/explain"))
    assert [reason["why"] for reason in shown["rules"]] == words
    assert shown["line"] == workshop["line"]
    assert reasons_now(shown) == ["now-free"]


def test_why_seats_are_free(town: Town, desk: Desk) -> None:
    """Where seats are free while somebody waits, it is said that they are too few for who is next; where none is, that all are taken."""
    workshop = desk.opens(capacity=3)
    one, other, single = (town.enrols(a_family()) for _ in range(3))
    for family in (one, other):
        desk.signs_up(workshop, family.party())
    path = f"/v1/activities/{workshop['activity_id']}/explain"
    assert reasons_now(found(desk.coordinator.get(path))) == ["now-too-few"]
    desk.resizes(workshop, 4)
    desk.signs_up(workshop, single.party(children=0))
    assert reasons_now(found(desk.coordinator.get(path))) == ["now-full"]


def test_which_quota_is_short(town: Town, desk: Desk) -> None:
    """Where a quota is full and not the activity, that quota is named, to who waits for it and to everybody."""
    limit = {"code": "children", "who": {"all": [{"roles": ["child"]}]}, "seats": 1}
    workshop = desk.opens(capacity=9, quotas=[limit])
    _, waits = (desk.signs_up(workshop, town.enrols(a_family()).party()) for _ in range(2))
    told = explain(desk, waits)
    assert reasons_now(told) == ["now-waits-first", "now-quota-short"]
    assert told["now"][1]["text"]["da"].startswith("I kvoten for børn er der 0 ledige pladser")
    shown = found(desk.coordinator.get(f"/v1/activities/{workshop['activity_id']}/explain"))
    assert reasons_now(shown) == ["now-some-free", "now-quota-full"]
    assert shown["now"][1]["text"]["en"].startswith("The quota for children is full: its one seat is taken.")


def test_seats_are_kept_for_others(town: Town, desk: Desk) -> None:
    """Where the free seats are kept for some, who waits for an open one is told so."""
    kept = {
        "code": "baltorp",
        "who": {"all": [{"districts": ["baltorp"]}]},
        "seats": 3,
        "reserved_until": {"days_before": 1, "at": "09:00"},
    }
    workshop = desk.opens(capacity=4, quotas=[kept])
    waits = desk.signs_up(workshop, town.enrols(a_family(), district="hedegaarden").party())
    assert reasons_now(explain(desk, waits)) == ["now-waits-first", "now-kept"]
    shown = found(desk.coordinator.get(f"/v1/activities/{workshop['activity_id']}/explain"))
    assert reasons_now(shown) == ["now-some-free", "now-kept"]


OPENS, CLOSES = ({"days_before": days, "at": "12:00"} for days in (3, 1))
FIRST_FOR = {"who": {"any": [{"districts": ["baltorp"], "ages": {"unit": "years", "at_most": 3}}, {"never_reached": True}]}}
NEW = "dem fra Baltorp fra 0 til 3 år eller dem, der ikke har deltaget i noget før"


def test_when_one_may_sign_up(desk: Desk) -> None:
    """Whoever asks reads when sign-up opens and for whom, from when it is open, and when it closes and has closed."""
    stages = [FIRST_FOR | {"opens": {"days_before": 5, "at": "12:00"}}]
    workshop = desk.opens(capacity=1, windows={"opens": OPENS, "closes": CLOSES, "stages": stages})
    assert texts_now(desk, workshop) == [
        "Der er 1 ledig plads, og ingen venter.",
        f"For {NEW} åbner tilmeldingen den {_days_before(5)}.",
        f"For alle andre åbner tilmeldingen den {_days_before(3)}.",
        f"Tilmeldingen lukker den {_days_before(1)}.",
    ]
    desk.waits(NEXT_WEEK - timedelta(days=4) - NOW)
    assert texts_now(desk, workshop)[1] == f"Tilmeldingen er åben for {NEW} siden den {_days_before(5)}."
    desk.waits(timedelta(days=2))
    assert texts_now(desk, workshop)[1:] == [f"Tilmeldingen lukker den {_days_before(1)}."]
    desk.waits(timedelta(days=2) - timedelta(minutes=1))
    assert texts_now(desk, workshop)[1:] == [f"Tilmeldingen lukkede den {_days_before(1)}."]


def test_sign_up_that_opens_for_all_at_once(desk: Desk) -> None:
    """Without groups that come first, the one moment is told at which sign-up opens."""
    workshop = desk.opens(windows={"opens": OPENS})
    assert texts_now(desk, workshop)[1:] == [f"Tilmeldingen åbner den {_days_before(3)}."]


def texts_now(desk: Desk, activity: Json) -> list[str]:
    """How the activity's seats stand, in Danish."""
    shown = found(desk.coordinator.get(f"/v1/activities/{activity['activity_id']}/explain"))
    return [reason["text"]["da"] for reason in shown["now"]]


def _days_before(days: int) -> str:
    return f"{NEXT_WEEK - timedelta(days=days):%d.%m.%Y} 12.00"
