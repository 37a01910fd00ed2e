"""The inbox: what somebody outside asks for is taken once, under its (source, id), whichever door it came through."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec
import sqlalchemy as sa

Name = tuple[str, str]
"""The source and the id of a request."""
Verdict = Literal["new", "duplicate", "conflict"]

_encode = msgspec.json.Encoder().encode
"""Names and rows as one JSON text: the reason, and what it saves, stand in `storage.py`."""

_TAKE = sa.text(
    "insert into chassis.inbox (consumer, source, id, content, door)"
    " select :consumer, s, i, c, :door from json_to_recordset(cast(:rows as json)) as x(s text, i text, c text) order by s, i"
    " on conflict do nothing returning source, id"
)
_TAKEN = sa.text(
    "select source, id, content from chassis.inbox join json_to_recordset(cast(:rows as json)) as x(s text, i text)"
    " on source = s and id = i where consumer = :consumer"
)

_UNTAKE = sa.text(
    "delete from chassis.inbox using json_to_recordset(cast(:rows as json)) as x(s text, i text)"
    " where consumer = :consumer and source = s and id = i"
)


def admit(connection: sa.Connection, consumer: str, requests: Sequence[tuple[Name, str]], *, door: str = "bus") -> list[Verdict]:
    """What is to be done with each (name, hash of its content): a repeated name is a duplicate with the same content, else a conflict.

    Of several under one name the first is the new one. It is taken when the transaction commits; until then others who
    ask for the same wait.
    """
    firsts = dict(reversed(requests))
    new = _take(connection, consumer, firsts, door)
    known = {name: content for name, content in firsts.items() if name in new}
    if others := firsts.keys() - new:
        known |= contents(connection, consumer, others)
    return [_verdict(name, content, known, new) for name, content in requests]


def untake(connection: sa.Connection, consumer: str, names: Iterable[Name]) -> None:
    """These are not taken after all: the next time they come, they are new."""
    connection.execute(_UNTAKE, {"consumer": consumer, "rows": listed(names)})


def contents(connection: sa.Connection, consumer: str, names: Iterable[Name]) -> dict[Name, str]:
    """The hash of the content of each that was taken before."""
    taken = connection.execute(_TAKEN, {"consumer": consumer, "rows": listed(names)})
    return {(source, id_): content for source, id_, content in taken}


def listed(names: Iterable[Name]) -> str:
    """Names as one parameter: a list of JSON objects with `s` and `i`."""
    return _encode([{"s": source, "i": id_} for source, id_ in names]).decode()


def _take(connection: sa.Connection, consumer: str, firsts: Mapping[Name, str], door: str) -> set[Name]:
    rows = _encode([{"s": source, "i": id_, "c": content} for (source, id_), content in firsts.items()]).decode()
    return {(s, i) for s, i in connection.execute(_TAKE, {"consumer": consumer, "door": door, "rows": rows})}


def _verdict(name: Name, content: str, known: Mapping[Name, str], new: set[Name]) -> Verdict:
    if name in new:
        new.discard(name)
        return "new"
    return "duplicate" if known[name] == content else "conflict"
