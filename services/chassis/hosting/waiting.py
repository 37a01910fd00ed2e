"""How a loop waits for PostgreSQL: for a moment with the whole process, and only then by letting the other green threads run.

Most statements are answered within a tenth of a millisecond, less than it takes to hand over to the hub and come back. The
callers of an HTTP door wait in the green way from the start: those who are served without a pause keep the others waiting.
"""

from collections.abc import Callable, Generator
from contextvars import ContextVar
from typing import Any

from eventlet.patcher import original
from psycopg import waiting
from psycopg.waiting import Ready, Wait

select: Any = original("select")

AT_FIRST_MS = 1
"""The shortest time that can be waited for. Heartbeats have a thread of their own, so nobody misses a millisecond."""

Conversation = Generator[int, int | None, Any]


_IN_A_LOOP = ContextVar("in_a_loop", default=False)


def in_a_loop() -> None:
    """Say that this green thread is one of the loops."""
    _IN_A_LOOP.set(True)


def wait_at_first() -> None:
    """From now on the loops wait in this way; the way that psycopg waited in before is what follows after the moment."""
    waiting.wait = _at_first(waiting.wait)


def _at_first(then: Callable[..., Any]) -> Callable[..., Any]:
    def wait(conversation: Conversation, fileno: int, interval: float = 0.0, timeout: float | None = None) -> Any:
        return then(_shortened(conversation, fileno) if _IN_A_LOOP.get() else conversation, fileno, interval, timeout)

    return wait


def _shortened(conversation: Conversation, fileno: int) -> Conversation:
    """The same conversation with the server, without those pauses that end in a moment."""
    ready: int | None = None
    try:
        while True:
            wanted = conversation.send(ready)
            ready = _soon(fileno, wanted) or (yield wanted)
    except StopIteration as ended:
        return ended.value


def _soon(fileno: int, wanted: int) -> int:
    """What is ready within the moment. Nobody waits in this way for room to write."""
    if wanted != Wait.R:
        return Ready.NONE
    poll = select.poll()
    poll.register(fileno, select.POLLIN)
    return Ready.R if poll.poll(AT_FIRST_MS) else Ready.NONE
