"""What stands in a file to be published: requests that can be sent, and lines that cannot, with everything that is wrong."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TextIO

from services.chassis.contracts import names, problems, schema
from services.chassis.envelope import STRUCTURED, decode
from services.chassis.errors import DeltagError, Invalid, Reason


@dataclass(frozen=True)
class Request:
    """A line that can be sent: a CloudEvent that keeps its contract, and its source. `data` is what it asks."""

    line: int
    id: str
    source: str
    type: str
    body: bytes
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Bad:
    """A line that cannot be sent, and everything that is wrong with it."""

    line: int
    reasons: Sequence[Reason]


def checked(file: TextIO) -> Iterator[Request | Bad]:
    """Each line of a file, empty ones left out. Raises `Invalid` when the file cannot be read."""
    try:
        content = file.read()
    except UnicodeDecodeError:
        text = "The file is not UTF-8."
        raise Invalid("wrong-encoding", field=file.name, da=text, en=text) from None
    yield from (_checked(number, text.encode()) for number, text in _texts(content))


def _texts(content: str) -> Iterable[tuple[int, str]]:
    """The messages, with the lines on which they begin. One message alone may be spread over several lines."""
    if _is_one_message(content):
        return [(1, content)]
    return ((number, line) for number, line in enumerate(content.split("\n"), start=1) if line.strip())


def _is_one_message(content: str) -> bool:
    try:
        return isinstance(json.loads(content), dict)
    except ValueError:
        return False


def _checked(number: int, body: bytes) -> Request | Bad:
    try:
        return _request(number, body)
    except DeltagError as error:
        return Bad(number, error.reasons)


def _request(number: int, body: bytes) -> Request:
    """The line as it can be sent; raises `DeltagError` with everything that is wrong."""
    envelope = decode(body, STRUCTURED, {})
    contract = _contracts().get(envelope.type)
    if contract is None:
        text = f"There is no such request; there are {', '.join(sorted(_contracts()))}."
        raise Invalid("unknown-type", field="/type", da=text, en=text)
    data = json.loads(bytes(envelope.data))
    if broken := problems(contract, data):
        raise Invalid(reasons=[Reason(one.slug, f"/data{one.field}", one.da, one.en) for one in broken])
    return Request(number, envelope.id, envelope.source, envelope.type, body, data)


@cache
def _contracts() -> Mapping[str, str]:
    """The contracts of requests, by the type of the message."""
    return {schema(name)["x-deltag-type"]: name for name in names() if schema(name).get("x-deltag-kind") == "request"}
