"""The life of an enrolment: one table says what may follow what, and everything keeps to it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.registration.domain.enrolment import Enrolment, taken
from services.registration.domain.life import FOLLOWS, LIVING, Status, Step, Taken
from services.registration.domain.programme import Institution, Placement
from services.registration.domain.step import StepRequest, not_allowed, objections_to_move
from services.registration.domain.timeline import Timeline
from services.registration.domain.validity import ALWAYS, Validity
from services.registration.texts import explain

START = date(2024, 3, 1)
NOON = datetime(2024, 3, 1, 11, tzinfo=UTC)


def a_house(code: str, programme: str = "sammen-om-boern", existence: Validity = ALWAYS) -> Institution:
    """A daycare house in Hedegården."""
    return Institution(f"id-{code}", code, code, "daycare-house", (programme,), (Placement("hedegaarden", existence),), existence=existence)


PLACES = {
    "sesam": a_house("sesam"),
    "other": a_house("other", "another-programme"),
    "closed": a_house("closed", existence=Validity(None, date(2024, 2, 29))),
}


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


def objections(enrolment: Enrolment, request: StepRequest) -> list[str]:
    """What speaks against the step, by its rules."""
    timeline = Timeline(enrolment, [taken(enrolment, enrolment.start_date, "s")])
    return [objection.rule.value for objection in timeline.objections_to(as_taken(request))]


def as_taken(request: StepRequest) -> Taken:
    """The step, as it was said at noon."""
    return request.as_taken("s", f"{request.step} {request.effective_date}", NOON, PLACES.get(request.institution or ""))


def take(enrolment: Enrolment, *requests: StepRequest) -> None:
    """Take these steps."""
    timeline = Timeline(enrolment, [taken(enrolment, enrolment.start_date, "s")])
    for request in requests:
        assert not [*timeline.objections_to(as_taken(request))]
        timeline.take(as_taken(request), PLACES, date(2026, 11, 2))


def test_the_table_is_whole() -> None:
    """Every stage stands in it; from the ends nothing follows, and from everywhere else a way leads to an end."""
    assert FOLLOWS.keys() == {None, *Status}
    assert all(bool(FOLLOWS[status]) == (status in LIVING) for status in Status)
    assert all(Step.WITHDRAW in FOLLOWS[status] for status in LIVING)


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
    assert objections(an_enrolment(status), asked(Step.WITHDRAW)) == rules


def test_a_refused_step_says_what_may_follow() -> None:
    """In words, in both languages."""
    [reason] = explain([not_allowed(Step.START, Status.PAUSED)])
    assert reason.en == ("It is not possible to start now: the enrolment is paused. What may follow is: resume, move, complete, withdraw.")
    assert reason.da.endswith("er: genoptage, flytte, gennemføre, udmelde.")
    [ended] = explain([not_allowed(Step.START, Status.COMPLETED)])
    assert ended.da.endswith("er: intet.")


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
    take(enrolment, asked(Step.MOVE, 10, "sesam"))
    assert (enrolment.status, enrolment.institution, enrolment.district) == (Status.ACTIVE, "sesam", "hedegaarden")
    take(enrolment, asked(Step.MOVE, 20))
    assert (enrolment.institution_id, enrolment.institution, enrolment.district) == (None, None, None)


def test_a_withdrawal_keeps_reason_and_day() -> None:
    """What is withdrawn carries the reason, the first day without it, and the request that led to it."""
    enrolment = an_enrolment()
    take(enrolment, asked(Step.WITHDRAW, 92))
    assert (enrolment.status, enrolment.reason, enrolment.end_date) == (Status.WITHDRAWN, "because", date(2024, 6, 1))
    assert enrolment.request_id == "withdraw 2024-06-01"


def test_the_answer_to_a_request_never_changes() -> None:
    """However the enrolment went on, the answer to the request for it is what it was."""
    enrolment, before = an_enrolment(), an_enrolment()
    before.was_enrolled = enrolment.was_enrolled = True
    first = taken(enrolment, enrolment.start_date, "s")
    take(enrolment, asked(Step.MOVE, 5, "sesam"), asked(Step.WITHDRAW, 92))
    again = enrolment.as_answered(first)
    assert (again.status, again.institution, again.end_date, again.reason) == (Status.ACCEPTED, "birkegaarden", None, None)
