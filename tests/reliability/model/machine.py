"""The state machine: what anybody may do at any time, and what must have come of it in the end."""

import sys
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.chassis import parked as parking
from services.chassis.envelope import Outgoing
from services.chassis.relay import OUTBOX
from services.chassis.replay import refresh
from services.chassis.service import EVENTS, REQUESTS
from services.chassis.storage import UnitOfWork, aggregate_key
from services.chassis.testing import event
from tests.chassis.tiny import ASKED, DONE, ECHO, MOVED
from tests.reliability.model.faults import Fault, Kind, Place
from tests.reliability.model.patients import ALWAYS, Ailment, ailment_of
from tests.reliability.model.process import Process
from tests.reliability.model.reference import Effect, Fact, Reference
from tests.reliability.model.scene import AUDIENCE, FACTS, REQUESTED, SAME, STEPS, Scene, Theatre
from tests.reliability.model.wire import Treatment

UNHEARD_OF = "other.thing.painted.v1"
FROM_THE_FUTURE = "other.thing.done.v9"
NOBODYS = "nobody.listens.here.v1"
NOISE = [(exchange, f"{exchange} makes noise {n}") for exchange in (EVENTS, REQUESTS) for n in range(3)]
WELL = "well"
ATTEMPTS = 3
"""How often the tiny service tries a message; whatever is parked must have given at least so many reasons."""


def tell_again(work: UnitOfWork) -> None:
    """The tiny service's refresh: an aggregate's present state is how many facts it has seen, and may be as hard to handle as a fact."""
    rows = work.connection.execute(sa.text("select key, last from chassis.aggregate_sequence order by key")).all()
    prefix = aggregate_key(DONE, "")
    for key, last in rows:
        if key.startswith(prefix):
            work.snapshot(DONE, subject=key.removeprefix(prefix), data={"number": last, "trouble": work.resources.present})


class Regret(Exception):
    """A unit of work that thinks better of it."""


@dataclass(frozen=True)
class Telling:
    """A fact to be told."""

    subject: str
    type: str
    ailment: Ailment
    times: int


processes = st.integers(0, 1)
subjects = st.sampled_from("abc")
queues = st.sampled_from([FACTS, REQUESTED])
ailments = st.sampled_from([Ailment.NONE] * 6 + [ailment for ailment in Ailment if ailment])
times = st.sampled_from([1, 2, ALWAYS])
types = st.sampled_from([DONE] * 4 + [MOVED] * 3 + [UNHEARD_OF, FROM_THE_FUTURE])
tellings = st.lists(st.builds(Telling, subjects, types, ailments, times), min_size=1, max_size=4)
treatments = st.lists(st.sampled_from(Treatment), max_size=4)
moments = st.integers(0, 7) | st.integers(0, 24)
faults = st.none() | st.builds(Fault, st.sampled_from(Kind), moments, st.sampled_from([SAME, *sorted(STEPS)]))
rivals = st.builds(Fault, st.just(Kind.MEANWHILE), st.integers(0, 4), st.just(SAME))
"""Two replicas that have the same messages in hand, as they do when a broker has taken them back from one."""
rivalries = faults | rivals
outages = faults | st.builds(Fault, st.just(Kind.DATABASE), st.integers(0, 7))


class Delivery(RuleBasedStateMachine):
    """One run; the theatre is shared by all runs."""

    def __init__(self, theatre: Theatre) -> None:
        super().__init__()
        self.theatre = theatre
        self.reference = Reference()
        self.sent: list[Outgoing] = []
        self.open: tuple[UnitOfWork, list[tuple[str, Fact]]] | None = None

    @initialize(batch_size=st.sampled_from([1, 2, 3, 500]))
    def begin(self, batch_size: int) -> None:
        """An empty scene; how many messages make a batch is a matter of chance."""
        self.scene = Scene(self.theatre, batch_size)

    @rule(number=processes, tellings=tellings, commits=st.sampled_from([True, True, True, False]), fault=faults)
    def tell(self, number: int, tellings: Sequence[Telling], commits: bool, fault: Fault | None) -> None:  # noqa: FBT001
        """Facts of one unit of work, which commits or not, and may lose its database or its process on the way."""
        told: list[tuple[str, Fact]] = []

        def work(process: Process) -> None:
            with process.context.work() as work:
                told.extend(self._emitted(work, tellings))
                if not commits:
                    raise Regret

        def work_or_not(process: Process) -> None:
            try:
                work(process)
            except Regret:
                told.clear()

        ended = self.scene.attempt(number, work_or_not, fault)
        if ended or self.scene.nemesis.struck is Place.COMMITTED:
            self._committed(told)

    @precondition(lambda self: self.open is None)
    @rule(tellings=tellings)
    def tell_slowly(self, tellings: Sequence[Telling]) -> None:
        """A unit of work that has its numbers and its place in the outbox, and is not committed yet."""
        work = self.scene.context.work().__enter__()
        told = self._emitted(work, tellings)
        work.flush()
        self.open = (work, told)

    @precondition(lambda self: self.open is not None)
    @rule(commits=st.booleans())
    def think_again(self, commits: bool) -> None:  # noqa: FBT001
        """It is committed at last, or not."""
        assert self.open
        work, told = self.open
        self.open = None
        if commits:
            work.__exit__(None, None, None)
            self._committed(told)
        else:
            work.__exit__(Regret, Regret(), None)

    @rule(number=processes, treatment=treatments, fault=faults)
    def relay(self, number: int, treatment: Sequence[Treatment], fault: Fault | None) -> None:
        """A relay publishes, over a bus that treats messages as it likes."""
        self.scene.wire.treatments = treatment
        self.scene.attempt(number, Process.relay, fault)

    @rule(number=processes, queue=queues, fault=rivalries)
    def consume(self, number: int, queue: str, fault: Fault | None) -> None:
        """A consumer takes a batch, settles it, acknowledges it."""
        self.scene.attempt(number, lambda process: process.consume(queue), fault)

    @rule(number=processes, tellings=tellings, fault=rivals)
    def share(self, number: int, tellings: Sequence[Telling], fault: Fault) -> None:
        """Facts are told and arrive, and two replicas have them in hand: left to chance, these three would seldom follow one another."""
        self.tell(number, tellings, commits=True, fault=None)
        self.relay(number, (), None)
        self.consume(number, FACTS, fault)

    @rule(number=processes, queue=queues, fault=faults)
    def sweep(self, number: int, queue: str, fault: Fault | None) -> None:
        """A sweeper comes back to what was deferred."""
        self.scene.attempt(number, lambda process: process.sweep(queue), fault)

    @rule(number=processes, work=st.lists(st.sampled_from(sorted(STEPS)), min_size=2, max_size=6), treatment=treatments)
    def work(self, number: int, work: Sequence[str], treatment: Sequence[Treatment]) -> None:
        """A process goes on for a while, and nothing goes wrong."""
        self.scene.wire.treatments = treatment
        for step in work:
            self.scene.attempt(number, STEPS[step])

    @rule(seconds=st.sampled_from([1, 61, 3_600]))
    def pass_time(self, seconds: int) -> None:
        """Retries fall due, leases end, and what the bus held back arrives."""
        self.scene.pass_time(seconds)
        self.scene.release()

    @rule(who=st.integers(0, 3), ailment=ailments, times=times, treatment=treatments)
    def ask(self, who: int, ailment: Ailment, times: int, treatment: Sequence[Treatment]) -> None:
        """Another system asks, sometimes under an id that it has used for something else."""
        trouble = self.theatre.patients.admit(ailment, times)
        id_, number, reply = f"request-{who}", len(self.sent), who % 2 == 0
        self._ask(id_, number, trouble, treatment, reply=reply)

    @precondition(lambda self: self.sent)
    @rule(which=st.integers(0, 9), treatment=treatments)
    def ask_again(self, which: int, treatment: Sequence[Treatment]) -> None:
        """Another system repeats itself word for word."""
        self._publish(self.sent[which % len(self.sent)], treatment)

    @rule(noise=st.sampled_from(NOISE))
    def be_a_nuisance(self, noise: tuple[str, str]) -> None:
        """Something that nobody can read, and a message that no queue wants."""
        exchange, text = noise
        self.reference.noise.add(text)
        self._publish(Outgoing(text, exchange, DONE if exchange == EVENTS else ASKED, text.encode()), ())
        with self.scene.context.work() as work:
            self.reference.unroutable.add(work.emit(NOBODYS, subject="x", data={}, exchange=REQUESTS))

    @rule(number=processes, ailment=ailments, times=times, fault=faults)
    def refresh(self, number: int, ailment: Ailment, times: int, fault: Fault | None) -> None:
        """The present state of every aggregate is told again."""
        self.reference.refreshed |= set("abc")
        self.theatre.patients.present = self.theatre.patients.admit(ailment, times)
        self.scene.attempt(number, lambda process: refresh(process.context), fault)

    @rule(which=st.integers(0, 9), gives_up=st.booleans(), mends=st.booleans(), fault=faults)
    def operate(self, which: int, gives_up: bool, mends: bool, fault: Fault | None) -> None:  # noqa: FBT001
        """An operator mends what made messages fail, or not; then he gives a parked one up, or sends it through again."""
        if mends:
            self.theatre.patients.heal()
        rows = self._parked()
        if ids := [rows[which % len(rows)].id] if rows else []:
            (self._give_up if gives_up else self._replay)(ids, fault)

    @rule(number=processes, turns=st.sampled_from([0, 1, 1, 2, 3]), fault=outages)
    def restart(self, number: int, turns: int, fault: Fault | None) -> None:
        """SIGTERM in the middle of work, during which something may go wrong: a process stops in order, and another begins."""
        self.scene.restart(number, turns, fault)

    @invariant()
    def nothing_vanished(self) -> None:
        """Between two steps the auditor finds nothing missing, in no process."""
        self.scene.assert_conserved()

    def teardown(self) -> None:
        """Everything comes to rest, is compared, is mended, and is compared again."""
        try:
            if sys.exception() is None:  # a run that failed has nothing to add
                self._finish()
        finally:
            if self.open:
                self.think_again(commits=False)
            self.scene.end()

    def _finish(self) -> None:
        if self.open:
            self.think_again(commits=True)
        self.scene.drain(self._somebody_well)
        self._check_that_only_the_parked_are_waited_for()
        self._mend_everything()
        self._check_effects()
        self._check_parked()
        self._check_what_was_heard()
        self.scene.assert_conserved()

    def _emitted(self, work: UnitOfWork, tellings: Sequence[Telling]) -> list[tuple[str, Fact]]:
        """Emit what does not wait for the slow unit of work; each carries the number that it must get."""
        busy = {subject for subject, _ in self.open[1]} if self.open else set()
        numbers = Counter({subject: len(facts) for subject, facts in self.reference.facts.items()})
        told = []
        for telling in tellings:
            if telling.subject not in busy:
                numbers[telling.subject] += 1
                told.append((telling.subject, self._emit(work, telling, numbers[telling.subject])))
        return told

    def _emit(self, work: UnitOfWork, telling: Telling, number: int) -> Fact:
        acts = telling.type != UNHEARD_OF
        trouble = self.theatre.patients.admit(telling.ailment, telling.times) if acts else ""
        id_ = work.emit(telling.type, subject=telling.subject, data={"number": number, "trouble": trouble})
        return Fact(id_, trouble, acts=acts, readable=telling.type != FROM_THE_FUTURE)

    def _committed(self, told: Sequence[tuple[str, Fact]]) -> None:
        for subject, fact in told:
            self.reference.tell(subject, fact)

    def _ask(self, id_: str, number: int, trouble: str, treatment: Sequence[Treatment], *, reply: bool) -> None:
        body = event(ASKED, {"number": number, "trouble": trouble}, id=id_, subject=id_)
        self.reference.ask(id_, number, trouble, reply=reply)
        self.sent.append(Outgoing(id_, REQUESTS, ASKED, body, reply_to=AUDIENCE if reply else None))
        self._publish(self.sent[-1], treatment)

    def _somebody_well(self) -> None:
        """A fact and a request that nothing ails, of an aggregate and under an id of their own."""
        with self.scene.context.work() as work:
            told = self._emitted(work, [Telling(WELL, DONE, Ailment.NONE, 1)])
        self._committed(told)
        self._ask(f"{WELL}-{len(self.sent)}", len(self.sent), "", (), reply=False)

    def _publish(self, message: Outgoing, treatment: Sequence[Treatment]) -> None:
        self.scene.wire.treatments = treatment
        publisher = self.scene.bus.publisher()
        assert not self.scene.wire.publish(publisher, [message])
        publisher.close()

    def _replay(self, ids: Sequence[int], fault: Fault | None = None) -> None:
        self.scene.attempt(0, lambda process: list(parking.replay(process.context, ids, actor="kim")), fault)

    def _give_up(self, ids: Sequence[int], fault: Fault | None = None) -> None:
        self.reference.given_up |= {name_of(row) for row in self._parked() if row.id in ids}
        self.scene.attempt(0, lambda process: list(parking.discard(process.context, ids, actor="kim", reason="wrong")), fault)

    def _mend_everything(self) -> None:
        """The operators' work: mend, replay all, and give up what no version of this service can read."""
        self.theatre.patients.heal()
        self._replay_everything()
        while unreadable := [row.id for row in self._parked() if row.slug == "unknown-type"]:
            self._give_up(unreadable)
            self._replay_everything()

    def _replay_everything(self) -> None:
        self._replay([row.id for row in self._parked()])
        self.scene.drain(self._somebody_well)

    def _parked(self) -> Sequence[parking.Parked]:
        return parking.rows(self.scene.context, limit=10_000)

    def _check_that_only_the_parked_are_waited_for(self) -> None:
        heads = {(row.key, row.sequence) for row in self._parked()}
        unexplained = [(row.slug, row.message_id, row.reason) for row in self._parked() if not self._explained(row)]
        positions = self._positions()
        held_up = [
            (subject, positions[subject])
            for subject, facts in self.reference.facts.items()
            if positions[subject] < len(facts) and (aggregate_key(DONE, subject), positions[subject] + 1) not in heads
        ]
        assert (unexplained, held_up) == ([], []), (unexplained, held_up)

    def _explained(self, row: parking.Parked) -> bool:
        """Whether a message gave reason to park it."""
        match row.consumer, row.slug:
            case (consumer, _) if consumer == OUTBOX:
                return row.message_id in self.reference.unroutable
            case _, "not-a-cloudevent":
                return row.body.decode() in self.reference.noise
            case _, "unknown-type":
                fact = self.reference.fact(row.message_id)
                return fact is not None and not fact.readable
            case _, "same-id-other-content":
                return len(self.reference.requests[row.message_id]) > 1
            case _, "ended-the-process":
                return self.scene.deaths[row.message_id] > 0 and self._tried(row) >= ATTEMPTS
        return self._failed(row) > 0 and (self._contradicts(row) or self._tried(row) >= ATTEMPTS)

    def _tried(self, row: parking.Parked) -> int:
        """How often it failed, or a process ended with it in hand."""
        return self._failed(row) + self.scene.deaths[row.message_id]

    def _failed(self, row: parking.Parked) -> int:
        return sum(self.theatre.patients.failed[trouble] for trouble in self._troubles(row))

    def _contradicts(self, row: parking.Parked) -> bool:
        return any(ailment_of(trouble) is Ailment.CONTRADICTS for trouble in self._troubles(row))

    def _troubles(self, row: parking.Parked) -> Collection[str]:
        return self.reference.troubles[row.message_id] or {trouble_of(row.body)}

    def _positions(self) -> Mapping[str, int]:
        prefix = aggregate_key(DONE, "")
        rows = self.scene.rows("select key, last from chassis.position where consumer = 'tiny.facts'")
        return Counter({row.key.removeprefix(prefix): row.last for row in rows})

    def _check_effects(self) -> None:
        effects: dict[str, list[Effect]] = defaultdict(list)
        for row in self.scene.rows("select subject, number, message from effect order by id"):
            effects[row.subject].append((row.number, row.message))
        wrong = [text for id_ in self.reference.requests for text in self.reference.wrong_requests(id_, effects.pop(id_, []))]
        wrong += [text for s in {*effects, *self.reference.facts} for text in self.reference.wrong_facts(s, effects.get(s, []))]
        reached = {s: n for s, n in self._positions().items() if n}
        assert (wrong, reached) == ([], {s: len(facts) for s, facts in self.reference.facts.items()})

    def _check_parked(self) -> None:
        """Parked is what must be, each once: noise, what no queue wants, and requests whose id was taken by another."""
        found = Counter(name_of(row) for row in self._parked())
        acted = {f"{row.subject} {row.number}" for row in self.scene.rows("select subject, number from effect")}
        asked = {f"{id_} {number}" for id_, numbers in self.reference.requests.items() for number in numbers}
        expected = (self.reference.noise | self.reference.unroutable | (asked - acted)) - self.reference.given_up
        assert Counter({name: n for name, n in found.items() if name not in self.reference.given_up}) == Counter(expected)

    def _check_what_was_heard(self) -> None:
        """Every effect was told to the world, once, in its order, and to whoever asked for an answer."""
        heard = [(delivery.exchange, msgspec.json.decode(delivery.body)) for delivery in self.scene.heard()]
        echoes = {message["id"]: message for _, message in heard if message["type"] == ECHO}
        causes = Counter(message["causationid"] for message in echoes.values())
        assert causes == Counter(row.message for row in self.scene.rows("select message from effect"))
        assert self.reference.replies & set(causes) <= {m["causationid"] for exchange, m in heard if not exchange}
        sequences: dict[str, list[int]] = defaultdict(list)
        for message in echoes.values():
            sequences[message["subject"]].append(int(message["sequence"]))
        assert all(sorted(numbers) == list(range(1, len(numbers) + 1)) for numbers in sequences.values())


def name_of(row: parking.Parked) -> str:
    """What the reference knows a parked message by."""
    if row.slug == "not-a-cloudevent":
        return row.body.decode()
    if row.consumer == REQUESTED:
        return f"{row.message_id} {number_of(row.body)}"
    return row.message_id


def number_of(body: bytes) -> Any:
    """The number that a message carries."""
    return msgspec.json.decode(body)["data"]["number"]


def trouble_of(body: bytes) -> str:
    """What ails a message."""
    return str(msgspec.json.decode(body)["data"]["trouble"])
