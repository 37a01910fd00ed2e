"""The life of an enrolment."""

from datetime import date

import pytest

from services.registration.domain.enrolment import Enrolment, Status

ACCEPTED = {"enrolment_id": "e", "source": "s", "request_id": "asked", "child_id": "c", "start_date": date(2024, 3, 1)}


def an_enrolment(status: Status) -> Enrolment:
    """One in that state."""
    return Enrolment(status=status, **ACCEPTED)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "rules"),
    [(Status.ACCEPTED, []), (Status.WITHDRAWN, ["already-withdrawn"]), (Status.REJECTED, ["enrolment-not-accepted"])],
)
def test_only_what_holds_can_be_withdrawn(status: Status, rules: list[str]) -> None:
    """An accepted enrolment can be withdrawn; a withdrawn or rejected one says why not."""
    assert [objection.rule.value for objection in an_enrolment(status).objections_to_withdrawal()] == rules


def test_a_withdrawal_keeps_reason_and_day() -> None:
    """What is withdrawn carries the reason, the first day without it, and the request that led to it."""
    enrolment = an_enrolment(Status.ACCEPTED)
    enrolment.withdraw(request_id="withdrawal", reason="moved", on=date(2024, 6, 1))
    assert (enrolment.status, enrolment.reason, enrolment.end_date) == (Status.WITHDRAWN, "moved", date(2024, 6, 1))
    assert enrolment.request_id == "withdrawal"


def test_the_answer_to_a_request_never_changes() -> None:
    """However the enrolment went on, the answer to the request for it is what it was."""
    enrolment = an_enrolment(Status.ACCEPTED)
    enrolment.withdraw(request_id="withdrawal", reason="moved", on=date(2024, 6, 1))
    assert enrolment.as_answered("asked") == an_enrolment(Status.ACCEPTED)
    rejected = an_enrolment(Status.REJECTED)
    assert rejected.as_answered("asked") is rejected
