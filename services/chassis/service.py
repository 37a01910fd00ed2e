"""How a service describes itself: what it listens to, what it does on a clock, which doors it opens.

Each `services/<name>/service.py` holds one `Service`. A host (`hosting/` with nameko, or plain threads in
tests) brings it to life; the service itself names neither.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from services.chassis.database import Database
    from services.chassis.erasure.holdings import Holding
    from services.chassis.http.api import Api
    from services.chassis.http.issuer import ServiceIssuer
    from services.chassis.settings import Settings
    from services.chassis.storage import UnitOfWork

EVENTS = "deltag.events"
REQUESTS = "deltag.requests"
PERSONAL = "deltag.personal"


@dataclass(frozen=True)
class Handler:
    """What a message of one type is read as, and who handles it.

    `schema` is a msgspec Struct for the message's `data`: the service's own small reading of it (unknown fields
    are ignored). `many=True` hands `function` the batch's messages of this type as a list, else one at a time.
    `contract` is a JSON Schema file under `contracts/`; data that break it go to `refuse`, with every reason, instead
    of being parked. `of_erased=True` hands over facts of what was erased too, under their stand-ins; `verbatim=True` leaves
    the ids of who was erased as they stand (`erasure/forgetting.py`).
    """

    schema: type
    function: Callable[..., None]
    many: bool = False
    contract: str | None = None
    refuse: Callable[..., None] | None = None
    of_erased: bool = False
    verbatim: bool = False


def one(schema: type, function: Callable[..., None], **options: Any) -> Handler:
    """A handler `function(message, work)` that is called once for each message."""
    return Handler(schema, function, many=False, **options)


def many(schema: type, function: Callable[..., None], **options: Any) -> Handler:
    """A handler `function(messages, work)` that is called with a list, in order, and works in sets."""
    return Handler(schema, function, many=True, **options)


@dataclass(frozen=True)
class Listen:
    """One durable queue, what is bound to it, and how its messages are read.

    Facts (`ordered=True`) are taken once and in sequence per aggregate; requests from outside (`ordered=False`)
    are taken once per `(source, id)`. Handlers run in the transaction that records the message as taken.
    """

    queue: str
    exchange: str
    keys: Sequence[str]
    reads: Mapping[str, Handler]
    ordered: bool = True

    @classmethod
    def facts(cls, queue: str, *, keys: Sequence[str], reads: Mapping[str, Handler], exchange: str = EVENTS) -> "Listen":
        """Facts of other services; bind to whole aggregates (`registration.enrolment.#`), so that no sequence number is missed."""
        return cls(queue, exchange, keys, reads, ordered=True)

    @classmethod
    def requests(cls, queue: str, *, keys: Sequence[str], reads: Mapping[str, Handler]) -> "Listen":
        """Requests of other systems, on `deltag.requests`."""
        return cls(queue, REQUESTS, keys, reads, ordered=False)


@dataclass(frozen=True)
class Timer:
    """Work on a clock: `run(context)` every `every` seconds, and at once after `work.wake(name)` has committed."""

    name: str
    every: float
    run: Callable[["Context"], None]


def _nothing_more(_stand_ins: Sequence[str], _work: Any, _cause: Any) -> None:
    """Nothing else is to be done."""


@dataclass(frozen=True)
class Personal:
    """What a service holds of people, and how it tells that it erased somebody.

    `held` are its tables (`erasure/holdings.py`); `answer` is the type of the fact that says what was erased;
    `afterwards(stand_ins, work, cause)` does what else is to be done, in the same transaction.
    """

    held: Sequence["Holding"]
    answer: str
    afterwards: Callable[[Sequence[str], Any, Any], None] = _nothing_more


@dataclass(frozen=True)
class Service:
    """Everything that a host needs to know about a service.

    `work` is the service's unit of work class; `resources(settings)` builds once what lives as long as the process
    (key rings, an SMTP sender) and is reached as `work.resources`; `refresh(work)` tells the present state of every
    aggregate again (see `storage.UnitOfWork.snapshot`); `migrations` is the folder of Alembic versions; `issuer(resources)`
    is the issuer of the tokens that the service gives to people without an account, if it lets any in; `personal` is what it
    holds of people.
    """

    name: str
    work: type["UnitOfWork"]
    migrations: Path
    api: "Api"
    listens: Sequence[Listen] = ()
    timers: Sequence[Timer] = ()
    resources: Callable[["Settings"], Any] = lambda _settings: None
    refresh: Callable[[Any], None] | None = None
    issuer: Callable[[Any], "ServiceIssuer | None"] = lambda _resources: None
    personal: Personal | None = None


@dataclass
class Context:
    """A running service, as its timers, doors and tools see it."""

    service: Service
    settings: "Settings"
    database: "Database"
    resources: Any
    clock: Callable[[], datetime]
    wakers: dict[str, Callable[[], None]] = field(default_factory=dict)

    def work(self) -> Any:
        """A new unit of work: `with context.work() as work:` commits at the end of the block, or rolls back."""
        return self.service.work(self)
