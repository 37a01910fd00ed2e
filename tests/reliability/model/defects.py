"""Defects that a spine could have, planted one at a time: a model that lets one pass proves nothing.

Each is what somebody might write who has not read why it is done otherwise.
"""

from collections.abc import Callable, Sequence

import pytest
import sqlalchemy as sa

from services.chassis import consumer, deferred, relay, sorting
from services.chassis.bus import Delivery, Publisher, Subscription
from services.chassis.consumer import Consumer
from services.chassis.database import unavailable_when_away
from services.chassis.envelope import Outgoing
from services.chassis.intake import Intake
from services.chassis.loops import Pauses
from services.chassis.reading import Incoming
from services.chassis.relay import Relay
from services.chassis.sorting import Sorted, Sorter
from services.chassis.storage import UnitOfWork

Defect = Callable[[pytest.MonkeyPatch], None]


def acknowledges_before_it_commits(patch: pytest.MonkeyPatch) -> None:
    """What is in hand when the process ends is lost."""

    def turn(self: Consumer, subscription: Subscription) -> None:
        if deliveries := subscription.receive(self.intake.context.settings.batch_size, consumer.IDLE_S):
            subscription.settle(deliveries[-1])
            self._settled(deliveries)

    patch.setattr(Consumer, "_turn", turn)


def looks_for_no_duplicates(patch: pytest.MonkeyPatch) -> None:
    """A fact that comes again is taken again."""
    sort = Sorter._sort_fact  # noqa: SLF001 - the place of the defect

    def take_again(self: Sorter, message: Incoming, verdict: Sorted) -> None:
        again = (message.sequence or 0) <= verdict.positions[message.key] and not message.snapshot and not message.fault
        verdict.fit.append(message) if again else sort(self, message, verdict)

    patch.setattr(Sorter, "_sort_fact", take_again)


def drops_what_is_early(patch: pytest.MonkeyPatch) -> None:
    """A fact that overtook another is forgotten."""
    record = Intake._record  # noqa: SLF001 - the place of the defect

    def forget(self: Intake, verdict: Sorted, work: UnitOfWork) -> None:
        verdict.early = []
        record(self, verdict, work)

    patch.setattr(Intake, "_record", forget)


def takes_the_early_as_they_come(patch: pytest.MonkeyPatch) -> None:
    """Order is what the bus makes it."""
    patch.setattr(Incoming, "snapshot", property(lambda _self: True))


def locks_no_positions(patch: pytest.MonkeyPatch) -> None:
    """Two replicas may take the same fact at the same time."""
    patch.setattr(sorting, "_LOCK_POSITIONS", sorting._POSITIONS)  # noqa: SLF001 - the place of the defect


def lets_two_begin_an_aggregate(patch: pytest.MonkeyPatch) -> None:
    """Who comes second to a new aggregate's position writes it once more."""
    again = sorting._BEGIN_POSITIONS.text.replace("do nothing", "(consumer, key) do update set last = excluded.last")  # noqa: SLF001 - the place of the defect
    patch.setattr(sorting, "_BEGIN_POSITIONS", sa.text(again))


def forgets_the_row_before_it_publishes(patch: pytest.MonkeyPatch) -> None:
    """What the relay has in hand when the process ends is lost."""

    def publish_batch(self: Relay, publisher: Publisher) -> int:
        with unavailable_when_away(), self.context.database.engine.begin() as connection:
            rows = sorted(connection.execute(relay._TAKE, {"limit": relay.BATCH, "bytes": relay.BYTES.most}).all())  # noqa: SLF001 - the place of the defect
        publisher.publish([Outgoing(r.message_id, r.exchange, r.routing_key, r.body.encode(), r.type) for r in rows])
        return len(rows)

    patch.setattr(Relay, "publish_batch", publish_batch)


def lets_another_content_by(patch: pytest.MonkeyPatch) -> None:
    """The same id with other content is taken for a repetition, and what it said is lost."""

    def ignore(_self: Sorter, message: Incoming, found: str, verdict: Sorted) -> None:
        (verdict.fit if found == "new" else verdict.duplicates).append(message)

    patch.setattr(Sorter, "_sort_request", ignore)


def keeps_what_was_retried(patch: pytest.MonkeyPatch) -> None:
    """A message that went through at last stays among the deferred."""
    patch.setattr(deferred, "_RELEASE", sa.text("select 1 where cast(:rows as text) is null"))


def stops_with_everything_acknowledged(patch: pytest.MonkeyPatch) -> None:
    """At the stop all that was fetched is acknowledged, also what was not begun, so that nothing comes twice."""

    def session(self: Consumer, _pauses: Pauses) -> None:
        subscription = self.bus.subscribe(self.intake.consumer, consumer.PREFETCH)
        while not self.stop.is_set():
            self._turn(subscription)
        if fetched := subscription.receive(consumer.PREFETCH, 0):
            subscription.settle(fetched[-1])
        subscription.close()

    patch.setattr(Consumer, "_session", session)


def gives_up_and_acknowledges(patch: pytest.MonkeyPatch) -> None:
    """Told to stop while the database is away, a consumer acknowledges what it has in hand, instead of giving it back."""
    settled = Consumer._settled  # noqa: SLF001 - the place of the defect

    def give_up(self: Consumer, deliveries: Sequence[Delivery]) -> bool:
        settled(self, deliveries)
        return True

    patch.setattr(Consumer, "_settled", give_up)


def stops_before_it_acknowledges(patch: pytest.MonkeyPatch) -> None:
    """At the stop a consumer hangs up at once: what it has just done comes again."""

    def turn(self: Consumer, subscription: Subscription) -> None:
        deliveries = subscription.receive(self.intake.context.settings.batch_size, consumer.IDLE_S)
        if deliveries and self._settled(deliveries) and not self.stop.is_set():
            subscription.settle(deliveries[-1])

    patch.setattr(Consumer, "_turn", turn)


DEFECTS: Sequence[Defect] = (
    acknowledges_before_it_commits,
    looks_for_no_duplicates,
    drops_what_is_early,
    takes_the_early_as_they_come,
    locks_no_positions,
    lets_two_begin_an_aggregate,
    forgets_the_row_before_it_publishes,
    lets_another_content_by,
    keeps_what_was_retried,
    stops_with_everything_acknowledged,
    gives_up_and_acknowledges,
    stops_before_it_acknowledges,
)
