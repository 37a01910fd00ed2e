"""The timeline of an enrolment: the same steps come to the same enrolment, in whatever order they are heard of."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registration.domain.enrolment import Enrolment, taken
from services.registration.domain.life import ENDED, FOLLOWS, Status, Step, Taken, steps_ahead
from services.registration.domain.programme import Institution, Placement
from services.registration.domain.timeline import Timeline, in_order
from services.registration.domain.validity import ALWAYS

START = date(2024, 3, 1)
TODAY = date(2026, 11, 2)
NOON = datetime(2024, 1, 15, 11, tzinfo=UTC)
PLACES = {
    code: Institution(f"id-{code}", code, code, "daycare-house", ("p",), (Placement(code[0], ALWAYS),)) for code in ("sesam", "globen")
}

asked_steps = st.lists(
    st.tuples(st.sampled_from([*Step][1:]), st.integers(-3, 6), st.integers(0, 2), st.sampled_from([None, *PLACES])), max_size=9
)


def a_timeline(status: Status = Status.INVITED) -> Timeline:
    """That of a child at home, at that stage."""
    enrolment = Enrolment("e", "s", "asked", status, "p", child_id="c", start_date=START, step=Step.INVITE, steps=1)
    return Timeline(enrolment, [taken(enrolment, START, "s")])


def a_step(number: int, step: Step, day: int, minute: int = 0, to: str | None = None) -> Taken:
    """A step so many days after the first day, said so many minutes past noon."""
    place = PLACES[to].institution_id if to and step is Step.MOVE else None
    said = NOON + timedelta(minutes=minute)
    return Taken("e", 0, step, Status.REJECTED, START + timedelta(days=day), "s", f"{number}", None, None, place, place and to, None, said)


def hear(timeline: Timeline, steps: Sequence[Taken]) -> Timeline:
    """Take what follows as it comes, drop what never can, and try the rest again until none of it does."""
    waiting = [step for step in steps if hear_one(timeline, step)]
    while (left := [step for step in waiting if hear_one(timeline, step)]) != waiting:
        waiting = left
    return timeline


def hear_one(timeline: Timeline, step: Taken) -> bool:
    """Whether it must wait."""
    if [*timeline.objections_to(step)]:
        return timeline.may_follow_later(step, TODAY)
    timeline.take(step, PLACES, TODAY)
    return False


def outcome(timeline: Timeline) -> tuple[Enrolment, list[Taken]]:
    """What the enrolment has come to, whoever was heard of last and whatever was counted for a while."""
    return replace(timeline.enrolment, request_id="", steps=0), in_order(timeline.taken)


@given(asked_steps, st.randoms(use_true_random=False), st.sampled_from([Status.INVITED, Status.ACCEPTED, Status.ACTIVE]))
def test_any_order_comes_to_the_same_enrolment(told: list[tuple[Step, int, int, str | None]], chance: object, status: Status) -> None:
    """Stage, place, days and history are the same, in whatever order the steps were heard of."""
    steps = [a_step(number, *one) for number, one in enumerate(told)]
    mixed = sorted(steps, key=lambda _step: chance.random())  # type: ignore[attr-defined]
    assert outcome(hear(a_timeline(status), steps)) == outcome(hear(a_timeline(status), mixed))


@given(asked_steps)
def test_a_timeline_is_a_way_through_the_table(told: list[tuple[Step, int, int, str | None]]) -> None:
    """Each step follows the one before it, no day comes before the one before, and an end has its day."""
    timeline = hear(a_timeline(), [a_step(number, *one) for number, one in enumerate(told)])
    steps = in_order(timeline.taken)
    assert all(FOLLOWS[before.status][after.step] is after.status for before, after in pairwise(steps))
    days = [step.effective_date for step in steps[1:]]
    assert days == sorted(days, key=lambda day: day or date.min)
    assert (timeline.enrolment.end_date is not None) == (timeline.enrolment.status in ENDED)
    assert [step.number for step in steps] == [*range(1, len(steps) + 1)]


def test_a_step_before_others_is_put_in_its_place() -> None:
    """A move in May that is heard of after the end in August: the child was there from May on, and the end stays the end."""
    timeline = hear(a_timeline(Status.ACTIVE), [a_step(1, Step.COMPLETE, 150), a_step(2, Step.MOVE, 60, to="sesam")])
    assert [step.step for step in in_order(timeline.taken)] == [Step.INVITE, Step.MOVE, Step.COMPLETE]
    assert (timeline.enrolment.status, timeline.enrolment.institution, timeline.enrolment.district) == (Status.COMPLETED, "sesam", "s")


def test_what_no_longer_follows_counts_no_more() -> None:
    """A withdrawal in June that is heard of after a completion in August: the enrolment has ended in June."""
    timeline = hear(a_timeline(Status.ACTIVE), [a_step(1, Step.COMPLETE, 150), a_step(2, Step.WITHDRAW, 90)])
    assert (timeline.enrolment.status, timeline.enrolment.end_date) == (Status.WITHDRAWN, START + timedelta(days=90))


def test_of_two_on_one_day_what_was_said_first_comes_first() -> None:
    """Two moves on one day lead to the house that was named last."""
    moves = [a_step(1, Step.MOVE, 3, minute=2, to="globen"), a_step(2, Step.MOVE, 3, minute=1, to="sesam")]
    assert hear(a_timeline(), moves).enrolment.institution == "globen"


@pytest.mark.parametrize(
    ("status", "step", "may"),
    [
        (Status.ACCEPTED, Step.RESUME, True),
        (Status.INVITED, Step.COMPLETE, True),
        (Status.ACTIVE, Step.START, False),
        (Status.ACCEPTED, Step.INTEREST, False),
        (Status.WITHDRAWN, Step.PAUSE, False),
        (Status.REJECTED, Step.START, False),
    ],
)
def test_what_may_follow_later(status: Status, step: Step, may: bool) -> None:  # noqa: FBT001 - a table's column
    """What some way through the table leads to; from an end none does."""
    assert (step in steps_ahead(status), a_timeline(status).may_follow_later(a_step(1, step, 0), TODAY)) == (may, may)
