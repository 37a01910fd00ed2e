"""The relay: everything committed reaches the bus, whatever happens on the way."""

from collections.abc import Sequence

import pytest
import sqlalchemy as sa

from services.chassis.bus.embedded import EmbeddedBus
from services.chassis.envelope import Outgoing
from services.chassis.errors import Unavailable
from services.chassis.lifecycle import Stop
from services.chassis.relay import Listener, Relay
from services.chassis.service import REQUESTS, Context
from services.chassis.storage import Database
from services.chassis.testing import parked, published
from tests.chassis.conftest import eventually, in_background
from tests.chassis.tiny import DONE


class Recorder:
    """A publisher that remembers; `trouble` is raised once, before or after the messages are stored."""

    def __init__(self, *, before: Exception | None = None, after: Exception | None = None) -> None:
        self.ids: list[str] = []
        self._before, self._after = before, after

    def publish(self, messages: Sequence[Outgoing]) -> Sequence[Outgoing]:
        """Store, with trouble as planned."""
        self._stumble("_before")
        self.ids += [message.id for message in messages]
        self._stumble("_after")
        return ()

    def keep_alive(self) -> None:
        """There is no connection."""

    def close(self) -> None:
        """Nothing is held."""

    def _stumble(self, when: str) -> None:
        error = getattr(self, when)
        setattr(self, when, None)
        if error:
            raise error


def emit(context: Context, count: int = 1, exchange: str = "deltag.events") -> list[str]:
    """Commit some messages of one aggregate."""
    with context.work() as work:
        return [work.emit(DONE, subject="a", data={"number": n}, exchange=exchange) for n in range(count)]


def test_publishes_in_order_and_forgets(context: Context, bus: EmbeddedBus) -> None:
    """What was committed is published in its order, once, and is then gone from the outbox."""
    ids, recorder, relay = emit(context, 5), Recorder(), Relay(context, bus, Stop())
    assert (relay.publish_batch(recorder), relay.publish_batch(recorder)) == (5, 0)
    assert (recorder.ids, published(context)) == (ids, [])


@pytest.mark.parametrize("when", ["before", "after"])
def test_keeps_what_was_not_confirmed(context: Context, bus: EmbeddedBus, when: str) -> None:
    """When the broker goes away, before or after it stored them, all messages stay and are published again under the same ids."""
    ids, recorder, relay = emit(context, 3), Recorder(**{when: Unavailable(en="gone")}), Relay(context, bus, Stop())
    with pytest.raises(Unavailable):
        relay.publish_batch(recorder)
    relay.publish_batch(recorder)
    assert recorder.ids[-3:] == ids
    assert published(context) == []


def test_parks_the_unroutable(context: Context, bus: EmbeddedBus) -> None:
    """What no queue wants is parked with the remedy, and the rest is published."""
    emit(context, exchange=REQUESTS)
    fine = emit(context)
    Relay(context, bus, Stop()).publish_batch(bus.publisher())
    assert [(p["consumer"], p["slug"]) for p in parked(context)] == [("outbox", "unroutable")]
    assert [d.body for d in bus.read_log("deltag.log")] != []
    assert published(context) == []
    assert fine


def test_two_relays_share_the_work(context: Context, bus: EmbeddedBus) -> None:
    """While one relay holds messages, another passes over them and takes the rest; none is published twice."""
    emit(context, 3)
    second, other = Recorder(), Relay(context, bus, Stop())

    class Nested(Recorder):
        def publish(self, messages: Sequence[Outgoing]) -> Sequence[Outgoing]:
            emit(context, 2)
            other.publish_batch(second)
            return super().publish(messages)

    first = Nested()
    Relay(context, bus, Stop()).publish_batch(first)
    assert (len(first.ids), len(second.ids)) == (3, 2)
    assert not set(first.ids) & set(second.ids)


def test_woken_by_a_commit(context: Context, bus: EmbeddedBus) -> None:
    """A running relay publishes what is committed in its own process at once."""
    stop = Stop()
    relay = Relay(context, bus, stop)
    with in_background(relay.run, stop):
        emit(context)
        eventually(lambda: published(context) == [])


def test_woken_by_another_process(context: Context) -> None:
    """A commit of a process without a relay rings the relay of another."""
    stop, rings = Stop(), []
    listener = Listener(context, lambda: rings.append(1), stop)  # type: ignore[arg-type]
    with in_background(listener.run, stop):
        eventually(lambda: bool(emit(context)) and bool(rings))


def test_listens_again_when_cut_off(context: Context) -> None:
    """A listener whose connection is ended by the server makes a new one."""
    stop, rings = Stop(), []
    with in_background(Listener(context, lambda: rings.append(1), stop).run, stop):  # type: ignore[arg-type]
        eventually(lambda: bool(emit(context)) and bool(rings))
        with context.work() as work:
            work.connection.execute(sa.text("select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen%'"))
        rings.clear()
        eventually(lambda: bool(emit(context)) and bool(rings))


def test_publishes_what_is_committed_while_it_stops(context: Context, bus: EmbeddedBus) -> None:
    """A relay that is told to stop publishes once more what was committed by then."""
    stop = Stop()
    relay = Relay(context, bus, stop)
    with in_background(relay.run, stop):
        eventually(lambda: relay.trouble == "")
        context.wakers.pop("relay")
        emit(context, 4)
    assert published(context) == []


def test_waits_for_a_database_that_is_away(context: Context, bus: EmbeddedBus) -> None:
    """A relay whose database is away says so, goes on trying, and publishes when it is back."""
    real, stop = context.database, Stop()
    emit(context)
    context.database = Database("postgresql://nobody@127.0.0.1:1/none")
    relay = Relay(context, bus, stop)
    with in_background(relay.run, stop):
        eventually(lambda: "database" in relay.trouble)
        context.database = real
        eventually(lambda: published(context) == [])
