"""The relay: everything committed reaches the bus, whatever happens on the way."""

from collections.abc import Sequence
from contextlib import suppress
from threading import Event

import pytest
import sqlalchemy as sa

from services.chassis import pace
from services.chassis.bus import Objection, Refused, Unwritable
from services.chassis.bus.embedded import EmbeddedBus
from services.chassis.database import Database
from services.chassis.envelope import Outgoing, Received
from services.chassis.errors import Unavailable
from services.chassis.lifecycle import Stop
from services.chassis.loops import Pauses
from services.chassis.parked import chosen, replay, rows
from services.chassis.relay import BATCH, BYTES, Listener, Relay
from services.chassis.service import EVENTS, REQUESTS, Context
from services.chassis.testing import parked, published
from tests.chassis.conftest import eventually, in_background
from tests.chassis.tiny import ASKED, DONE, MOVED

LONGEST = 255


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


class Picky(Recorder):
    """A broker that has no room for some messages, or hangs up over them: `full` and `wrong` name them by routing key."""

    def __init__(self, *, full: str = "", wrong: str = "") -> None:
        super().__init__()
        self._full, self._wrong = full, wrong

    def publish(self, messages: Sequence[Outgoing]) -> Sequence[Outgoing]:
        """Store what it likes."""
        if any(message.routing_key == self._wrong for message in messages):
            raise Objection(en="hung up")
        refused = [message for message in messages if message.routing_key == self._full]
        super().publish([message for message in messages if message not in refused])
        if refused:
            raise Refused(refused, ())
        return ()


def answer(context: Context, address: str, exchange: str = EVENTS) -> None:
    """Commit a fact that also goes to a sender, as the answer to his request."""
    asked = Received("asked", "/other", ASKED, "", None, reply_to=address, reply_correlation="corr-7")
    with context.work() as work:
        work.emit(DONE, subject="b", data={}, exchange=exchange, reply=asked)


class Brief(Recorder):
    """A broker to which no long address can be written."""

    def publish(self, messages: Sequence[Outgoing]) -> Sequence[Outgoing]:
        """Store all or nothing."""
        if long := [message for message in messages if len(message.routing_key) > LONGEST]:
            raise Unwritable(long)
        return super().publish(messages)


def test_what_cannot_be_written_is_parked(context: Context, bus: EmbeddedBus) -> None:
    """An answer to an address that cannot be written is parked, and everything around it leaves at once."""
    relay, brief = Relay(context, bus, Stop()), Brief()
    before = emit(context, 3)
    answer(context, "x" * 300)
    after = emit(context, 3)
    relay.publish_batch(brief)
    assert [id_ for id_ in brief.ids if id_ in {*before, *after}] == [*before, *after]
    assert (len(brief.ids), published(context)) == (7, [])
    assert [p["slug"] for p in parked(context)] == ["unwritable"]


def drain(relay: Relay, publisher: Recorder, rounds: int = 60) -> None:
    """Publish round after round, as a relay does that reconnects whenever it must."""
    for _ in range(rounds):
        with suppress(Unavailable):
            relay.publish_batch(publisher)
        Event().wait(0.005)


class Alike(Recorder):
    """A broker whose queues for facts have no room, and which knows no queue for answers."""

    def publish(self, messages: Sequence[Outgoing]) -> Sequence[Outgoing]:
        """Store nothing."""
        raise Refused([m for m in messages if m.exchange], [m for m in messages if not m.exchange])


def test_a_fact_is_not_taken_for_its_answer(context: Context, bus: EmbeddedBus) -> None:
    """A fact whose answer goes to an address that is called like the fact stays when it is refused, and the answer is parked."""
    answer(context, DONE)
    Relay(context, bus, Stop()).publish_batch(Alike())
    assert [m["exchange"] for m in published(context)] == [EVENTS]
    assert [(p.slug, p.exchange) for p in rows(context)] == [("unroutable", "")]


def test_namesakes_are_both_parked(context: Context, bus: EmbeddedBus) -> None:
    """Of a request and its answer that share id and routing key, and find no queue, both are parked."""
    answer(context, DONE, REQUESTS)
    Relay(context, bus, Stop()).publish_batch(bus.publisher())
    assert sorted(p.exchange for p in rows(context)) == ["", REQUESTS]


def test_what_is_refused_waits_and_the_rest_goes_on(context: Context, bus: EmbeddedBus) -> None:
    """Facts that a full queue refuses stay, and are published when there is room; the others leave at once, once."""
    relay, full, free = Relay(context, bus, Stop()), Picky(full=DONE), Recorder()
    refused = emit(context, 2)
    with context.work() as work:
        others = [work.emit(MOVED, subject="b", data={}) for _ in range(3)]
    relay.publish_batch(full)
    assert (full.ids, [m["id"] for m in published(context)]) == (others, refused)
    assert "full" in relay.trouble
    drain(relay, free)
    assert (sorted(free.ids), published(context), relay.trouble) == (sorted(refused), [], "")


def test_one_finds_out_whether_there_is_room(context: Context, bus: EmbeddedBus) -> None:
    """Of the facts that a full queue refused the oldest is tried again soon; when it gets through, all others are due at once."""
    relay, full, free = Relay(context, bus, Stop()), Picky(full=DONE), Recorder()
    refused = emit(context, 4)
    relay.publish_batch(full)
    with context.work() as work:
        work.connection.execute(sa.text("update chassis.outbox set due_at = due_at + interval '1 hour' where attempts > 0"))
        work.connection.execute(sa.text("update chassis.outbox set due_at = now() where id = (select min(id) from chassis.outbox)"))
    assert [relay.publish_batch(free) for _ in range(2)] == [1, len(refused) - 1]


def test_an_answer_refused_again_and_again_is_parked(context: Context, bus: EmbeddedBus) -> None:
    """An answer for which its sender's queue never has room is parked after the last try; the fact that it tells of left once."""
    relay, full = Relay(context, bus, Stop()), Picky(full="his")
    answer(context, "his")
    drain(relay, full)
    assert (len(full.ids), published(context), relay.trouble) == (1, [], "")
    assert [p["slug"] for p in parked(context)] == ["refused"]


def test_an_answer_over_which_the_broker_hangs_up_is_parked(context: Context, bus: EmbeddedBus) -> None:
    """An address that makes the broker end the connection stops nobody: alone in hand it is parked, and everything else leaves once."""
    relay, cross = Relay(context, bus, Stop()), Picky(wrong="amq.forged")
    before = emit(context, 3)
    answer(context, "amq.forged")
    after = emit(context, 3)
    drain(relay, cross)
    assert [id_ for id_ in cross.ids if id_ in {*before, *after}] == [*before, *after]
    assert (len(cross.ids), published(context)) == (7, [])
    assert [p["slug"] for p in parked(context)] == ["objected-to"]


def test_a_fact_over_which_the_broker_hangs_up_stays(context: Context, bus: EmbeddedBus) -> None:
    """A fact is never given up: when the broker ends the connection over it, it stays until the broker takes it."""
    ids, relay = emit(context, 2), Relay(context, bus, Stop())
    drain(relay, Picky(wrong=DONE), rounds=10)
    assert [m["id"] for m in published(context)] == ids
    drain(relay, again := Recorder())
    assert again.ids == ids


def test_a_replayed_answer_is_the_same(context: Context, bus: EmbeddedBus) -> None:
    """An answer whose queue was gone comes back from parking with its address and the sender's own correlation."""
    answer(context, "gone")
    Relay(context, bus, Stop()).publish_batch(bus.publisher())
    list(replay(context, chosen(context, fingerprint="unroutable"), actor="operator"))
    with context.work() as work:
        again = work.connection.execute(sa.text("select routing_key, correlation_id from chassis.outbox")).all()
    assert again == [("gone", "corr-7")]


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


def test_listens_again_whatever_happened(context: Context) -> None:
    """A listener goes on after what nobody thought of, too: no memory left for a connection, or no file with its password."""
    stop, rings, url, troubles = Stop(), [], context.database.url, [MemoryError(), FileNotFoundError()]

    def present() -> str:
        if troubles:
            raise troubles.pop()
        return url

    context.database = Database(present)
    with in_background(Listener(context, lambda: rings.append(1), stop).run, stop):  # type: ignore[arg-type]
        eventually(lambda: not troubles)
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


def test_publishes_batch_after_batch_while_it_stops(context: Context, bus: EmbeddedBus, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many batches that takes: they end at a number of messages, or at a number of bytes."""
    monkeypatch.setattr("services.chassis.relay.BATCH", 10)
    stop = Stop()
    relay = Relay(context, bus, stop)
    emit(context, 35)
    stop.set()
    relay._session(Pauses(stop))  # noqa: SLF001 - what a session does at the stop, and nothing before
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


class SlowLine(Recorder):
    """A line that carries ten thousand bytes in a second of a clock of its own; `lasted` says how long each batch was on its way."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.lasted = 0.0, list[float]()

    def publish(self, messages: Sequence[Outgoing]) -> Sequence[Outgoing]:
        """Carry them all."""
        self.lasted.append(sum(len(message.body) for message in messages) / 10_000)
        self.now += self.lasted[-1]
        return super().publish(messages)


def test_a_slow_line_commits_every_few_seconds(context: Context, bus: EmbeddedBus, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over a slow line each transaction takes what leaves within seconds, and all leaves once, in order."""
    relay, line = Relay(context, bus, Stop()), SlowLine()
    monkeypatch.setattr(pace, "monotonic", lambda: line.now)
    ids = emit(context, 500)
    while relay.publish_batch(line):
        pass
    assert (line.ids, published(context)) == (ids, [])
    assert max(line.lasted) < 4 * BYTES.good_s


def test_a_fast_line_takes_all_at_once(context: Context, bus: EmbeddedBus) -> None:
    """On a fast line batches grow, within a few, to the largest number of messages."""
    emit(context, 5_000)
    relay, line = Relay(context, bus, Stop()), Recorder()
    assert max(relay.publish_batch(line) for _ in range(10)) == BATCH


def test_what_did_not_fit_follows_at_once(context: Context, bus: EmbeddedBus, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relay that has not taken all that was there waits for nothing before it takes the rest."""
    monkeypatch.setattr("services.chassis.relay.POLL_S", 3600.0)
    emit(context, 500)
    stop = Stop()
    with in_background(Relay(context, bus, stop).run, stop):
        eventually(lambda: published(context) == [])
