"""The one oracle of every run: it counts, prints what it counted, and fails when a promise was broken.

The words are Jepsen's. *Attempted* is what was sent, *acknowledged* what its receiver confirmed, *handled* what had its
effect. *Lost* was acknowledged and had none, *unexpected* had one and was never sent. Messages that were *sent again* and
facts that were *repeated* on the wire are no fault, nor are those that a receiver was given again after it had dealt with
them (*taken again*; what the sender sent again is not counted); a *double effect* is. *Ghosts* are facts without what they
tell of, *zombies* what no fact ever told of.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import sqlalchemy as sa

from services.chassis.auditor import Auditor
from services.chassis.bus import matches
from services.chassis.database import Database
from services.chassis.intake import Intake
from services.chassis.service import Context, Listen
from tests.reliability.load import Ledger
from tests.reliability.patience import RECOVERED_WITHIN_S
from tests.reliability.witness import Passed, by_place, repeated

ENROLMENT = "registration.enrolment/"

MUST_BE_NOTHING = (
    "lost",
    "unexpected",
    "double_effects",
    "out_of_order",
    "ghosts",
    "zombies",
    "difference",
    "outbox",
    "queued",
    "deferred",
)


@dataclass(kw_only=True)
class Figures:
    """What one run looked like from outside. `seconds` is how long it took to recover, where that was measured."""

    attempted: int = 0
    acknowledged: int = 0
    handled: int = 0
    sent_again: int = 0
    repeated: int = 0
    taken_again: int = 0
    lost: int = 0
    unexpected: int = 0
    double_effects: int = 0
    out_of_order: int = 0
    ghosts: int = 0
    zombies: int = 0
    difference: int = 0
    outbox: int = 0
    queued: int = 0
    deferred: int = 0
    parked: int = 0
    seconds: float | None = None

    def judge(self, scenario: str, *, parked: int = 0, within: float = RECOVERED_WITHIN_S) -> None:
        """Print the figures; fail when a promise was broken, or when other messages are parked than were to be."""
        print(self.told(scenario))  # noqa: T201 - the figures are what a run is for
        broken = {name: getattr(self, name) for name in MUST_BE_NOTHING if getattr(self, name)}
        assert not broken, self.told(scenario)
        assert self.parked == parked, self.told(scenario)
        assert (self.seconds or 0) <= within, self.told(scenario)

    def told(self, scenario: str) -> str:
        """One line for a person."""
        counted = [f"{f.name.replace('_', ' ')} {getattr(self, f.name)}" for f in fields(self) if f.name != "seconds"]
        recovered = [] if self.seconds is None else [f"recovered in {self.seconds:.1f} s"]
        return f"{scenario}: {', '.join(counted + recovered)}"


def rows(where: Context | Database, query: str, **values: Any) -> Sequence[Any]:
    """What a database holds."""
    database = where if isinstance(where, Database) else where.database
    with database.engine.connect() as connection:
        return connection.execute(sa.text(query), values).all()


def number(context: Context, query: str, **values: Any) -> int:
    """One number from a service's database."""
    return int(rows(context, query, **values)[0][0])


def sequences(context: Context) -> dict[str, int]:
    """How many facts each aggregate of a service has told."""
    return {row.key: row.last for row in rows(context, "select key, last from chassis.aggregate_sequence")}


def positions(context: Context, listen: Listen) -> dict[str, int]:
    """How far a receiver has come with each aggregate."""
    return {row.key: row.last for row in rows(context, "select key, last from chassis.position where consumer = :c", c=listen.queue)}


def outbox(*contexts: Context) -> int:
    """What was committed and not yet published."""
    return sum(number(context, "select count(*) from chassis.outbox") for context in contexts)


def deferred(*contexts: Context, kinds: Collection[str]) -> int:
    """What was put aside."""
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    return sum(number(context, f"select count(*) from chassis.deferred where kind in ({listed})") for context in contexts)


def put_aside(context: Context) -> Sequence[str]:
    """What was put aside, in words: which, how often it was tried, and when it is due."""
    found = rows(context, "select *, extract(epoch from due_at - clock_timestamp()) as due_in from chassis.deferred order by id limit 5")
    return [f"{row.consumer} {row.kind} {row.message_id} {row.slug} {row.attempts} times, due in {row.due_in or 0:.0f} s" for row in found]


def duplicates(*contexts: Context) -> int:
    """How many deliveries these services had already dealt with, and recognised."""
    return sum(number(context, "select coalesce(sum(duplicate), 0) from chassis.ledger") for context in contexts)


def difference(*contexts: Context) -> int:
    """What the auditors of these services miss."""
    intakes = [(context, Intake(context, listen)) for context in contexts for listen in context.service.listens]
    return sum(Auditor(context, [intake]).audit(intake).difference for context, intake in intakes)


@dataclass
class Enrolments:
    """Registration, those who receive its facts, and what passed between them, seen from outside.

    `queued` says how many messages wait on the bus; `seen` which aggregates' facts the witness was given at all.
    """

    registration: Context
    receivers: Sequence[Context]
    ledger: Ledger
    queued: Callable[[], int]
    seen: Callable[[str], bool] = lambda _key: True

    @property
    def everyone(self) -> Sequence[Context]:
        """All services that run."""
        return (self.registration, *self.receivers)

    def handled(self, requests: Collection[str]) -> bool:
        """Whether all of these had their effect."""
        return not set(requests) - set(self._answered())

    def known(self, requests: Collection[str]) -> bool:
        """Whether all of these had their effect, and reporting knows of every enrolment that came of them."""
        wanted = set(requests)
        made = {row.enrolment_id for row in self._enrolments() if row.request_id in wanted}
        return self.handled(requests) and made <= self._reported()

    def settled(self) -> bool:
        """Whether everything that was acknowledged is handled, and everybody knows of it."""
        return not any(self.unsettled().values())

    def unsettled(self) -> dict[str, Any]:
        """What is still under way."""
        return {"lost": self._lost(self._answered()), "outbox": outbox(*self.everyone), "behind": self._behind()}

    def figures(self, facts: Sequence[Passed], seconds: float | None = None) -> Figures:
        """Count. The services must have stopped, and `facts` hold everything that passed."""
        answered = self._answered()
        told = {fact.subject for fact in facts if fact.key.startswith(ENROLMENT)}
        known = {row.enrolment_id for row in self._enrolments()}
        return Figures(
            attempted=len(self.ledger.attempted),
            acknowledged=len(self.ledger.acknowledged),
            handled=len(answered),
            sent_again=self._sent_again(),
            repeated=repeated(facts),
            taken_again=max(0, duplicates(*self.everyone) - self._sent_again()),
            lost=len(self._lost(answered)),
            unexpected=len(set(answered) - set(self.ledger.attempted)),
            double_effects=self._double_effects(answered, facts),
            out_of_order=len(self._behind()) + self._stale(),
            ghosts=len(told - known) + len(self._reported() - known),
            zombies=len(known - told) + len(self._untold(facts)),
            difference=difference(*self.everyone),
            outbox=outbox(*self.everyone),
            queued=self.queued(),
            deferred=deferred(*self.everyone, kinds=("early", "retry")),
            parked=deferred(*self.everyone, kinds=("parked",)),
            seconds=seconds,
        )

    def _enrolments(self) -> Sequence[Any]:
        return rows(
            self.registration, "select enrolment_id::text, request_id, withdrawal_id, status from enrolment where source like 'http%'"
        )

    def _answered(self) -> Counter[str]:
        """How often each request had its effect. A withdrawal that has no id of the sender's is known by its enrolment."""
        enrolments = self._enrolments()
        ended = ((row.withdrawal_id, withdrawal_of(row.enrolment_id)) for row in enrolments if row.withdrawal_id)
        own = (id_ if id_ in self.ledger.attempted else name for id_, name in ended)
        return Counter([*(row.request_id for row in enrolments), *own])

    def _sent_again(self) -> int:
        return sum(self.ledger.attempted.values()) - len(self.ledger.attempted)

    def _lost(self, answered: Mapping[str, int]) -> set[str]:
        return self.ledger.acknowledged - set(answered)

    def _double_effects(self, answered: Counter[str], facts: Sequence[Passed]) -> int:
        """Requests that were answered twice, children and cards made twice, facts told twice under two numbers or two ids."""
        enrolments = self._enrolments()
        told = self._told()
        expected = sum(1 + (row.withdrawal_id is not None) for row in enrolments)
        again = sum(n for key, n in told.items() if key.startswith(ENROLMENT)) - expected
        enrolled = sum(row.status != "rejected" for row in enrolments)
        people = number(self.registration, "select (select count(*) from child) + (select count(*) from guardian)") - 2 * enrolled
        cards = sum(n for key, n in told.items() if key.startswith("registration.contact/")) - enrolled
        two_ids = sum(len(ids) - 1 for ids in by_place(facts).values())
        return int(sum(answered.values()) - len(answered) + abs(again) + abs(people) + abs(cards) + two_ids)

    def _behind(self) -> list[str]:
        """Aggregates with which a receiver is not as far as the service is that tells of them."""
        told = self._told()
        return [found for context in self.receivers for listen in context.service.listens for found in _not_reached(told, context, listen)]

    def _told(self) -> dict[str, int]:
        """How many facts each aggregate has told, of all services."""
        return {key: last for context in self.everyone for key, last in sequences(context).items()}

    def _stale(self) -> int:
        """Enrolments whose last state reporting does not show."""
        there = {row.enrolment_id: row.status for row in self._enrolments()}
        return sum(there.get(row.id) != row.status for row in rows(self._reporting, "select id::text, status from enrolment"))

    def _reported(self) -> set[str]:
        return {row.id for row in rows(self._reporting, "select id::text from enrolment")}

    def _untold(self, facts: Iterable[Passed]) -> set[tuple[str, int]]:
        """Places in an aggregate's sequence that nobody saw a fact for."""
        told = ((key, n) for key, last in self._told().items() if self.seen(key) for n in range(1, last + 1))
        return set(told) - set(by_place(facts))

    @property
    def _reporting(self) -> Context:
        return next(context for context in self.receivers if context.service.name == "reporting")


def withdrawal_of(enrolment_id: str) -> str:
    """The ledger's name for a withdrawal that was asked for over HTTP, where the sender gives no id."""
    return f"withdrawal of {enrolment_id}"


def _not_reached(told: Mapping[str, int], context: Context, listen: Listen) -> list[str]:
    reached = positions(context, listen)
    keys = (key for key in told if any(matches(pattern, key.partition("/")[0]) for pattern in listen.keys))
    return [f"{listen.queue} {key}" for key in keys if reached.get(key) != told[key]]
