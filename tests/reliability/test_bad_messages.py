"""What no consumer can take, between what it can: it is parked with a reason, and nobody else notices."""

import json
from collections.abc import Iterator
from string import ascii_letters
from typing import Any

import pytest
from pika.spec import BasicProperties

from services.chassis.service import REQUESTS
from tests.reliability.drain import observed
from tests.reliability.load import REQUESTED, STRUCTURED, Families, Raw, event, publish
from tests.reliability.oracle import deferred, rows
from tests.reliability.patience import START_WITHIN_S, eventually
from tests.reliability.stage import Stage
from tests.tables import TABLES, Table

FIVE_MEGABYTES = 5_000_000
MORE_THAN_IS_HELD = 9_000_000
"""More bytes than a receiver takes into memory at once, were they not one message's."""
HUGE = 64_000_000
"""Half of what a broker takes as it comes."""
HELD_AT_MOST_MB = 250
"""However many there are."""
OTHERS = "https://other-systems.example"


def raw(body: bytes, *, key: str | bytes = REQUESTED, **properties: Any) -> Raw:
    """A message for registration's queue."""
    return Raw(REQUESTS, key, body, BasicProperties(**{"content_type": STRUCTURED, "delivery_mode": 2} | properties))


def structured(**attributes: Any) -> bytes:
    """A whole request with some attributes changed; one that is None is left out."""
    changed = event(REQUESTED, next(FAMILIES)) | {"source": OTHERS} | attributes
    return json.dumps({name: value for name, value in changed.items() if value is not None}).encode()


FAMILIES = iter(Families(first=900_000).details, None)

BAD = {
    "malformed JSON": raw(b'{"specversion": "1.0", "id": '),
    "no JSON": raw(b"\x80\x04\x95 pickled"),
    "no bytes": raw(b""),
    "another content type": raw(structured(), content_type="application/xml"),
    "five megabytes": raw(b'"' + b"x" * FIVE_MEGABYTES + b'"'),
    "an unknown type": raw(structured(type="enrolment.wished-for.v1"), key="enrolment.wished-for.v1"),
    "a future version": raw(structured(type="enrolment.requested.v2"), key="enrolment.requested.v2"),
    "no id": raw(structured(id=None)),
    "no source": raw(structured(source=None)),
    "no type": raw(structured(type=None)),
    "no specversion": raw(structured(specversion=None)),
    "another specversion": raw(structured(specversion="0.3")),
    "binary mode without its headers": raw(json.dumps(next(FAMILIES)).encode(), content_type="application/json"),
    "names in another encoding than UTF-8": raw(structured().replace(b"Asta", "Åse".encode("latin-1"))),
    "a number that no machine has": raw(structured(data={"x": 1}).replace(b'"x": 1', b'"x": 1e999')),
    "lists in lists without end": raw(structured(data={"x": 1}).replace(b'"x": 1', b'"x": ' + b"[" * 5_000 + b"]" * 5_000)),
    "an id that is too long in bytes": raw(structured(id="æ" * 130)),
    "a correlation id that is too long in bytes": raw(structured(correlationid="æ" * 130)),
    "an id that is no Unicode": raw(structured(id="\ud800")),
    "nonsense with half a character to reply to": raw(b"nonsense 1", reply_to=b"\xed\xa0\x80", headers={b"\xff": "\0"}),
    "nonsense with half a character to route by": raw(b"nonsense 2", key=b"enrolment.\xed\xa0\x80"),
    "a body that another codec spells": raw(rb"\ud800", content_encoding="unicode_escape"),
    "binary mode with a header that is no text": raw(b"{}", headers={"cloudEvents_specversion": b"\xff\xfe"}),
}
"""By what is wrong with each: it must be parked."""

ODD = {
    "a reply address in another encoding": raw(structured(), reply_to=b"\xff\xfe"),
    "a reply address of half a character": raw(structured(), reply_to=b"\xed\xa0\x80"),
    "a correlation in another encoding": raw(structured(), correlation_id=b"\xff\xfe"),
    "headers in another encoding": raw(structured(), headers={b"\xff": b"\xff", "half": b"\xed\xa0\x80"}),
    "headers of every kind": raw(structured(), headers={"deep": {"deeper": [1, 2**40, True, None]}}),
    "a routing key of half a character": raw(structured(), key=b"enrolment.\xed\xa0\x80"),
    "a routing key in another encoding": raw(structured(), key=b"enrolment.\xff"),
    **{name: Raw(REQUESTS, REQUESTED, structured(), Table(table)) for name, table in TABLES.items()},
    "a NUL to reply to": raw(structured(), reply_to=b"a\0b"),
    "an address for the answer that grows when it is read": raw(structured(), reply_to=b"\xff" * 100),
    "a correlation that grows when it is read": raw(structured(), correlation_id=b"\xff" * 100),
    "white space": raw(b"\n" + structured() + b"\n"),
}
"""By what is odd about each: it must be handled all the same."""

UNANSWERABLE = sum("reply" in name for name in ODD)
"""Their answers find no queue, and are parked."""


def large(mark: str) -> Iterator[Raw]:
    """What is wrong with a message, with each in turn, when it is large too."""
    much = mark * FIVE_MEGABYTES
    yield raw(b'{"specversion": "1.0", "id": "' + much.encode())
    yield raw(structured(data={"x": much}), content_type="application/xml")
    yield raw(structured(type="enrolment.wished-for.v1", data={"x": much}), key="enrolment.wished-for.v1")
    yield raw(structured(type="enrolment.requested.v2", data={"x": much}), key="enrolment.requested.v2")
    yield raw(json.dumps({"x": much}).encode(), content_type="application/json")
    yield raw(structured(data={"x": much}) + b"}")
    yield raw(b'"' + mark.encode() * MORE_THAN_IS_HELD + b'"')


def test_bad_messages_between_good_ones(stage: Stage) -> None:
    """Fault 21: what cannot be taken is parked with a reason, the service lives, and its neighbours are handled."""
    registration, _ = stage.start_all("registration", "reporting")
    with stage.flowing(100):
        publish(stage.bus_url, BAD.values())
    stage.await_settled()
    assert registration.is_ready()
    stage.figures().judge(f"bad messages, parked as {', '.join(reasons(stage))}", parked=len(BAD))


@pytest.mark.parametrize("times", [1, pytest.param(8, marks=pytest.mark.thorough)])
def test_large_bad_messages_at_once(stage: Stage, times: int) -> None:
    """Fault 21: bad messages of 5 MB, one in every way, and one of 9 MB, come at once, and in the longer run one of 64 MB behind them.
    All are parked with a reason, the service lives, and never holds more than a few of them in memory.
    """
    registration, _ = stage.start_all("registration", "reporting")
    context = stage.contexts["registration"]
    bad = [message for time in range(times) for message in large(ascii_letters[time])]
    bad += [raw(b"x" * HUGE)] * (times > 1)
    with stage.flowing(100), observed(registration, context, lambda: len(bad) - deferred(context, kinds=["parked"])) as drain:
        publish(stage.bus_url, bad)
        eventually(lambda: deferred(context, kinds=["parked"]) == len(bad), within=START_WITHIN_S, what="all parked")
    assert registration.is_ready()
    assert drain.grown < HELD_AT_MOST_MB, drain.grown
    largest = len(bad[-1].body) // 1_000_000
    told = f"{len(bad)} of 5 to {largest} MB at once, {drain.grown:.0f} MB more in memory, parked as {', '.join(reasons(stage))}"
    stage.figures().judge(told, parked=len(bad))


def reasons(stage: Stage) -> list[str]:
    """Why messages are parked; each says it to people, too."""
    found = rows(stage.contexts["registration"], "select distinct slug, reason from chassis.deferred where kind = 'parked'")
    assert all(row.slug and " " in row.reason for row in found), found
    return sorted({row.slug for row in found})


def test_odd_messages_between_good_ones(stage: Stage) -> None:
    """A message that is only odd in what it carries beside its content is handled, and stops nobody."""
    stage.start_all("registration", "reporting")
    with stage.flowing(100):
        publish(stage.bus_url, ODD.values())
    asked = [json.loads(message.body)["id"] for message in ODD.values()]
    stage.ledger.attempted.update(asked)
    stage.ledger.acknowledged.update(asked)
    stage.figures().judge("odd messages", parked=UNANSWERABLE)
