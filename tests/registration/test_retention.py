"""Rules of retention: whose time is up, the list of a night, and the night itself."""

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.http import Role
from services.chassis.service import Context
from services.chassis.testing import Door, deliver, published, run_timer
from services.registration.handlers.programmes import load_programme
from tests.registration.builders import REQUESTED, SENDER, WITHDRAWAL, a_guardian, a_number, a_request
from tests.registration.folders import SAMPLE, broken, edited, mistakes, write

RULES = "retention.toml"


@pytest.fixture
def dpo(door: Door) -> Door:
    """A coordinator of the municipality."""
    return door.as_(Role.COORDINATOR)


@pytest.fixture
def keeping(registration: Context, tmp_path: Any) -> Context:
    """Registration whose programme erases children five years after they left: its rule rests no more."""
    folder = write(edited(RULES, "hold = true", "hold = false"), tmp_path / "programme")
    with registration.work() as work:
        load_programme(folder, work)
    return registration


def left(registration: Context, day: str = "2024-06-01", **details: Any) -> dict[str, Any]:
    """A child that was withdrawn that day."""
    deliver(registration, REQUESTED, a_request(**details), source=SENDER)
    told: dict[str, Any] = [m["data"] for m in published(registration) if m["type"] == "registration.enrolment.accepted.v1"][-1]
    body = {"enrolment_id": told["enrolment_id"], "reason": "moved", "effective_date": day}
    deliver(registration, WITHDRAWAL, body, source=SENDER)
    return told


def due(dpo: Door, on: str) -> list[dict[str, Any]]:
    """Who would be erased that night."""
    found: list[dict[str, Any]] = dpo.get(f"/v1/retention?on={on}").get_json()["items"]
    return found


def at(context: Context, *moment: int) -> None:
    """It is that moment, in UTC."""
    context.clock.now = datetime(*moment, tzinfo=UTC)  # type: ignore[attr-defined, misc, arg-type]


def children(context: Context) -> int:
    """How many there are."""
    with context.work() as work:
        return int(work.connection.execute(sa.text("select count(*) from child")).scalar_one())


def test_a_child_is_due_when_the_period_is_over(dpo: Door, keeping: Context) -> None:
    """1,825 days after it left, and not a day before; the list says by which rule of which programme, and who goes along."""
    told = left(keeping)
    assert due(dpo, "2029-05-30") == []
    [one] = due(dpo, "2029-05-31")
    assert (one["kind"], one["person_id"], one["programme"], one["rule"]) == ("child", told["child_id"], "sammen-om-boern", "children")
    assert (one["due_on"], one["goes"], len(one["people"])) == ("2029-05-31", True, 2)


def test_who_takes_part_is_never_due(dpo: Door, keeping: Context) -> None:
    """Whatever was ended before: one enrolment that goes on keeps a child."""
    number = a_number()
    left(keeping, cpr_number=number)
    deliver(keeping, REQUESTED, a_request(cpr_number=number), source=SENDER)
    assert due(dpo, "2090-01-01") == []


def test_two_records_of_one_child_are_due_together(dpo: Door, keeping: Context) -> None:
    """One of them takes part still: then neither is due. When both have left, they are one, and both go."""
    one = left(keeping, guardians=[a_guardian(email="one@example.org")])
    deliver(keeping, REQUESTED, a_request(guardians=[a_guardian(email="two@example.org")]), source=SENDER)
    other: dict[str, Any] = [m["data"] for m in published(keeping) if m["type"] == "registration.enrolment.accepted.v1"][-1]
    body = {"kind": "child", "merged_id": one["child_id"], "into_id": other["child_id"], "take": []}
    assert dpo.post("/v1/merges", json=body).status_code == 201
    assert due(dpo, "2090-01-01") == []
    ended = {"enrolment_id": other["enrolment_id"], "reason": "moved", "effective_date": "2025-06-01"}
    deliver(keeping, WITHDRAWAL, ended, source=SENDER)
    [found] = due(dpo, "2090-01-01")
    assert (found["person_id"], found["due_on"], len(found["people"])) == (other["child_id"], "2030-05-31", 4)


def test_a_rule_that_rests_erases_nobody(dpo: Door, registration: Context) -> None:
    """The list names whom it would have been, and the night passes him by."""
    left(registration)
    [one] = due(dpo, "2030-01-01")
    assert (one["on_hold"], one["goes"]) == (True, False)
    at(registration, 2030, 1, 1, 3)
    run_timer(registration, "retention")
    assert children(registration) == 1


def test_a_hold_on_somebody_keeps_him(dpo: Door, keeping: Context) -> None:
    """The list says so, and the night erases the others."""
    told, other = left(keeping), left(keeping, guardians=[a_guardian(given_name="Karim", email="k@example.org")])
    dpo.post("/v1/holds", json={"person_id": told["guardian_ids"][0], "reason": "court-case"})
    assert {one["person_id"]: (one["held"], one["goes"]) for one in due(dpo, "2030-01-01")} == {
        told["child_id"]: (True, False),
        other["child_id"]: (False, True),
    }
    at(keeping, 2030, 1, 1, 3)
    run_timer(keeping, "retention")
    assert children(keeping) == 1


def test_who_never_took_part_goes_sooner(dpo: Door, keeping: Context) -> None:
    """An invitation of which nothing came is due a year after its last step."""
    deliver(keeping, REQUESTED, a_request(stage="invited", consent=None), source=SENDER)
    [day] = [one["due_on"] for one in due(dpo, "2099-01-01")]
    with keeping.work() as work:
        last = work.connection.execute(sa.text("select cast(max(recorded_at) as date) from step_taken")).scalar_one()
    assert day == last.replace(year=last.year + 1).isoformat()


def test_a_professional_is_due_too(dpo: Door, door: Door, keeping: Context) -> None:
    """Two years after he left."""
    body = {"programme": "sammen-om-boern", "profession": "pedagogue", "given_name": "Bo", "family_name": "Prøvesen"}
    works = dpo.post("/v1/professionals", json=body | {"email": "bo@example.org", "institution": "151001", "language": "da"}).get_json()
    step = {"step": "withdraw", "effective_date": "2024-06-01", "reason": "moved"}
    assert dpo.post(f"/v1/professionals/{works['professional_id']}/steps", json=step).status_code == 200
    assert [(one["kind"], one["due_on"], one["rule"]) for one in due(dpo, "2030-01-01")] == [
        ("professional", "2026-06-01", "professionals")
    ]
    at(keeping, 2026, 6, 1, 3)
    run_timer(keeping, "retention")
    assert due(door.as_(Role.COORDINATOR), "2030-01-01") == []


def test_the_list_comes_in_pages(dpo: Door, keeping: Context) -> None:
    """However many there are, each is named once."""
    people = {left(keeping, guardians=[a_guardian(email=f"{n}@example.org", given_name=f"Mona {n}")])["child_id"] for n in range(3)}
    first = dpo.get("/v1/retention?on=2030-01-01&limit=2").get_json()
    second = dpo.get(f"/v1/retention?on=2030-01-01&limit=2&after={first['next']}").get_json()
    assert (len(first["items"]), second["next"]) == (2, None)
    assert {one["person_id"] for one in (*first["items"], *second["items"])} == people


def test_the_night_erases_whose_time_is_up(keeping: Context) -> None:
    """From two o'clock in Denmark, once a night whatever number of processes there is; the receipt names the rule."""
    left(keeping)
    for moment in ((2029, 5, 31, 23, 59), (2029, 6, 1, 0, 0)):  # it is summer: 1:59 and 2:00
        before = children(keeping)
        at(keeping, *moment)
        run_timer(keeping, "retention")
    assert (before, children(keeping)) == (1, 0)
    left(keeping, day="2024-05-01")
    run_timer(keeping, "retention")
    assert children(keeping) == 1
    at(keeping, 2029, 6, 2, 1)
    run_timer(keeping, "retention")
    assert children(keeping) == 0
    decided = [m["data"] for m in published(keeping) if m["type"] == "registration.erasure.decided.v1"]
    assert [(one["why"], one["rule"], one["programme"]) for one in decided] == [("retention", "children", "sammen-om-boern")] * 2
    with keeping.work() as work:
        nights = work.connection.execute(sa.text("select night::text, erased, kept from retention_night order by 1")).all()
    assert [tuple(night) for night in nights] == [("2029-06-01", 1, 0), ("2029-06-02", 1, 0)]


def test_without_rules_people_are_kept(dpo: Door, registration: Context) -> None:
    """A programme that says nothing about retention erases nobody, ever."""
    with registration.work() as work:
        work.connection.execute(sa.text("update programme set definition = definition - 'retention'"))
    left(registration)
    assert due(dpo, "2090-01-01") == []


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ('trigger = "never-enrolled"', 'trigger = "enrolment-ended"', "stands-twice"),
        ('code = "invited"', 'code = "children"', "stands-twice"),
        ('trigger = "never-enrolled"', 'trigger = "moon-full"', "unknown-value"),
        ('period = "P1Y"', 'period = "a year"', "wrong-format"),
        ('kle = "28.09.24"', 'kle = "28.9"', "wrong-format"),
        ('kle = "28.09.24"\n', "", "field-missing"),
    ],
)
def test_a_wrong_rule_is_found_when_the_folder_is_read(old: str, new: str, rule: str) -> None:
    """A rule that cannot be kept to, or two for one trigger, are mistakes of the folder, each in its line."""
    files = edited(RULES, old, new)
    assert rule in broken(files)
    assert all(place.startswith(f"{RULES}:") for _, place in mistakes(files))
    assert RULES in SAMPLE
