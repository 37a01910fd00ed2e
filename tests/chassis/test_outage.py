"""What happens when something is away that all handlers need, and what must not be taken for it."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import pytest
import sqlalchemy as sa
from prometheus_client import REGISTRY

from services.chassis import deferred
from services.chassis.auditor import Auditor
from services.chassis.bus import Delivery
from services.chassis.bus.embedded import EmbeddedBus
from services.chassis.consumer import Consumer
from services.chassis.intake import Intake
from services.chassis.lifecycle import Stop
from services.chassis.outage import IN_A_ROW, SlowedDown
from services.chassis.reading import Incoming
from services.chassis.runtime import Running
from services.chassis.service import Context
from services.chassis.sweeper import Sweeper
from services.chassis.testing import deliver_raw, event, parked
from tests.chassis import tiny
from tests.chassis.tiny import DONE, SERVICE, Thing, Trouble, effects

FACTS, _ = SERVICE.listens
TRIES_AT_MOST = 400


def facts(numbers: Iterable[int], trouble: str = "", *, redelivered: bool = False) -> list[Delivery]:
    """The first fact of so many aggregates."""
    bodies = {n: event(DONE, {"number": n, "trouble": trouble}, subject=f"s{n}", sequence=1, id=f"s{n}") for n in numbers}
    return [Delivery(body, n, FACTS.exchange, redelivered=redelivered) for n, body in bodies.items()]


def settle(intake: Intake, deliveries: Sequence[Delivery]) -> int:
    """What a consumer does, without its pauses; returns how many there would have been."""
    for pauses in range(TRIES_AT_MOST):
        with suppress(SlowedDown):
            intake.settle(deliveries)
            return pauses
    pytest.fail("the queue stands still")


def sweep(intake: Intake, rounds: int) -> None:
    """Come back so often to what was deferred, all of which is due."""
    sweeper = Sweeper(intake, Stop())
    for _ in range(rounds):
        rows(intake.context, "update chassis.deferred set due_at = least(due_at, clock_timestamp()) where kind = 'retry' returning id")
        with suppress(SlowedDown):
            sweeper.sweep()


def rows(context: Context, query: str) -> list[tuple[object, ...]]:
    """What the database holds."""
    with context.work() as work:
        return [tuple(row) for row in work.connection.execute(sa.text(query))]


def attempts(context: Context) -> Counter[object]:
    """How many of those that are to be retried have so many attempts behind them."""
    return Counter(n for (n,) in rows(context, "select attempts from chassis.deferred where kind = 'retry'"))


@pytest.fixture
def heal(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From then on every message can be handled."""
    return lambda: monkeypatch.setattr(tiny, "stumble", lambda _thing: None)


def test_an_outage_parks_nobody(context: Context, heal: Callable[[], None]) -> None:
    """While all messages fail, none is parked, however often it is tried; when one succeeds, all are handled."""
    intake = Intake(context, FACTS)
    settle(intake, facts(range(2 * IN_A_ROW), "defect"))
    sweep(intake, rounds=5 * IN_A_ROW)
    assert (parked(context), attempts(context)) == ([], {1: 2 * IN_A_ROW})
    heal()
    sweep(intake, rounds=2 * IN_A_ROW)
    assert len(effects(context)) == 2 * IN_A_ROW
    assert not intake.outage.lasts


def test_an_outage_parks_none_of_a_few_that_several_processes_try(context: Context, heal: Callable[[], None]) -> None:
    """Seven messages fail in two processes, in each too few for an outage and oftener than they have attempts: none is parked."""
    replicas = [Intake(context, FACTS), Intake(context, FACTS)]
    settle(replicas[0], facts(range(4), "defect"))
    settle(replicas[1], facts(range(4, 7), "defect"))
    for _ in range(context.settings.retry_attempts):
        for intake in replicas:
            sweep(intake, rounds=7)
    assert (parked(context), attempts(context)) == ([], {1: 7})
    assert not any(intake.outage.lasts for intake in replicas)
    heal()
    sweep(replicas[0], rounds=7)
    assert len(effects(context)) == 7


def test_what_is_let_by_is_no_success(context: Context) -> None:
    """That facts pass on which nobody acts says nothing of what the handlers need: what fails meanwhile is not to blame."""
    intake = Intake(context, FACTS)
    settle(intake, facts([1], "defect"))
    for sequence in range(1, 2 * context.settings.retry_attempts):
        unknown = event("other.thing.painted.v1", {}, subject="painted", sequence=sequence, id=f"painted-{sequence}")
        settle(intake, [Delivery(unknown, 1, FACTS.exchange)])
        sweep(intake, rounds=1)
    assert attempts(context) == {1: 1}


def test_what_another_process_spared_is_due_at_once(context_of: Callable[..., Context], heal: Callable[[], None]) -> None:
    """A success hastens what failed in vain in another process too, but no message whose last failure was an attempt of its own."""
    context = context_of(SERVICE, retry_base_s=600)
    one, other = Intake(context, FACTS), Intake(context, FACTS)
    settle(one, facts([1], "defect"))
    sweep(one, rounds=1)
    settle(other, facts([2], "defect"))
    heal()
    settle(other, facts([3]))
    assert rows(context, "select message_id from chassis.deferred where due_at <= clock_timestamp()") == [("s1",)]


def test_one_message_is_tried_between_two_pauses(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """A queue that is slowed down tries one message after each pause, another each time, and none of them twice."""
    tried: Counter[int] = Counter()

    def fail(thing: Thing) -> None:
        tried[thing.number] += 1
        raise Trouble

    monkeypatch.setattr(tiny, "stumble", fail)
    intake = Intake(context, FACTS)
    assert settle(intake, facts(range(2 * IN_A_ROW))) == IN_A_ROW + 1  # the one that makes it an outage pauses too
    assert ({tried[n] for n in range(IN_A_ROW, 2 * IN_A_ROW)}, intake.forgotten) == ({1}, 0)


def test_what_failed_meanwhile_is_due_at_once(context_of: Callable[..., Context], heal: Callable[[], None]) -> None:
    """The first success makes all retries due that failed while it lasted, however long they were to wait."""
    context = context_of(SERVICE, retry_base_s=600)
    intake = Intake(context, FACTS)
    settle(intake, facts(range(IN_A_ROW), "later"))
    heal()
    settle(intake, facts([IN_A_ROW]))
    while Sweeper(intake, Stop()).sweep():
        pass
    assert len(effects(context)) == IN_A_ROW + 1


def test_what_somebody_has_in_hand_stays_his(context: Context, heal: Callable[[], None]) -> None:
    """A retry that another process has in hand when the outage ends is not claimed a second time: its attempt would count twice."""
    intake = Intake(context, FACTS)
    settle(intake, facts(range(IN_A_ROW), "defect"))
    rows(context, "update chassis.deferred set due_at = clock_timestamp() where kind = 'retry' returning id")
    with context.work() as another:
        [claimed] = deferred.claim_retry(another, intake.consumer)
    heal()
    settle(intake, facts([IN_A_ROW]))
    while Sweeper(intake, Stop()).sweep():
        pass
    assert rows(context, "select id, attempts from chassis.deferred") == [(claimed.row, claimed.attempts)]


def test_a_row_of_bad_messages_hides_no_good_one(context: Context) -> None:
    """However many messages fail in a row, those behind them come to their turn, and the first that succeeds ends the slowness."""
    intake = Intake(context, FACTS)
    deliveries = [*facts(range(2 * IN_A_ROW), "defect"), *facts(range(100, 110))]
    assert settle(intake, deliveries) <= 2 * IN_A_ROW
    assert len(effects(context)) == len(deliveries) - 2 * IN_A_ROW
    settle(intake, facts(range(200, 300)))
    assert len(effects(context)) == 110


def test_what_fails_among_others_is_parked(context: Context) -> None:
    """Messages that fail again while others succeed are parked when their attempts are used up, and are not taken for an outage."""
    intake = Intake(context, FACTS)
    mixed = [d for n in range(3 * IN_A_ROW) for d in (*facts([n], "defect"), *facts([1_000 + n]))]
    assert settle(intake, mixed) == 0
    for n in range(2):
        settle(intake, facts([2_000 + n]))
        sweep(intake, rounds=3 * IN_A_ROW)
    assert len(parked(context)) == 3 * IN_A_ROW
    assert not intake.outage.lasts


def test_bad_messages_that_began_in_a_row_are_parked_at_last(context: Context) -> None:
    """What passed for an outage at first is parked all the same when now and then a message succeeds."""
    intake = Intake(context, FACTS)
    settle(intake, facts(range(3 * IN_A_ROW), "defect"))
    for n in range(8):
        settle(intake, facts([1_000 + n]))
        sweep(intake, rounds=3 * IN_A_ROW)
    assert len(parked(context)) == 3 * IN_A_ROW


def test_what_is_parked_at_once_is_no_outage(context: Context) -> None:
    """Messages that nobody can read say nothing about the handlers."""
    intake = deliver_raw(context, FACTS, [b"nonsense %d" % n for n in range(2 * IN_A_ROW)])
    assert len(parked(context)) == 2 * IN_A_ROW
    assert not intake.outage.lasts


def test_what_is_tried_in_an_outage_is_not_suspected(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """Redelivered messages that wait for the end of an outage are not taken for killers when the process is stopped meanwhile."""
    monkeypatch.setattr(tiny, "stumble", trouble)
    with pytest.raises(SlowedDown):
        Intake(context, FACTS).settle(facts(range(2 * IN_A_ROW), redelivered=True))
    assert rows(context, "select * from chassis.attempt") == []


def trouble(_thing: Thing) -> None:
    """Fail."""
    raise Trouble


def test_the_pauses_grow_from_batch_to_batch(context: Context, bus: EmbeddedBus, monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages that come one at a time during an outage are tried ever more slowly."""
    monkeypatch.setattr(tiny, "stumble", trouble)
    stop = Patient()
    consumer = Consumer(Intake(context, FACTS), bus, stop)
    for n in range(IN_A_ROW + 7):
        assert consumer._settled(facts([n]))  # noqa: SLF001 - the part of its loop that pauses
    assert len(stop.waits) == 8
    assert stop.waits[-1] > 10 * stop.waits[0]


class Patient(Stop):
    """Never set; it notes how long it was to wait, and no time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def wait(self, seconds: float) -> bool:
        """See `Stop.wait`."""
        self.waits.append(seconds)
        return False


def test_it_shows(context: Context, bus: EmbeddedBus) -> None:
    """Health, a metric and what the consumer logs say that a queue is slowed down, with the kind of error and nothing of what it said."""
    running = Running(context, bus)
    consumer, (intake, _) = running.consumers[0], running.intakes
    consumer.trouble = ""
    for n in range(IN_A_ROW):
        intake.outage.failed(Incoming(facts([n])[0], id=str(n)), Trouble("Karla"))
    Auditor(context, running.intakes).run(context)
    assert running.outages()["handling tiny.facts"] == f"Slowed down: {IN_A_ROW} tries in a row failed, the last with Trouble."
    assert slowed_down("tiny.facts") == 1
    assert slowed_down("tiny.requests") == 0
    intake.outage.succeeded()
    Auditor(context, running.intakes).run(context)
    assert (running.outages()["handling tiny.facts"], slowed_down("tiny.facts")) == ("", 0)


def slowed_down(queue: str) -> float | None:
    """The metric."""
    return REGISTRY.get_sample_value("deltag_queue_slowed_down", {"service": "tiny", "queue": queue})
