"""A service small enough to see through: it writes down every effect, so that tests can count them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from services.chassis.envelope import Received
from services.chassis.errors import Reason, TryLater
from services.chassis.http import Api
from services.chassis.service import Listen, Service, many, one
from services.chassis.storage import UnitOfWork

FACTS = "tiny.facts"
REQUESTS = "tiny.requests"
DONE = "other.thing.done.v1"
MOVED = "other.thing.moved.v1"
ASKED = "thing.requested.v1"
ECHO = "tiny.echo.made.v1"

_INSERT = sa.text("insert into effect (subject, number, message) values (:subject, :number, :message)")


class Thing(msgspec.Struct):
    """What the messages carry. `trouble` makes a handler fail: always, later, or by ending the process; or it comes too soon."""

    number: int
    trouble: str = ""


class Trouble(Exception):
    """A defect that a test plants."""


def act(message: Received[Thing], work: UnitOfWork) -> None:
    """One effect, and one fact that tells of it."""
    stumble(message.data)
    work.connection.execute(_INSERT, {"subject": message.subject, "number": message.data.number, "message": message.id})
    work.emit(ECHO, subject=message.subject or message.id, data={"number": message.data.number}, cause=message, reply=message)


def act_on_all(messages: Sequence[Received[Thing]], work: UnitOfWork) -> None:
    """The same, for a set; one that came too soon is put off for as long as it may wait."""
    for message in messages:
        if not (message.data.trouble == "too soon" and work.put_off(message)):
            act(message, work)


def refuse(message: Received[Any], reasons: Sequence[Reason], work: UnitOfWork) -> None:
    """Tell the sender what his request breaks."""
    data = {"reasons": [reason.as_dict() for reason in reasons]}
    work.emit("tiny.echo.refused.v1", subject=message.id, data=data, cause=message, reply=message)


def stumble(thing: Thing) -> None:
    """Fail as the message asks."""
    if thing.trouble == "defect":
        raise Trouble(thing.number)
    if thing.trouble == "later":
        raise TryLater(en="Not now.")


def effects(context: Any) -> list[tuple[str, int]]:
    """What was done, in order."""
    with context.work() as work:
        rows = work.connection.execute(sa.text("select subject, number from effect order by id")).all()
    return [(row.subject, row.number) for row in rows]


api = Api("tiny", title="Tiny", description="A service for tests.")

SERVICE = Service(
    name="tiny",
    work=UnitOfWork,
    migrations=Path(__file__).parent / "migrations",
    api=api,
    listens=[
        Listen.facts(FACTS, keys=["other.thing.#"], reads={DONE: one(Thing, act), MOVED: many(Thing, act_on_all)}),
        Listen.requests(REQUESTS, keys=["thing.#"], reads={ASKED: many(Thing, act_on_all)}),
    ],
)
