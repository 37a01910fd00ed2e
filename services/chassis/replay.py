"""Catching up: take again what the log holds, or ask a service to tell its present state once more.

Both go through the ordinary intake, so what was taken already has no second effect, and what was missed (a binding
that was not there, a database restored from a backup) closes its gap.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import sqlalchemy as sa

from services.chassis.bus import Delivery, matches
from services.chassis.intake import Intake
from services.chassis.pace import GOOD_S, Bounds, Pace
from services.chassis.service import EVENTS, Context
from services.chassis.storage import UnitOfWork

LOG = "deltag.log"

_ALONE = sa.text("lock table chassis.position in exclusive mode")
"""Whoever is about to take a fact waits, and whoever has one in hand is waited for: his position would be seen by no deletion."""
_FORGET_POSITIONS = sa.text("delete from chassis.position where consumer = :consumer")
_FORGET_HANDLED = sa.text("update chassis.ledger set handled = 0, skipped = 0 where consumer = :consumer")


def replay(context: Context, logged: Iterable[Delivery]) -> Iterator[tuple[int, int]]:
    """Take from the log what this service listens to; yields (offset, messages taken so far) after each batch, to resume from."""
    intakes = [Intake(context, listen) for listen in context.service.listens if listen.exchange == EVENTS]
    taken, log = 0, iter(logged)
    pace = Pace(Bounds(first=100, least=1, most=context.settings.batch_size, good_s=GOOD_S))
    while batch := list(islice(log, pace.limit)):
        with pace.kept():
            pace.take(len(batch))
            taken += sum(_take(intake, batch) for intake in intakes)
        yield batch[-1].tag, taken


def _take(intake: Intake, batch: Sequence[Delivery]) -> int:
    wanted = [delivery for delivery in batch if any(matches(key, delivery.routing_key) for key in intake.listen.keys)]
    if wanted:
        intake.settle(wanted)
    return len(wanted)


def forget_positions(work: UnitOfWork, consumer: str) -> None:
    """Let a consumer take every fact anew; its books begin anew too. For projections that are emptied later in the same unit of work."""
    work.connection.execute(_ALONE)
    for statement in (_FORGET_POSITIONS, _FORGET_HANDLED):
        work.connection.execute(statement, {"consumer": consumer})


def refresh(context: Context) -> None:
    """Publish the present state of every aggregate of this service again, in one consistent view of its database."""
    work = context.work()
    work.isolation = "REPEATABLE READ"
    with work:
        if context.service.refresh:
            context.service.refresh(work)
