"""What the database itself guarantees, with transactions that really run at the same time."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import sqlalchemy as sa

from services.chassis.ids import new_id
from services.chassis.service import Context
from services.chassis.testing import deliver, published
from services.registration.domain.enrolment import Enrolment, Status
from services.registration.storage import Work
from tests.registration.builders import REQUESTED, a_guardian, a_number, a_request

SENDERS = 8


def race(context: Context, requests: list[dict[str, object]]) -> None:
    """All of them at once, each by another sender on another connection."""
    start = Barrier(len(requests))

    def send(place: int) -> None:
        start.wait(timeout=10)
        deliver(context, REQUESTED, requests[place], source=f"https://sender-{place}.example")

    with ThreadPoolExecutor(len(requests)) as pool:
        list(pool.map(send, range(len(requests))))


def statuses(context: Context) -> list[str]:
    """What the requests were answered."""
    return sorted(m["data"]["status"] for m in published(context) if m["type"].startswith("registration.enrolment"))


def test_a_race_for_one_child_has_one_winner(registration: Context) -> None:
    """Eight systems enrol the same child in the same moment: one is accepted, seven learn that it is enrolled already."""
    for _ in range(5):
        number = a_number()
        race(registration, [a_request(cpr_number=number) for _ in range(SENDERS)])
    assert statuses(registration) == ["accepted"] * 5 + ["rejected"] * 5 * (SENDERS - 1)
    reasons = {r["slug"] for m in published(registration) for r in m["data"].get("reasons", [])}
    assert reasons == {"already-enrolled"}


def test_a_race_with_one_guardian_makes_one_guardian(registration: Context) -> None:
    """Eight siblings enrolled in the same moment have one mother, and every enrolment names her."""
    mona = a_guardian(cpr_number=a_number("1991-03-09"))
    race(registration, [a_request(guardians=[mona]) for _ in range(SENDERS)])
    assert statuses(registration) == ["accepted"] * SENDERS
    named = {tuple(m["data"]["guardian_ids"]) for m in published(registration) if m["type"].startswith("registration.enrolment")}
    with registration.work() as work:
        [known] = work.connection.execute(sa.text("select guardian_id::text from guardian")).scalars()
    assert named == {(known,)}


def test_the_database_refuses_a_second_active_enrolment(registration: Context) -> None:
    """Even past every rule, a child cannot be in a programme twice."""
    deliver(registration, REQUESTED, a_request())
    with registration.work() as work:
        [first] = work.enrolments.stream()
    second = Enrolment(new_id(), "elsewhere", "1", Status.ACCEPTED, first.programme, first.track, first.child_id, first.guardian_ids)
    with pytest.raises(sa.exc.IntegrityError, match="enrolment_one_active"):
        add(registration, second)


def add(context: Context, enrolment: Enrolment) -> None:
    """Store it, in a transaction of its own."""
    work: Work
    with context.work() as work:
        work.enrolments.add([enrolment])
