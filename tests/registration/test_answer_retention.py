"""When an answer is to be erased, and that nothing is left of it then."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.chassis.erasure import erasing
from services.chassis.http import Role
from services.chassis.service import Context
from services.chassis.testing import Door, FakeClock, deliver, run_timer
from services.registration.domain.answer import Due
from services.registration.domain.erasure import HoldReason, LegalHold
from services.registration.handlers.programmes import load_programme
from services.registration.service import SERVICE
from tests.registration.builders import SENDER, WITHDRAWAL
from tests.registration.folders import edited, write
from tests.registration.imports.desk import a_file, a_line, checked, confirmed, undone
from tests.registration.respondents import NUTS, enrolments, enrols, guardian, of_child, of_guardian, patch, read, rows, says, stored

Json = dict[str, Any]
END = date(2024, 6, 30)
"""The last day of the programme."""


@pytest.fixture
def asta(registration: Context) -> Json:
    """Asta's enrolment: about her and by her mother something was answered, on 1 February 2024."""
    a_day(registration, datetime(2024, 2, 1, 9, tzinfo=UTC))
    return enrols(registration, child=says(siblings=2, allergies=NUTS), mona=says(interpreter=True, interpreter_language="ar"))


def a_day(context: Context, now: datetime) -> None:
    """It is that day."""
    assert isinstance(context.clock, FakeClock)
    context.clock.now = now


def due(context: Context, day: date) -> dict[str, date]:
    """What is to be erased on that day, and since when."""
    with context.work() as work:
        return {one.question: one.since for one in work.question_answers.due(day)}


def erase(context: Context, day: date) -> int:
    """Erase it."""
    with context.work() as work:
        return int(work.question_answers.erase(list(work.question_answers.due(day))))


def withdraw(context: Context, enrolment: Json, day: str) -> None:
    """The enrolment ends."""
    request = {"enrolment_id": enrolment["enrolment_id"], "reason": "moved", "effective_date": day}
    deliver(context, WITHDRAWAL, request, source=SENDER)


def test_each_question_has_its_time(registration: Context, asta: Json) -> None:
    """A year after it was given; half a year after the end of taking part, which is the programme's where nobody said another."""
    assert asta["status"] == "accepted"
    assert due(registration, date(2024, 12, 29)) == {}
    assert due(registration, date(2024, 12, 30)) == {"allergies": date(2024, 12, 30)}
    a_year_on = dict.fromkeys(("siblings", "interpreter", "interpreter-language"), date(2025, 2, 1))
    assert due(registration, date(2025, 2, 1)) == a_year_on | {"allergies": date(2024, 12, 30)}


def test_what_a_merge_laid_aside_is_kept_no_longer(registration: Context, door: Door, asta: Json) -> None:
    """It comes back when the merge is undone, until the day on which it would have been erased anyway."""
    a_day(registration, datetime(2024, 6, 1, 9, tzinfo=UTC))
    again = enrols(registration, mona=says(interpreter=False))
    body = {"kind": "guardian", "merged_id": asta["guardian_ids"][0], "into_id": again["guardian_ids"][0], "take": []}
    coordinator = door.as_(Role.COORDINATOR)
    merge_id = coordinator.post("/v1/merges", json=body).get_json()["merge_id"]
    assert due(registration, date(2025, 2, 1))["interpreter-language"] == date(2025, 2, 1)
    erase(registration, date(2025, 2, 1))
    assert coordinator.post(f"/v1/merges/{merge_id}/undoing").status_code == 200
    assert [row.question for row in rows(registration, "select question from guarded_answer")] == ["interpreter"]


def test_what_is_due_says_whose_and_what(registration: Context, asta: Json) -> None:
    """Enough for a list that somebody looks through beforehand, without a single answer in it."""
    with registration.work() as work:
        [found] = work.question_answers.due(date(2025, 1, 1))
    assert found == Due("sammen-om-boern", asta["child_id"], "allergies", found.about, date(2024, 12, 30))
    assert found.about.value == "child"


def test_the_end_of_taking_part_is_that_of_the_last_enrolment(registration: Context, door: Door, asta: Json) -> None:
    """Withdrawn earlier or later, it counts from the day on which it ended; a guardian reads it beside the answer."""
    a_day(registration, datetime(2024, 4, 1, 9, tzinfo=UTC))
    withdraw(registration, asta, "2024-04-01")
    [allergies, _] = guardian(door, asta).get(of_child(asta)).get_json()["items"]
    assert allergies["erased_on"] == "2024-10-01"
    assert due(registration, date(2024, 10, 1)).keys() == {"allergies"}


def test_what_is_answered_later_counts_from_then(registration: Context, door: Door, asta: Json) -> None:
    """An answer that is given when the programme is over is not erased the night after."""
    a_day(registration, datetime(2024, 9, 1, 9, tzinfo=UTC))
    patch(guardian(door, asta), of_child(asta), allergies="mælk")
    assert due(registration, date(2025, 3, 1)).get("allergies") == date(2025, 3, 1)


def test_a_correction_is_a_new_answer(registration: Context, door: Door, asta: Json) -> None:
    """Its time begins anew; what is said again as it was is no correction."""
    a_day(registration, datetime(2024, 5, 11, tzinfo=UTC))
    patch(guardian(door, asta), of_child(asta), siblings=3)
    patch(guardian(door, asta), of_guardian(asta), interpreter=True)
    assert due(registration, date(2025, 2, 1)).keys() == {"allergies", "interpreter", "interpreter-language"}
    assert due(registration, date(2025, 5, 11))["siblings"] == date(2025, 5, 11)


def test_nothing_is_left_of_what_was_erased(registration: Context, door: Door, asta: Json) -> None:
    """The answer goes, and that there was one; the others stay, and erasing again does nothing."""
    assert erase(registration, date(2024, 12, 30)) == 1
    assert "allergies" not in stored(registration)
    assert read(guardian(door, asta), of_child(asta)) == {"siblings": 2}
    assert erase(registration, date(2024, 12, 30)) == 0
    erase(registration, date(2025, 2, 1))
    assert stored(registration) == ""


def test_what_was_taken_back_is_forgotten_too(registration: Context, door: Door, asta: Json) -> None:
    """That somebody once answered is kept no longer than the answer would have been."""
    patch(guardian(door, asta), of_child(asta), siblings=None)
    assert "siblings" in stored(registration)
    assert due(registration, date(2025, 2, 1))["siblings"] == date(2025, 2, 1)
    erase(registration, date(2025, 2, 1))
    assert "siblings" not in stored(registration)


def test_a_person_is_forgotten_whole(registration: Context, asta: Json) -> None:
    """Everything that a child was asked and answered goes with it, and nothing of others."""
    with registration.work() as work:
        erased = erasing.erase(work, SERVICE.personal.held if SERVICE.personal else (), [asta["child_id"]])
    assert (erased["answer-sheet"], erased["answer"] > 0) == (1, True)
    assert {row.question for row in rows(registration, "select question from answer_change")} == {"interpreter", "interpreter-language"}


def test_the_night_erases_answers(registration: Context, asta: Json) -> None:
    """Whose time is up goes in the night, with everything that was noted of it; while a hold lies on somebody, his stay."""
    with registration.work() as work:
        held = [LegalHold("018d0c3d-e740-7c40-8f2e-3d9a51c7e902", asta["child_id"], HoldReason.COMPLAINT, work.now)]
        work.erasures.place(held[0])
    registration.clock.now += timedelta(days=5000)  # type: ignore[attr-defined]
    run_timer(registration, "retention")
    assert {row.person_id for row in rows(registration, "select person_id::text from answer_change")} == {asta["child_id"]}
    with registration.work() as work:
        work.erasures.lift(held[0].hold_id, work.now)
    registration.clock.now += timedelta(days=1)  # type: ignore[attr-defined]
    run_timer(registration, "retention")
    assert stored(registration) == ""


def test_a_changed_rule_counts_for_answers_already_given(registration: Context, asta: Json, tmp_path: Any) -> None:
    """Where the programme keeps them for a shorter time from now on, they are due earlier."""
    assert asta["status"] == "accepted"
    with registration.work() as work:
        load_programme(write(edited("questions.toml", 'retention = "P6M"', 'retention = "P2W"'), tmp_path), work)
    assert due(registration, END + timedelta(weeks=2)) == {"allergies": date(2024, 7, 14)}


def test_a_period_may_outlast_the_calendar(registration: Context, asta: Json, door: Door, tmp_path: Any) -> None:
    """What is kept for ten thousand years is due on the last day of all."""
    with registration.work() as work:
        load_programme(write(edited("questions.toml", 'retention = "P6M"', 'retention = "P99999Y"'), tmp_path), work)
    [allergies, _] = guardian(door, asta).get(of_child(asta)).get_json()["items"]
    assert allergies["erased_on"] == "9999-12-31"


@pytest.mark.parametrize("answers", [True, False])
def test_who_has_answered_outlives_the_import_that_brought_her(registration: Context, door: Door, *, answers: bool) -> None:
    """Where an import is undone, a guardian who is nobody's any more goes with it, unless she was asked and has answered."""
    imported = confirmed(registration, checked(registration, a_file(a_line())))
    [asta] = enrolments(registration)
    if answers:
        assert patch(guardian(door, asta), of_guardian(asta), interpreter=False).status_code == 204
    undone(registration, imported)
    with registration.work() as work:
        assert bool(work.guardians.of(asta["guardian_ids"])) is answers
