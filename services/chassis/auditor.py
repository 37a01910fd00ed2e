"""The auditor: adds up what was taken in and what became of it, and says when the sums differ.

Two records that are written apart must agree, in one snapshot of the database:

    facts      handled + skipped   =  the sum of all positions
    requests   handled             =  the rows of the inbox that the bus took
    deferred   put in - let out    =  the rows that are there

and in the process: taken off the queue = decided (what is in flight is counted on neither side until it is settled).
The difference is a metric that must be zero; anything else is a defect of ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

import sqlalchemy as sa

from services.chassis import instruments
from services.chassis.intake import Intake
from services.chassis.relay import OUTBOX
from services.chassis.service import Context

_BOOKS = (
    "select coalesce(sum(handled), 0) as handled, coalesce(sum(duplicate), 0) as duplicate, coalesce(sum(deferred), 0) as deferred,"
    " coalesce(sum(released), 0) as released, coalesce(sum(skipped), 0) as skipped,"
    " (select count(*) from chassis.deferred where consumer = :consumer) as present, ({}) as recorded"
    " from chassis.ledger where consumer = :consumer"
)
_FACTS = sa.text(_BOOKS.format("select coalesce(sum(last), 0) from chassis.position where consumer = :consumer"))
_REQUESTS = sa.text(_BOOKS.format("select count(*) from chassis.inbox where consumer = :consumer and door = 'bus'"))
_OUTBOX = sa.text(
    "select count(*) as pending, coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0) as oldest from chassis.outbox"
)
_TRANSACTIONS = sa.text(
    "select coalesce(extract(epoch from clock_timestamp() - min(xact_start)), 0) from pg_stat_activity"
    " where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()"
)
_DEFERRED = sa.text("select consumer, kind, slug, count(*) as messages from chassis.deferred group by consumer, kind, slug")


@dataclass(frozen=True)
class Books:
    """What one queue took in, and what became of it."""

    consumer: str
    handled: int
    duplicate: int
    deferred: int
    difference: int


class Auditor:
    """Runs on a timer in every process; reading is all it does."""

    EVERY_S = 10.0

    def __init__(self, context: Context, intakes: Sequence[Intake]) -> None:
        self.context = context
        self.intakes = intakes
        self._again_at = 0.0

    def run(self, _context: Context) -> None:
        """Audit every queue, and measure the outbox, what is deferred, and how long others' transactions take."""
        for intake in self.intakes:
            instruments.observe_outage(self.context.service.name, intake.consumer, lasts=intake.outage.lasts)
        if monotonic() >= self._again_at:
            self._audit_all()
        with self.context.work() as work:
            outbox = work.connection.execute(_OUTBOX).one()
            oldest = work.connection.execute(_TRANSACTIONS).scalar_one()
            deferred = work.connection.execute(_DEFERRED).all()
        instruments.observe_outbox(self.context.service.name, int(outbox.pending), float(outbox.oldest))
        instruments.observe_transactions(self.context.service.name, float(oldest))
        instruments.observe_deferred(self.context.service.name, [OUTBOX, *(i.consumer for i in self.intakes)], deferred)

    def _audit_all(self) -> None:
        """Adding up a million rows takes a while: it may take a hundredth of the time, and no more."""
        began = monotonic()
        for intake in self.intakes:
            instruments.observe_books(self.context.service.name, self.audit(intake))
        self._again_at = monotonic() + 100 * (monotonic() - began)

    def audit(self, intake: Intake) -> Books:
        """One queue's books; `difference` is 0 when everything that was taken in is accounted for."""
        with self.context.work() as work:
            row = work.connection.execute(_FACTS if intake.listen.ordered else _REQUESTS, {"consumer": intake.consumer}).one()
        gaps = (row.handled + row.skipped - row.recorded, row.deferred - row.released - row.present, intake.forgotten)
        return Books(intake.consumer, row.handled, row.duplicate, row.present, sum(abs(int(gap)) for gap in gaps))
