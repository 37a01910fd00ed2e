"""What must stand on the broker, as a definitions file: made of what the services listen to and of who publishes what.

Exchanges, queues, bindings and the log are recorded from the very code that declares them. The rights are the least with
which each user can do his work: a service configures and reads its own queues, binds what it listens to, and publishes
its own facts; an integrator publishes requests and reads his own answers.

The users themselves are not in the file, and so no password is: an import would take away the passwords that they have.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from typing import Any, Final

from amqp.exceptions import NotFound

from services.chassis.bus import Topology
from services.chassis.bus.rabbit.topology import declare
from services.chassis.contracts import names, schema
from services.chassis.replay import LOG
from services.chassis.service import EVENTS, REQUESTS, Service
from services.chassis.topology import EXCHANGES, topology

SERVICES: Final = ("registration", "events", "notifications", "reporting")
VHOST: Final = "deltag"
INTEGRATOR: Final = "integrator"
ANSWERS: Final = f"answers.{INTEGRATOR}"
DEFAULT_EXCHANGE: Final = "amq.default"
"""What the broker calls the exchange without a name, over which answers reach the queue that their sender named."""

NOTHING: Final = "^$"
NEVER_DROPPED: Final = 1_000_000
"""RabbitMQ 4 drops what a quorum queue has delivered 20 times; Deltag counts attempts itself and parks."""

Definitions = dict[str, list[dict[str, Any]]]


class Recorder:
    """A connection and its channel, on a broker on which nothing exists: it notes what is declared."""

    def __init__(self) -> None:
        self.exchanges: list[dict[str, Any]] = []
        self.queues: list[dict[str, Any]] = []
        self.bindings: list[dict[str, Any]] = []

    def channel(self) -> "Recorder":
        """It is its own channel."""
        return self

    def exchange_declare(self, name: str, type_: str, *, passive: bool = False, durable: bool = False, auto_delete: bool = False) -> None:
        """As `amqp.Channel.exchange_declare`; what is only looked for is not there."""
        if passive:
            raise NotFound
        options = {"durable": durable, "auto_delete": auto_delete, "internal": False}
        self.exchanges.append({"name": name, "vhost": VHOST, "type": type_, **options, "arguments": {}})

    def queue_declare(self, name: str, *, durable: bool, auto_delete: bool, arguments: dict[str, Any]) -> None:
        """As `amqp.Channel.queue_declare`."""
        options = {"durable": durable, "auto_delete": auto_delete}
        self.queues.append({"name": name, "vhost": VHOST, **options, "arguments": arguments})

    def queue_bind(self, queue: str, exchange: str, key: str) -> None:
        """As `amqp.Channel.queue_bind`."""
        to = {"destination": queue, "destination_type": "queue"}
        self.bindings.append({"source": exchange, "vhost": VHOST, **to, "routing_key": key, "arguments": {}})


def services() -> list[Service]:
    """The four."""
    return [import_module(f"services.{name}.service").SERVICE for name in SERVICES]


def definitions() -> Definitions:
    """The whole file, to be imported by `rabbitmqctl import_definitions` when the users exist."""
    recorder = recorded()
    topics = [row for service in services() for row in _topics(service)]
    return {
        "vhosts": [{"name": VHOST}],
        "permissions": [*map(_permission, services()), _integrator()],
        "topic_permissions": [*topics, _topic(INTEGRATOR, REQUESTS, _keys(*_requested()))],
        "exchanges": recorder.exchanges,
        "queues": recorder.queues,
        "bindings": recorder.bindings,
        "policies": [_policy()],
    }


def recorded() -> Recorder:
    """What the services declare at their start, and the log."""
    recorder = Recorder()
    queues = [queue for service in services() for queue in topology(service.listens).queues]
    declare(recorder, Topology(EXCHANGES, queues, LOG), "quorum")
    return recorder


def users() -> list[str]:
    """The users that the rights are for."""
    return [*map(user_of, SERVICES), INTEGRATOR]


def user_of(service: str) -> str:
    """The broker user of a service."""
    return f"deltag-{service}"


def _permission(service: Service) -> dict[str, str]:
    reads = {listen.exchange for listen in service.listens} | ({LOG} if _listens_to(service, EVENTS) else set())
    writes = {exchange for exchange, _ in _published(service.name)} | ({DEFAULT_EXCHANGE} if _listens_to(service, REQUESTS) else set())
    own = rf"{service.name}\..*"
    return _rights(user_of(service.name), configure=_any([own]), write=_any([own, *_plain(writes)]), read=_any([own, *_plain(reads)]))


def _integrator() -> dict[str, str]:
    own = _any(_plain([ANSWERS]))
    return _rights(INTEGRATOR, configure=own, write=_any(_plain([REQUESTS])), read=own)


def _rights(user: str, *, configure: str, write: str, read: str) -> dict[str, str]:
    return {"user": user, "vhost": VHOST, "configure": configure, "write": write, "read": read}


def _topics(service: Service) -> Iterator[dict[str, str]]:
    """For each exchange: the aggregates it may tell of, and the keys it may bind."""
    for exchange in EXCHANGES:
        write = sorted(aggregate for where, aggregate in _published(service.name) if where == exchange)
        read = sorted(key for listen in service.listens if listen.exchange == exchange for key in listen.keys)
        yield _topic(user_of(service.name), exchange, _keys(*write) if write else NOTHING, _any(_plain(read)) if read else NOTHING)


def _topic(user: str, exchange: str, write: str, read: str = NOTHING) -> dict[str, str]:
    return {"user": user, "vhost": VHOST, "exchange": exchange, "write": write, "read": read}


def _policy() -> dict[str, Any]:
    own = "|".join(SERVICES)
    rule = {"delivery-limit": NEVER_DROPPED}
    return {"vhost": VHOST, "name": "keep", "pattern": rf"^({own})\.", "apply-to": "queues", "priority": 0, "definition": rule}


def _published(service: str) -> set[tuple[str, str]]:
    """Exchange and aggregate (`registration.enrolment`) of each message of which the contracts say that this service publishes it."""
    told = [contract for contract in map(schema, names()) if service in contract["x-deltag-publisher"]]
    return {(contract["x-deltag-exchange"], ".".join(contract["x-deltag-type"].split(".")[:2])) for contract in told}


def _requested() -> set[str]:
    """The aggregates (`enrolment`) about which the contracts have a request."""
    return {contract["x-deltag-type"].split(".")[0] for contract in map(schema, names()) if contract["x-deltag-exchange"] == REQUESTS}


def _listens_to(service: Service, exchange: str) -> bool:
    return any(listen.exchange == exchange for listen in service.listens)


def _plain(words: Iterable[str]) -> list[str]:
    return sorted(re.escape(word).replace(r"\#", "#").replace(r"\-", "-") for word in words)


def _any(patterns: Sequence[str]) -> str:
    return f"^({'|'.join(patterns)})$"


def _keys(*beginnings: str) -> str:
    return rf"^({'|'.join(_plain(beginnings))})\."


def text() -> str:
    """The file."""
    return json.dumps(definitions(), indent=2, ensure_ascii=False) + "\n"
