"""Both sides against the same files: what the four services listen to, how they read it, and who publishes it."""

import json
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from operator import itemgetter
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from scripts.contracts_docs import ROOT
from services.chassis.contracts import by_type, example, names, schema
from services.chassis.ids import new_id
from services.chassis.service import Context, Handler, Listen, Service
from services.chassis.testing import deliver

NAMES = ("registration", "events", "notifications", "reporting")
SERVICES: dict[str, Service] = {name: import_module(f"services.{name}.service").SERVICE for name in NAMES}
LISTENS = [(service, listen) for service in SERVICES.values() for listen in service.listens]
READS = [(service.name, listen, type_, handler) for service, listen in LISTENS for type_, handler in listen.reads.items()]
READ_BY_WHOM = [f"{service} {type_}" for service, _listen, type_, _handler in READS]
each_read = pytest.mark.parametrize(("listen", "type_", "handler"), [read[1:] for read in READS], ids=READ_BY_WHOM)


def contract_of(type_: str) -> dict[str, Any]:
    """The contract of a message type."""
    return schema(by_type()[type_])


def data_of(type_: str) -> dict[str, Any]:
    """The data of the example of a message type."""
    data: dict[str, Any] = example(by_type()[type_])["data"]
    return data


def read(handler: Handler, data: Any) -> Any:
    """What the consumer hands to the handler; raises as the consumer would when it cannot be read."""
    return msgspec.json.decode(msgspec.json.encode(data), type=handler.schema)


def with_nulls(node: dict[str, Any], data: Any) -> Any:
    """The same data with null wherever the contract allows it."""
    if "null" in _types(node):
        return None
    if isinstance(data, dict):
        return {name: with_nulls(node["properties"][name], value) for name, value in data.items()}
    if isinstance(data, list):
        return [with_nulls(node["items"], value) for value in data]
    return data


def without_optional(node: dict[str, Any], data: Any) -> Any:
    """The same data without what the contract does not require."""
    if isinstance(data, dict):
        return {name: without_optional(node["properties"][name], value) for name, value in data.items() if name in node.get("required", ())}
    if isinstance(data, list):
        return [without_optional(node["items"], value) for value in data]
    return data


def _types(node: dict[str, Any]) -> set[str]:
    said = node.get("type", ())
    return {said} if isinstance(said, str) else set(said)


def matches(key: str, type_: str) -> bool:
    """Whether a binding key of a topic exchange takes a routing key."""
    return re.fullmatch(key.replace(".", r"\.").replace("*", "[^.]+").replace(r"\.#", r"(\..*)?"), type_) is not None


@each_read
def test_what_is_read_has_a_contract(listen: Listen, type_: str, handler: Handler) -> None:  # noqa: ARG001
    """A service reads only messages that have a contract, from the exchange that the contract names."""
    assert contract_of(type_)["x-deltag-exchange"] == listen.exchange


@each_read
def test_what_is_read_is_bound(listen: Listen, type_: str, handler: Handler) -> None:  # noqa: ARG001
    """What a service reads comes to its queue."""
    assert any(matches(key, type_) for key in listen.keys)


@each_read
def test_the_example_is_read(listen: Listen, type_: str, handler: Handler) -> None:  # noqa: ARG001
    """The reader's own small schema reads the publisher's example."""
    assert read(handler, data_of(type_)) is not None


@each_read
def test_null_is_read_where_it_may_stand(listen: Listen, type_: str, handler: Handler) -> None:  # noqa: ARG001
    """The reader reads null in every field in which the contract allows it."""
    assert read(handler, with_nulls(contract_of(type_), data_of(type_))) is not None


@each_read
def test_the_smallest_message_is_read(listen: Listen, type_: str, handler: Handler) -> None:  # noqa: ARG001
    """The reader needs nothing that the contract does not require."""
    assert read(handler, without_optional(contract_of(type_), data_of(type_))) is not None


@each_read
def test_a_field_of_tomorrow_is_let_by(listen: Listen, type_: str, handler: Handler) -> None:  # noqa: ARG001
    """The reader ignores what it does not know, so that a publisher may say more."""
    assert read(handler, {**data_of(type_), "added_later": {"deep": [1]}}) is not None


@pytest.mark.parametrize(("service", "listen"), LISTENS, ids=[f"{service.name} {listen.queue}" for service, listen in LISTENS])
def test_every_binding_takes_whole_aggregates_that_exist(service: Service, listen: Listen) -> None:
    """Each key ends in `.#`, takes at least one message that has a contract, and none of the service's own."""
    for key in listen.keys:
        taken = [type_ for type_ in by_type() if matches(key, type_) and contract_of(type_)["x-deltag-exchange"] == listen.exchange]
        assert key.endswith(".#")
        assert taken
        assert service.name not in {publisher for type_ in taken for publisher in contract_of(type_)["x-deltag-publisher"]}


@pytest.mark.parametrize("name", names())
def test_the_contract_says_who_listens(name: str) -> None:
    """`x-deltag-listeners`, and so the table in the README, is what the services' own tables say."""
    type_ = schema(name)["x-deltag-type"]
    assert schema(name)["x-deltag-listeners"] == sorted({service for service, _listen, read_type, _handler in READS if read_type == type_})


@pytest.mark.parametrize("name", names())
def test_the_contract_says_who_publishes(name: str) -> None:
    """A fact is published by the service that its type begins with, whose code names it; a request comes from outside."""
    contract = schema(name)
    owner, aggregate, *_ = contract["x-deltag-type"].split(".")
    if contract["x-deltag-kind"] == "request":
        assert contract["x-deltag-publisher"] == ["other systems"]
        return
    assert contract["x-deltag-publisher"] == [owner]
    assert any(f"{owner}.{aggregate}." in text for text in _code(owner))


def _code(service: str) -> Iterator[str]:
    folder: Path = ROOT / "services" / service
    return (path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))


@each_read
def test_a_request_is_checked_by_its_contract(listen: Listen, type_: str, handler: Handler) -> None:
    """What comes from outside is checked by its whole contract, and refused with an answer; facts are not checked again."""
    if listen.ordered:
        assert handler.contract is None
    else:
        assert (handler.contract, handler.refuse is not None) == (by_type()[type_], True)


def as_another(type_: str, data: Any) -> tuple[str, Any]:
    """The same data about another aggregate: a new id, and the data with it."""
    fresh, old = new_id(), example(by_type()[type_])["subject"]
    return fresh, json.loads(json.dumps(data).replace(old, fresh))


def put_aside(context: Context) -> list[Any]:
    """Everything that waits or is parked, with its reason."""
    with context.work() as work:
        rows = work.connection.execute(sa.text("select kind, type, slug, reason from chassis.deferred")).all()
    return [tuple(row) for row in rows]


@pytest.mark.parametrize("name", ["events", "notifications", "reporting"])
def test_every_fact_is_taken(context_of: Callable[..., Context], name: str) -> None:
    """The examples of all facts, told in their order, go through a service's whole consumer and database: nothing is put aside."""
    context = context_of(SERVICES[name])
    told = sorted(
        (example(by_type()[type_]) for service, _listen, type_, _handler in READS if service == name), key=itemgetter("time", "sequence")
    )
    for event in told:
        deliver(context, event["type"], event["data"], subject=event["subject"], sequence=int(event["sequence"]))
    assert put_aside(context) == []


@pytest.mark.parametrize("name", ["events", "notifications", "reporting"])
def test_every_fact_is_taken_with_null_wherever_it_may_stand(context_of: Callable[..., Context], name: str) -> None:
    """What a contract lets be null stops no service, down to its tables."""
    context = context_of(SERVICES[name])
    for service, _listen, type_, _handler in READS:
        if service == name:
            subject, data = as_another(type_, with_nulls(contract_of(type_), data_of(type_)))
            deliver(context, type_, data, subject=subject)
    assert put_aside(context) == []
