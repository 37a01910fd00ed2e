"""Whom an activity is for, its windows, quotas and questions become otherwise while it is open; nobody who has a seat loses it."""

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.events import seating
from tests.events import law
from tests.events.builders import NEXT_WEEK, a_family
from tests.events.town import Desk, Json, Town, a_signing_up, found, reasons

FOR_BALTORP: Json = {"all": [{"districts": ["baltorp"]}]}


def children(seats: int, **details: object) -> Json:
    """A quota for children."""
    return {"code": "children", "who": {"all": [{"roles": ["child"]}]}, "seats": seats} | details


def from_baltorp(seats: int) -> Json:
    """A quota for those who belong to Baltorp."""
    return {"code": "baltorp", "who": FOR_BALTORP, "seats": seats}


def quotas_of(desk: Desk, activity: Json) -> list[tuple[str, int, int]]:
    """Each quota, with its seats and those that are taken."""
    return [(one["code"], one["seats"], one["taken"]) for one in desk.activity(activity)["quotas"]]


def test_another_rule_is_for_those_who_come(town: Town, desk: Desk) -> None:
    """Whom the new rule is not for is told to the organiser, and keeps his seat; who comes now is let in by the new one."""
    workshop, (stays, fits, late) = desk.opens(capacity=9), [a_family() for _ in range(3)]
    town.enrols(stays, district="hedegaarden")
    town.enrols(fits, district="baltorp")
    signup, _ = (desk.signs_up(workshop, family.party()) for family in (stays, fits))
    for dry_run in (True, False):
        assert desk.changes(workshop, dry_run=dry_run, rule=FOR_BALTORP)["outside"] == [signup["signup_id"]]
        assert desk.standing(signup) == [("seated", None)]
    answer = desk.tries_to_sign_up(workshop, town.enrols(late, district="hedegaarden").party())
    assert [slug for slug, _ in reasons(answer)] == ["rule-districts"] * 2


def test_a_lower_quota_stops_new_ones_only(town: Town, desk: Desk) -> None:
    """A quota below what is taken costs nobody his seat: whoever comes now waits, until so many have left that there is room."""
    workshop = desk.opens(capacity=9, quotas=[children(5)])
    seated = [desk.signs_up(workshop, town.enrols(a_family()).party()) for _ in range(3)]
    assert desk.changes(workshop, dry_run=True, quotas=[children(2)])["quotas_below_taken"] == ["children"]
    assert [quota["free"] for quota in desk.changes(workshop, quotas=[children(2)])["activity"]["quotas"]] == [0]
    assert quotas_of(desk, workshop) == [("children", 2, 3)]
    waits = desk.signs_up(workshop, town.enrols(a_family()).party())
    alone = desk.signs_up(workshop, town.enrols(a_family()).party(children=0))
    assert desk.standing(*seated, waits, alone) == [("seated", None)] * 3 + [("waiting", 1), ("seated", None)]
    for signup, standing in zip(seated, [("waiting", 1), ("seated", None)], strict=False):
        desk.cancels(signup)
        assert desk.standing(waits) == [standing]


def test_freed_room_is_offered_at_once(town: Town, desk: Desk) -> None:
    """More seats in a quota, or one quota less, seats those who wait for it in the same step, and the dry run says whom."""
    workshop = desk.opens(capacity=9, quotas=[children(1)])
    _, two, three = (desk.signs_up(workshop, town.enrols(a_family()).party()) for _ in range(3))
    would = desk.changes(workshop, dry_run=True, quotas=[children(2)])
    assert would["promoted"] == [two["signup_id"]]
    assert desk.standing(two, three) == [("waiting", 1), ("waiting", 2)]
    changed = desk.changes(workshop, quotas=[children(2)])
    assert changed["promoted"] == would["promoted"]
    assert desk.changes(desk.activity(workshop), quotas=[])["promoted"] == [three["signup_id"]]
    assert desk.standing(two, three) == [("seated", None)] * 2
    assert [fact for fact, _ in desk.told("events.signup")][-2:] == ["signup.promoted"] * 2


def test_others_count(town: Town, desk: Desk) -> None:
    """A quota for other people counts those who are signed up already; who waits is counted too."""
    workshop = desk.opens(capacity=9, quotas=[children(9)])
    for district in ("baltorp", "hedegaarden", "baltorp"):
        desk.signs_up(workshop, town.enrols(a_family(), district=district).party())
    desk.changes(workshop, quotas=[children(9), from_baltorp(4)])
    assert quotas_of(desk, workshop) == [("children", 9, 3), ("baltorp", 4, 4)]
    waits = desk.signs_up(workshop, town.enrols(a_family(), district="baltorp").party())
    assert desk.standing(waits) == [("waiting", 1)]
    refused = desk.tries_to_change(desk.activity(workshop), quotas=[from_baltorp(1)])
    assert reasons(refused, 409) == [("quota-below-party", "/changes/0/quotas/0/seats")]


def test_who_holds_seats_begins_anew(town: Town, desk: Desk) -> None:
    """Of whom seats are held for is not kept: where others count, what is held is free again."""
    workshop = desk.opens(capacity=9, quotas=[children(5)])
    path = f"/v1/activities/{workshop['activity_id']}/holds"
    found(desk.coordinator.post(path, json=a_signing_up(town.enrols(a_family()).party())), 201)
    desk.changes(workshop, quotas=[children(3)])
    assert desk.activity(workshop)["taken"] == 2
    desk.changes(desk.activity(workshop), quotas=[from_baltorp(3)])
    assert desk.activity(workshop)["taken"] == 0


def test_windows_and_questions(town: Town, desk: Desk) -> None:
    """Sign-up is closed, and something is asked, from now on; what makes no sense is refused where it stands."""
    workshop = desk.opens()
    desk.changes(workshop, windows={"closes": {"days_before": 7, "at": "08:00"}}, needs={"kinds": ["diet"]})
    assert reasons(desk.tries_to_sign_up(workshop, town.enrols(a_family()).party()), 409) == [("signup-window-closed", "")]
    now = desk.activity(workshop)
    assert now["needs"]["kinds"] == ["diet"]
    wrong: Json = {
        "rule": {"all": [{"districts": ["globen"]}]},
        "windows": {"cancel_until": {"days_before": 0, "at": "23:59"}},
        "quotas": [children(1), children(2)],
        "needs": {"kinds": ["massage"]},
    }
    assert sorted(field for _, field in reasons(desk.tries_to_change(now, **wrong))) == [
        "/changes/0/needs/kinds/0",
        "/changes/0/quotas/0/code",
        "/changes/0/quotas/1/code",
        "/changes/0/rule/all/0/districts/0",
        "/changes/0/windows/cancel_until",
    ]


def test_reserved_seats(town: Town, desk: Desk) -> None:
    """Seats that are kept for some from now on keep others out, and are open to all again when their moment comes."""
    workshop = desk.opens(capacity=4)
    kept = {"code": "baltorp", "who": FOR_BALTORP, "seats": 4, "reserved_until": {"days_before": 2, "at": "12:00"}}
    desk.changes(workshop, quotas=[kept])
    waits = desk.signs_up(workshop, town.enrols(a_family(), district="hedegaarden").party())
    assert desk.standing(waits) == [("waiting", 1)]
    desk.is_now(NEXT_WEEK - timedelta(days=1))
    seating.release(desk.context)
    assert desk.standing(waits) == [("seated", None)]


def test_the_same_terms(desk: Desk) -> None:
    """Terms that are as they were change nothing."""
    workshop = desk.opens(quotas=[children(3)], rule=FOR_BALTORP)
    done = desk.changes(workshop, quotas=[children(3)], rule=FOR_BALTORP)
    assert done["activity"]["version"] == workshop["version"]


EDITS = st.lists(st.tuples(st.sampled_from(["signs up", "cancels", "edits"]), st.integers(1, 4), st.booleans()), max_size=12)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EDITS)
def test_law(town: Town, desk: Desk, steps: list[tuple[str, int, bool]]) -> None:
    """Whatever is edited between sign-ups and cancellations: nobody loses a seat by an edit, and the law holds."""
    workshop, signups = desk.opens(capacity=7, quotas=[children(3)]), []
    for what, number, flag in steps:
        if what == "signs up":
            signups.append(desk.signs_up(workshop, town.enrols(a_family(), district="baltorp" if flag else "hedegaarden").party()))
        elif what == "cancels" and signups:
            desk.cancels(signups.pop(number % len(signups)))
        elif what == "edits":
            before = [signup for signup in signups if desk.standing(signup) == [("seated", None)]]
            desk.tries_to_change(desk.activity(workshop), quotas=[children(number), *([from_baltorp(1 + number)] if flag else [])])
            assert desk.standing(*before) == [("seated", None)] * len(before)
        with desk.context.work() as work:
            law.check(work.connection, workshop["activity_id"])
