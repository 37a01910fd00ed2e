"""The auditor: the books agree, and a message that vanished would show."""

from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from prometheus_client import REGISTRY

from services.chassis.auditor import Auditor, Books
from services.chassis.bus import Delivery
from services.chassis.intake import Intake
from services.chassis.replay import forget_positions
from services.chassis.service import Context
from services.chassis.testing import deliver_raw, event
from tests.chassis.tiny import ASKED, DONE, SERVICE

FACTS, REQUESTS = SERVICE.listens


def fact(n: int, **data: Any) -> bytes:
    """A fact of the one aggregate."""
    return event(DONE, {"number": n, **data}, subject="a", sequence=n)


def test_books_agree_after_everything_that_can_happen(context: Context) -> None:
    """Handled, repeated, early, failing, unreadable and snapshot messages are all accounted for."""
    facts = deliver_raw(context, FACTS, [fact(1), fact(1), fact(3), fact(3), b"nonsense", b"nonsense"])
    deliver_raw(context, FACTS, [fact(2), fact(4, trouble="defect"), fact(5)])
    deliver_raw(context, FACTS, [event(DONE, {"number": 9}, subject="b", sequence=9, snapshot=True)])
    asked = deliver_raw(
        context, REQUESTS, [event(ASKED, {"number": 1}, id="r"), event(ASKED, {"number": 1}, id="r"), event(ASKED, {"number": 2}, id="r")]
    )
    auditor = Auditor(context, [facts, asked])
    assert [auditor.audit(intake).difference for intake in (facts, asked)] == [0, 0]


def test_requests_over_http_are_not_the_queues(context: Context) -> None:
    """A request that came over HTTP takes its id in the same inbox, and does not upset the queue's books."""
    asked = deliver_raw(context, REQUESTS, [event(ASKED, {"number": 1}, id="r")])
    with context.work() as work:
        work.admit("tiny.requests", "/portal", [("h", b"{}")])
    assert Auditor(context, [asked]).audit(asked).difference == 0


def test_books_begin_anew_with_the_projections(context: Context) -> None:
    """After a consumer's positions were forgotten and its facts taken again, the books agree."""
    facts = deliver_raw(context, FACTS, [fact(1), fact(2)])
    with context.work() as work:
        forget_positions(work, FACTS.queue)
    deliver_raw(context, FACTS, [fact(1), fact(2), fact(3)])
    assert Auditor(context, [facts]).audit(facts).difference == 0


@pytest.mark.parametrize(
    "theft",
    [
        "delete from chassis.deferred",
        "update chassis.position set last = last + 1",
        "update chassis.ledger set handled = handled - 1",
    ],
)
def test_a_vanished_message_shows(context: Context, theft: str) -> None:
    """If a record of a message were lost, the difference would not be zero."""
    intake = deliver_raw(context, FACTS, [fact(1), fact(3)])
    with context.work() as work:
        work.connection.execute(sa.text(theft))
    assert Auditor(context, [intake]).audit(intake).difference > 0


def test_a_transaction_that_stays_open_shows(context: Context) -> None:
    """How long the oldest transaction has been open is a metric; the auditor's own is none."""
    auditor, age = Auditor(context, []), partial(REGISTRY.get_sample_value, "deltag_database_oldest_transaction_age_seconds")
    auditor.run(context)
    assert age({"service": "tiny"}) == 0
    with context.work() as forgotten:
        forgotten.connection.exec_driver_sql("select pg_sleep(0.1)")
        auditor.run(context)
    assert (age({"service": "tiny"}) or 0) > 0.1


def test_a_delivery_that_was_forgotten_shows(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the receiver acknowledged a message without having settled it, the difference would not be zero."""
    intake = Intake(context, FACTS)
    monkeypatch.setattr(intake, "settle_batch", lambda _batch: None)
    intake.settle([Delivery(fact(1), 1)])
    assert Auditor(context, [intake]).audit(intake).difference == 1


def test_shows_as_a_metric(context: Context) -> None:
    """The difference, the outbox and what is parked are metrics that show zero instead of nothing."""
    intake = deliver_raw(context, FACTS, [fact(1), b"nonsense"])
    Auditor(context, [intake]).run(context)
    value = REGISTRY.get_sample_value
    assert value("deltag_conservation_difference", {"service": "tiny", "queue": "tiny.facts"}) == 0
    assert value("deltag_outbox_pending", {"service": "tiny"}) == 1
    assert value("deltag_parked_messages", {"service": "tiny", "queue": "tiny.facts", "reason": "not-a-cloudevent"}) == 1


class SlowAuditor(Auditor):
    """Needs three seconds for a queue's books; `now` is what its clock shows."""

    now, audits = 0.0, 0

    def audit(self, intake: Intake) -> Books:
        """Take them."""
        self.now += 3
        self.audits += 1
        return super().audit(intake)


def test_adding_up_takes_a_hundredth_of_the_time(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much there is to add up, an auditor rests a hundred times as long as it took."""
    auditor = SlowAuditor(context, [Intake(context, FACTS)])
    monkeypatch.setattr("services.chassis.auditor.monotonic", lambda: auditor.now)
    for auditor.now in (1_000.0, 1_302.0, 1_304.0):
        auditor.run(context)
    assert auditor.audits == 2
