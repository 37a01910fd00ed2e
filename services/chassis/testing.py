"""Fakes and doors for tests, of our services and of anyone's who builds on the chassis.

FakeClock          a clock that stands until it is moved
FakeUnitOfWork     a unit of work without a database; passes the same conformance suite as the real one
deliver, try_again, published, run_timer, http    the doors of one service, without a broker
"""

import copy
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

import msgspec
import sqlalchemy as sa
from werkzeug.test import Client, TestResponse

from services.chassis.bus import Delivery, matches
from services.chassis.envelope import STRUCTURED, Received
from services.chassis.http import Grant, LocalIssuer, Role, wsgi
from services.chassis.ids import new_id
from services.chassis.inbox import Verdict
from services.chassis.intake import Intake
from services.chassis.lifecycle import Stop
from services.chassis.service import EVENTS, Context, Listen, Service
from services.chassis.storage import Attempt, Cause, aggregate_key, content_hash, sequence_text
from services.chassis.sweeper import Sweeper


class FakeClock:
    """Callable like the real clock; `advance` moves it."""

    def __init__(self, now: datetime = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """The present time, aware, in UTC."""
        return self.now

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self.now += by


class FakeUnitOfWork:
    """A unit of work in memory, for handlers that need no tables; `store` is shared by all that belong together."""

    def __init__(self, store: "FakeStore", clock: Callable[[], datetime] = FakeClock(), resources: Any = None) -> None:  # noqa: B008 - a standing clock
        self.store = store
        self.clock = clock
        self.resources = resources

    def __enter__(self) -> Self:
        """Begin."""
        self.now = self.clock()
        self._draft = copy.deepcopy(self.store)
        self._wakes: set[str] = set()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Commit on a clean end, else forget."""
        if error is None:
            self.store.__dict__.update(self._draft.__dict__)
            self.store.woken |= self._wakes

    def emit(
        self,
        type: str,
        *,
        subject: str,
        data: Any,
        cause: Cause | None = None,
        programme: str | None = None,
        exchange: str = EVENTS,
        classification: str = "internal",
        reply: Received[Any] | None = None,
    ) -> str:
        """See `UnitOfWork.emit`."""
        key = aggregate_key(type, subject)
        self._draft.sequences[key] += 1
        message = {
            "id": new_id(),
            "type": type,
            "subject": subject,
            "data": msgspec.to_builtins(data),
            "exchange": exchange,
            "routing_key": type,
        }
        message |= {"sequence": sequence_text(self._draft.sequences[key]), "dataclassification": classification, "programme": programme}
        message |= {"correlationid": cause and (cause.correlationid or cause.id), "causationid": cause and cause.id}
        self._draft.published.append(message)
        if reply and reply.reply_to:
            self._draft.published.append(message | {"exchange": "", "routing_key": reply.reply_to})
        return str(message["id"])

    @contextmanager
    def attempt(self) -> Iterator[Attempt]:
        """See `UnitOfWork.attempt`."""
        draft, wakes, attempt = copy.deepcopy(self._draft), set(self._wakes), Attempt()
        yield attempt
        if not attempt.kept:
            self._draft, self._wakes = draft, wakes

    def put_off(self, _request: Received[Any]) -> bool:
        """See `UnitOfWork.put_off`: here nothing may wait."""
        return False

    def wake(self, name: str) -> None:
        """See `UnitOfWork.wake`."""
        self._wakes.add(name)

    def admit(self, consumer: str, source: str, requests: Sequence[tuple[str, bytes]]) -> list[Verdict]:
        """See `UnitOfWork.admit`."""
        return [self._admit((consumer, source, id_), content_hash(content)) for id_, content in requests]

    def _admit(self, who: tuple[str, str, str], content: str) -> Verdict:
        if who not in self._draft.inbox:
            self._draft.inbox[who] = content
            return "new"
        return "duplicate" if self._draft.inbox[who] == content else "conflict"


class FakeStore:
    """What several fake units of work share: the messages that left, and what was taken in."""

    def __init__(self) -> None:
        self.published: list[dict[str, Any]] = []
        self.sequences: Counter[str] = Counter()
        self.inbox: dict[tuple[str, str, str], str] = {}
        self.woken: set[str] = set()


def event(
    type: str,
    data: Any,
    *,
    subject: str | None = None,
    sequence: int | None = None,
    id: str | None = None,
    source: str = "/test",
    **attributes: Any,
) -> bytes:
    """A CloudEvent in the structured form, as bytes."""
    envelope = {"specversion": "1.0", "id": id or new_id(), "source": source, "type": type, "data": data} | attributes
    if subject is not None:
        envelope["subject"] = subject
    if sequence is not None:
        envelope["sequence"] = sequence_text(sequence)
    return msgspec.json.encode(envelope)


def deliver(context: Context, type: str, data: Any, *, subject: str | None = None, reply_to: str | None = None, **attributes: Any) -> None:
    """Hand one message to the service's own consumer path: read, sorted, handled and recorded in one transaction.

    A fact without a `sequence` gets the next one of its aggregate; what became due by it is swept up too.
    """
    listen = listen_for(context.service, type)
    if listen.ordered:
        subject = subject or new_id()
        attributes.setdefault("sequence", next_sequence(context, listen, aggregate_key(type, subject)))
    body = event(type, data, subject=subject, **attributes)
    deliver_raw(context, listen, [body], reply_to=reply_to)


def deliver_raw(
    context: Context, listen: Listen, bodies: Sequence[bytes], *, redelivered: bool = False, reply_to: str | None = None
) -> Intake:
    """Hand raw bodies to one of the service's queues as one batch; returns the intake that took them."""
    intake = Intake(context, listen)
    deliveries = [Delivery(body, tag, listen.exchange, "", redelivered, STRUCTURED, reply_to) for tag, body in enumerate(bodies, start=1)]
    intake.settle(deliveries)
    while Sweeper(intake, Stop()).sweep_early():
        pass
    return intake


def try_again(context: Context, listen: Listen) -> int:
    """Try everything that was put off or failed, once, as if its delay had passed; how many that were."""
    due = sa.text("update chassis.deferred set due_at = clock_timestamp() where consumer = :consumer and kind = 'retry'")
    with context.work() as work:
        waiting = work.connection.execute(due, {"consumer": listen.queue}).rowcount
    sweeper = Sweeper(Intake(context, listen), Stop())
    for _ in range(waiting):
        sweeper.sweep_retries()
    return int(waiting)


def listen_for(service: Service, type_: str) -> Listen:
    """The queue of the service that a message of this type would come to."""
    for listen in service.listens:
        if any(matches(key, type_) for key in listen.keys):
            return listen
    message = f"{service.name} listens to nothing like {type_}"
    raise LookupError(message)


def next_sequence(context: Context, listen: Listen, key: str) -> int:
    """The sequence number that the consumer waits for."""
    query = sa.text("select last from chassis.position where consumer = :consumer and key = :key")
    with context.work() as work:
        return int(work.connection.execute(query, {"consumer": listen.queue, "key": key}).scalar() or 0) + 1


def published(context: Context) -> list[dict[str, Any]]:
    """The messages in the outbox in order, decoded, each with its exchange and routing key."""
    query = sa.text("select exchange, routing_key, body from chassis.outbox order by id")
    with context.work() as work:
        rows = work.connection.execute(query).all()
    return [json.loads(row.body) | {"exchange": row.exchange, "routing_key": row.routing_key} for row in rows]


def parked(context: Context) -> list[Mapping[str, Any]]:
    """What was put aside for good: slug, reason, type and message id."""
    query = sa.text("select consumer, slug, reason, type, message_id, attempts from chassis.deferred where kind = 'parked' order by id")
    with context.work() as work:
        return [dict(row._mapping) for row in work.connection.execute(query)]  # noqa: SLF001 - SQLAlchemy's public name


def run_timer(context: Context, name: str) -> None:
    """Run one of the service's timers now."""
    timer = next(t for t in context.service.timers if t.name == name)
    timer.run(context)


def http(context: Context) -> "Door":
    """The service's HTTP door, called in process by nobody in particular."""
    return Door(Client(wsgi(context)), LocalIssuer(context.settings, context.clock), context.settings.municipality)


class Door:
    """An HTTP client without a network; `as_` gives the same door with a token."""

    def __init__(self, client: Client, issuer: LocalIssuer, municipality: str, headers: Mapping[str, str] | None = None) -> None:
        self._client = client
        self._issuer = issuer
        self._municipality = municipality
        self._headers = dict(headers or {})

    def as_(
        self,
        role: Role,
        *,
        subject: str = "test-caller",
        institutions: Iterable[str] | None = None,
        source: str | None = None,
        purpose: str | None = None,
    ) -> "Door":
        """Called by somebody with one role, as far as it reaches, and for a purpose if one is given."""
        grant = Grant(role, self._municipality, None if institutions is None else frozenset(institutions), source)
        headers = {"Authorization": f"Bearer {self._issuer.issue(subject, [grant])}"}
        if purpose:
            headers["Deltag-Purpose"] = purpose
        return Door(self._client, self._issuer, self._municipality, headers)

    def bearing(self, token: str) -> "Door":
        """Called with this access token, whoever issued it."""
        return Door(self._client, self._issuer, self._municipality, {"Authorization": f"Bearer {token}"})

    def request(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any) -> TestResponse:
        """One request; `json=` for a body."""
        return self._client.open(path, method=method, headers=self._headers | dict(headers or {}), **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        """GET."""
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        """POST."""
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Any) -> TestResponse:
        """PUT."""
        return self.request("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> TestResponse:
        """PATCH."""
        return self.request("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        """DELETE."""
        return self.request("DELETE", path, **options)
