"""The life of an enrolment: one table says what may follow what, and everything keeps to it."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registration.domain.enrolment import Enrolment, taken
from services.registration.domain.life import ENDED, FOLLOWS, LIVING, Status, Step
from services.registration.domain.programme import Institution, Placement
from services.registration.domain.step import StepRequest, objections_to_move
from services.registration.domain.validity import ALWAYS, Validity
from services.registration.texts import explain

START = date(2024, 3, 1)


def a_house(code: str, programme: str = "sammen-om-boern", existence: Validity = ALWAYS) -> Institution:
    """A daycare house in Hedegården."""
    return Institution(f"id-{code}", code, code, "daycare-house", programme, (Placement("hedegaarden", existence),), existence=existence)


PLACES = {
    "sesam": a_house("sesam"),
    "other": a_house("other", "another-programme"),
    "closed": a_house("closed", existence=Validity(None, date(2024, 2, 29))),
}

steps = st.lists(st.tuples(st.sampled_from([*Step]), st.integers(-3, 9)), max_size=14)


def an_enrolment(status: Status = Status.ACCEPTED) -> Enrolment:
    """One at that stage, of a child in Birkegården."""
    return Enrolment(
        enrolment_id="e",
        source="s",
        request_id="asked",
        status=status,
        programme="sammen-om-boern",
        child_id="c",
        institution_id="id-birkegaarden",
        institution="birkegaarden",
        district="hedegaarden",
        start_date=START,
        step=Step.ENROL,
        steps=1,
    )


def asked(step: Step, day: int = 0, institution: str | None = None) -> StepRequest:
    """A step, so many days after the first day."""
    return StepRequest("e", step, START + timedelta(days=day), "because", institution)


def take(enrolment: Enrolment, request: StepRequest) -> bool:
    """Take the step if nothing speaks against it."""
    if [*enrolment.objections_to(request), *objections_to_move(request, enrolment, PLACES)]:
        return False
    enrolment.take(request, source="s", request_id=request.step, to=PLACES.get(request.institution or ""))
    return True


def test_the_table_is_whole() -> None:
    """Every stage stands in it; from the ends nothing follows, and from everywhere else a way leads to an end."""
    assert FOLLOWS.keys() == {None, *Status}
    assert all(bool(FOLLOWS[status]) == (status in LIVING) for status in Status)
    assert all(Step.WITHDRAW in FOLLOWS[status] for status in LIVING)


@given(steps)
def test_any_steps_end_where_the_table_allows(told: list[tuple[Step, int]]) -> None:
    """Whatever is asked for in whatever order: what is taken follows, dates never go back, and what is refused changes nothing."""
    enrolment = an_enrolment()
    for step, day in told:
        before, copy = enrolment.status, repr(enrolment)
        if take(enrolment, asked(step, day, "sesam" if enrolment.institution != "sesam" else None)):
            assert enrolment.status == FOLLOWS[before][step]
            assert enrolment.since == START + timedelta(days=day)
        else:
            assert repr(enrolment) == copy
        assert (enrolment.end_date is not None) == (enrolment.status in ENDED)


@pytest.mark.parametrize(
    ("status", "rules"),
    [
        (Status.ACCEPTED, []),
        (Status.PAUSED, []),
        (Status.INVITED, []),
        (Status.WITHDRAWN, ["already-withdrawn"]),
        (Status.COMPLETED, ["step-not-allowed"]),
        (Status.REJECTED, ["enrolment-not-accepted"]),
    ],
)
def test_only_what_goes_on_can_be_withdrawn(status: Status, rules: list[str]) -> None:
    """What has ended or never began says why not."""
    assert [objection.rule.value for objection in an_enrolment(status).objections_to(asked(Step.WITHDRAW))] == rules


def test_a_refused_step_says_what_may_follow() -> None:
    """In words, in both languages."""
    [reason] = explain(an_enrolment(Status.PAUSED).objections_to(asked(Step.START)))
    assert reason.en == ("It is not possible to start now: the enrolment is paused. What may follow is: resume, move, complete, withdraw.")
    assert reason.da.endswith("er: genoptage, flytte, gennemføre, udmelde.")
    [ended] = explain(an_enrolment(Status.COMPLETED).objections_to(asked(Step.START)))
    assert ended.da.endswith("er: intet.")


def test_a_step_is_not_dated_before_the_one_before() -> None:
    """On the same day is early enough."""
    enrolment = an_enrolment()
    assert take(enrolment, asked(Step.START, 5))
    assert [objection.rule.value for objection in enrolment.objections_to(asked(Step.PAUSE, 4))] == ["step-too-early"]
    assert take(enrolment, asked(Step.PAUSE, 5))


@pytest.mark.parametrize(
    ("institution", "rules"),
    [
        ("sesam", []),
        (None, []),
        ("nowhere", ["unknown-institution"]),
        ("other", ["institution-not-in-programme"]),
        ("closed", ["institution-not-open"]),
        ("birkegaarden", ["already-there"]),
    ],
)
def test_a_move_leads_to_a_place_of_the_programme(institution: str | None, rules: list[str]) -> None:
    """Or home; and never to where the child is."""
    places = PLACES | {"birkegaarden": a_house("birkegaarden")}
    against = objections_to_move(asked(Step.MOVE, institution=institution), an_enrolment(), places)
    assert [objection.rule.value for objection in against] == rules


def test_a_move_changes_the_place_and_not_the_stage() -> None:
    """The child is in the other house's district from then on; at home it is in none."""
    enrolment = an_enrolment(Status.ACTIVE)
    assert take(enrolment, asked(Step.MOVE, 10, "sesam"))
    assert (enrolment.status, enrolment.institution, enrolment.district) == (Status.ACTIVE, "sesam", "hedegaarden")
    assert take(enrolment, asked(Step.MOVE, 20))
    assert (enrolment.institution_id, enrolment.institution, enrolment.district) == (None, None, None)


def test_a_withdrawal_keeps_reason_and_day() -> None:
    """What is withdrawn carries the reason, the first day without it, and the request that led to it."""
    enrolment = an_enrolment()
    assert take(enrolment, asked(Step.WITHDRAW, 92))
    assert (enrolment.status, enrolment.reason, enrolment.end_date) == (Status.WITHDRAWN, "because", date(2024, 6, 1))
    assert enrolment.request_id == "withdraw"


def test_the_answer_to_a_request_never_changes() -> None:
    """However the enrolment went on, the answer to the request for it is what it was."""
    enrolment, before = an_enrolment(), an_enrolment()
    before.was_enrolled = enrolment.was_enrolled = True
    first = taken(enrolment, enrolment.start_date, "s")
    assert take(enrolment, asked(Step.MOVE, 5, "sesam"))
    assert take(enrolment, asked(Step.WITHDRAW, 92))
    again = enrolment.as_answered(first)
    assert (again.status, again.institution, again.end_date, again.reason) == (Status.ACCEPTED, "birkegaarden", None, None)
