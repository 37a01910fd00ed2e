"""The way of a child through a programme: done, expected, stalled."""

from datetime import UTC, date, datetime, timedelta

from services.registration.domain.enrolment import Enrolment, taken
from services.registration.domain.journey import Expectation, State, journey
from services.registration.domain.life import FOLLOWS, LIVING, Status, Step
from services.registration.domain.step import StepRequest
from services.registration.domain.timeline import Timeline
from services.registration.expectations import EXPECTATIONS

INVITED_ON = date(2024, 1, 10)
NOON = datetime(2024, 1, 10, 11, tzinfo=UTC)
WAYS = {Status.INVITED: Expectation(Step.INTEREST, timedelta(days=21)), Status.INTERESTED: Expectation(Step.ENROL, None)}


def states(today: date, *, interested_on: date | None = None) -> list[tuple[Step, State, date | None]]:
    """The steps of a family that was invited, and perhaps said that it is interested."""
    enrolment = Enrolment("e", "s", "asked", Status.INVITED, "sammen-om-boern", start_date=INVITED_ON, step=Step.INVITE, steps=1)
    done = [taken(enrolment, INVITED_ON, "s")]
    if interested_on:
        interest = StepRequest("e", Step.INTEREST, interested_on).as_taken("s", "r", NOON, None)
        done = [*done, Timeline(enrolment, [*done]).take(interest, {}, today)]
    return [(one.step, one.state, one.on or one.due) for one in journey(enrolment, done, WAYS, today).steps]


def test_the_next_step_is_expected_until_its_last_day() -> None:
    """It is expected on that day still, and has stalled on the day after; of the steps beyond it nobody knows when."""
    last = INVITED_ON + timedelta(days=21)
    expected = [(Step.INVITE, State.DONE, INVITED_ON), (Step.INTEREST, State.EXPECTED, last), (Step.ENROL, State.EXPECTED, None)]
    assert states(last) == expected
    assert states(last + timedelta(days=1))[1] == (Step.INTEREST, State.STALLED, last)


def test_what_was_done_is_stalled_no_more() -> None:
    """However late it came."""
    late = INVITED_ON + timedelta(days=60)
    assert states(late, interested_on=late) == [
        (Step.INVITE, State.DONE, INVITED_ON),
        (Step.INTEREST, State.DONE, late),
        (Step.ENROL, State.EXPECTED, None),
    ]


def test_what_is_expected_may_follow() -> None:
    """The municipality's table expects nothing that the rules do not allow, and something of every stage that goes on."""
    assert all(expected.step in FOLLOWS[status] for status, expected in EXPECTATIONS.items())
    assert EXPECTATIONS.keys() == LIVING
