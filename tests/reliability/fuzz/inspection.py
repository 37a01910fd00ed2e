"""Takes mutated deliveries through a service's real intake, batch by batch, and says what became of each."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any

from services.chassis import contracts
from services.chassis.auditor import Auditor
from services.chassis.bus import Delivery
from services.chassis.intake import Intake
from services.chassis.lifecycle import Stop
from services.chassis.service import Context, Listen
from services.chassis.sweeper import Sweeper
from tests.reliability.fuzz.letters import Letters
from tests.reliability.oracle import rows

BATCH = 250
_READABLE = re.compile(r"[a-z]{2,} [a-z]{2,}", re.IGNORECASE)

_TAKEN = {
    True: "select count(*) from chassis.position where consumer = :consumer and key like '%/' || :subject",
    False: "select count(*) from chassis.inbox where consumer = :consumer and id = :id",
}
_PARKED = (
    "select slug, reason, type, count(*) as messages from chassis.deferred where consumer = :consumer and kind = 'parked' group by 1, 2, 3"
)
_UNEXPECTED = (
    "select distinct on (reason) reason, kind, type, message_id from chassis.deferred where consumer = :consumer"
    " and (kind = 'retry' or slug in ('', 'unexpected-error'))"
)
_EARLY = "select count(*) from chassis.deferred where consumer = :consumer and kind = 'early'"
_UNANSWERED = (
    "select i.source, i.id from chassis.inbox i where i.consumer = :consumer and not exists"
    " (select from enrolment e where e.source = i.source and e.request_id = i.id) and not exists"
    " (select from answer a where a.source = i.source and a.request_id = i.id)"
)
_FORGET = "delete from chassis.outbox"


@dataclass
class Verdict:
    """What became of the messages of one queue."""

    queue: str
    sent: int = 0
    handled: int = 0
    duplicate: int = 0
    early: int = 0
    answers: int = 0
    difference: int = 0
    parked: Counter[str] = field(default_factory=Counter)
    reasons: set[str] = field(default_factory=set)

    def told(self) -> str:
        """One line for a person."""
        slugs = ", ".join(f"{slug} {number}" for slug, number in self.parked.most_common())
        counted = f"{self.sent} sent, {self.handled} handled, {self.duplicate} duplicate, {self.early} early, {self.answers} answers"
        return f"{self.queue}: {counted}, difference {self.difference}; parked {self.parked.total()}: {slugs}"


class Inspection:
    """One queue of a service. `take` raises where a promise is broken, so that the batch at fault is known."""

    def __init__(self, context: Context, listen: Listen, chance: Random) -> None:
        self._context = context
        self._intake = Intake(context, listen)
        self._sweeper = Sweeper(self._intake, Stop())
        self._letters = Letters(listen, chance)
        self.verdict = Verdict(listen.queue)

    def take(self, number: int) -> Verdict:
        """So many messages, each batch between two good ones; then the reckoning."""
        for start in range(0, number, BATCH):
            self._take_batch(min(BATCH, number - start))
        return reckoned(self._context, self._intake, self.verdict)

    def _take_batch(self, number: int) -> None:
        first, last = self._letters.good(), self._letters.good()
        deliveries = [first, *self._letters.bad(number), last]
        self._intake.settle(deliveries)
        while self._sweeper.sweep():
            pass
        for good in (first, last):
            assert self._taken(good), f"a good message beside bad ones was not taken: {good}"
        self.verdict.sent += len(deliveries)
        self._read_what_left()

    def _taken(self, good: Delivery) -> bool:
        event = json.loads(good.body)
        ordered = self._intake.listen.ordered
        values = {"subject": event.get("subject")} if ordered else {"id": event["id"]}
        return bool(self._rows(_TAKEN[ordered], **values)[0][0])

    def _read_what_left(self) -> None:
        """Whatever came in, what goes out keeps its contract."""
        for row in rows(self._context, "select exchange, routing_key, body from chassis.outbox order by id"):
            self.verdict.answers += row.exchange == ""
            event = json.loads(row.body)
            assert not list(_wrong(event)), f"{event['type']} goes out broken: {list(_wrong(event))}"
        with self._context.work() as work:
            work.connection.exec_driver_sql(_FORGET)

    def _rows(self, query: str, **values: Any) -> Sequence[Any]:
        return rows(self._context, query, consumer=self._intake.consumer, **values)


def reckoned(context: Context, intake: Intake, verdict: Verdict) -> Verdict:
    """Fill in what became of a queue's messages and print it; raises where a promise is broken."""
    books, who = Auditor(context, []).audit(intake), intake.consumer
    verdict.handled, verdict.duplicate, verdict.difference = books.handled, books.duplicate, books.difference
    for row in rows(context, _PARKED, consumer=who):
        verdict.parked[row.slug] += row.messages
        verdict.reasons.add(row.reason)
    verdict.early = rows(context, _EARLY, consumer=who)[0][0]
    print(verdict.told())  # noqa: T201 - the figures are what a run is for
    unexpected = [f"{row.kind} {row.type} {row.message_id}: {row.reason}" for row in rows(context, _UNEXPECTED, consumer=who)]
    assert not unexpected, "\n".join(unexpected)
    assert verdict.difference == 0, verdict.told()
    assert all(_READABLE.search(reason) for reason in verdict.reasons), verdict.reasons
    assert intake.listen.ordered or not rows(context, _UNANSWERED, consumer=who)
    return verdict


@cache
def _envelope() -> contracts.Gate:
    return contracts.Gate(contracts.read(contracts.FOLDER / "cloudevent.schema.json"))


def _wrong(event: dict[str, Any]) -> Iterator[str]:
    """What breaks the contract of a message that leaves, or of every message's envelope."""
    yield from (f"{r.field} {r.slug}" for r in contracts.problems(contracts.by_type()[event["type"]], event["data"]))
    yield from (f"{r.field} {r.slug}" for r in _envelope().problems(event))
