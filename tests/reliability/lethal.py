"""A service that a message can kill: the tiny service of the chassis' tests, with handlers that end their process when told to."""

import os
from dataclasses import replace
from signal import SIGKILL
from time import sleep
from typing import Any

from services.chassis.envelope import Received
from services.chassis.service import Handler, Listen, Service
from services.chassis.storage import UnitOfWork
from tests.chassis import tiny

DEATH = "death"
"""The trouble that ends the process which has the message in hand."""
SLOW = "slow"
"""The trouble of a message that takes its time."""
SLOW_S = 0.5


def _lethal(handler: Handler) -> Handler:
    def die_or_act(given: Any, work: UnitOfWork) -> None:
        messages: list[Received[tiny.Thing]] = given if handler.many else [given]
        if any(message.data.trouble == DEATH for message in messages):
            os.kill(os.getpid(), SIGKILL)
        sleep(SLOW_S * sum(message.data.trouble == SLOW for message in messages))
        handler.function(given, work)

    return replace(handler, function=die_or_act)


def _with_lethal_handlers(listen: Listen) -> Listen:
    return replace(listen, reads={type_: _lethal(handler) for type_, handler in listen.reads.items()})


SERVICE: Service = replace(tiny.SERVICE, listens=[_with_lethal_handlers(listen) for listen in tiny.SERVICE.listens])
