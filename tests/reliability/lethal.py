"""A service that a message can kill: the tiny service of the chassis' tests, with handlers that do what a message tells them.

What is wrong with a handler (not with a message) can be healed without a restart: it lasts while the file exists that
LETHAL_FAULT names. What LETHAL_BEGUN names tells of every message that a handler began with, whatever became of its transaction.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from signal import SIGKILL
from time import monotonic, sleep
from typing import Any

import msgspec

from services.chassis.envelope import Received
from services.chassis.runtime import utc_now
from services.chassis.service import Handler, Listen, Service, one
from services.chassis.storage import UnitOfWork
from tests.chassis import tiny

DEATH = "death"
"""The trouble that ends the process which has the message in hand."""
SLOW = "slow"
"""The trouble of a message that takes its time."""
SLOW_S = 0.5
HANG = "hang"
"""The trouble of a message whose handler waits for ever, until the fault is healed."""
SPIN = "spin"
"""The trouble of a message whose handler computes for ever, until the fault is healed."""
BUSY = "busy"
"""The trouble of a message whose handler computes for LETHAL_BUSY_S seconds."""
OUTAGE = "outage"
"""The trouble of a message whose handler fails until the fault is healed."""
LEAK = "leak"
"""The trouble of a message whose handler keeps LEAK_MB megabytes."""
LEAK_MB = 20
DONE_V2 = "other.thing.done.v2"
_leaked: list[bytes] = []


def _broken() -> bool:
    fault = os.environ.get("LETHAL_FAULT")
    return fault is not None and Path(fault).exists()


def _hang() -> None:
    while _broken():
        sleep(0.1)


def _spin() -> None:
    while _broken():
        pass


def _compute() -> None:
    end = monotonic() + float(os.environ["LETHAL_BUSY_S"])
    while monotonic() < end:
        pass


def _fail() -> None:
    if _broken():
        raise OSError("what the handler needs is away")


def _leak() -> None:
    _leaked.append(b"x" * (LEAK_MB * 2**20))


def _nothing() -> None: ...


_DOES: Mapping[str, Callable[[], None]] = {
    SLOW: lambda: sleep(SLOW_S),
    HANG: _hang,
    SPIN: _spin,
    BUSY: _compute,
    OUTAGE: _fail,
    LEAK: _leak,
}


def _note(messages: Iterable[Received[Any]]) -> None:
    """Write down which messages a handler begins with."""
    if begun := os.environ.get("LETHAL_BEGUN"):
        with Path(begun).open("a") as file:
            file.write("".join(f"{message.id}\n" for message in messages))


def _lethal(handler: Handler) -> Handler:
    def die_or_act(given: Any, work: UnitOfWork) -> None:
        messages: list[Received[tiny.Thing]] = given if handler.many else [given]
        _note(messages)
        if any(message.data.trouble == DEATH for message in messages):
            os.kill(os.getpid(), SIGKILL)
        for message in messages:
            _DOES.get(message.data.trouble, _nothing)()
        handler.function(given, work)

    return replace(handler, function=die_or_act)


def _with_lethal_handlers(listen: Listen) -> Listen:
    return replace(listen, reads={type_: _lethal(handler) for type_, handler in listen.reads.items()})


SERVICE: Service = replace(tiny.SERVICE, listens=[_with_lethal_handlers(listen) for listen in tiny.SERVICE.listens])


class Painted(msgspec.Struct):
    """What the messages carry since the next version: a colour, which older senders do not know."""

    number: int
    trouble: str = ""
    colour: str = "grey"


class Counted(msgspec.Struct):
    """What the second version of a message carries: its number has another name."""

    amount: int


def _upcast(message: Received[Counted], work: UnitOfWork) -> None:
    thing = tiny.Thing(message.data.amount)
    tiny.act(msgspec.structs.replace(message, data=thing), work)  # type: ignore[arg-type]


def _newer(listen: Listen) -> Listen:
    """The same queue with the next version's reading of it."""
    if tiny.DONE not in listen.reads:
        return listen
    return replace(listen, reads={**listen.reads, tiny.DONE: one(Painted, tiny.act), DONE_V2: one(Counted, _upcast)})


NEWER: Service = replace(SERVICE, listens=[_newer(listen) for listen in SERVICE.listens])
"""The service's next version."""
VERSIONS = {"1": SERVICE, "2": NEWER}


def clock() -> datetime:
    """The time, as far off as the file says that LETHAL_CLOCK names."""
    file = os.environ.get("LETHAL_CLOCK")
    return utc_now() + timedelta(seconds=float(Path(file).read_text()) if file else 0)
