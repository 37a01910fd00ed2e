"""Loops that go on until the stop, whatever fails meanwhile: the relay, the consumers, the sweepers and the timers run in them."""

import random
from collections.abc import Callable

import structlog

from services.chassis.errors import DeltagError, Unavailable
from services.chassis.lifecycle import Stop

log = structlog.get_logger(__name__)

LONGEST_PAUSE_S = 5.0
NOT_YET = "not connected yet"


class Pauses:
    """Growing pauses with jitter, cut short by the stop."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self._next = 0.1

    def wait(self) -> bool:
        """Wait; True means that it is time to stop."""
        pause, self._next = self._next, min(self._next * 2, LONGEST_PAUSE_S)
        return self._stop.wait(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret

    def reset(self) -> None:
        """All is well again: the next pause is short."""
        self._next = 0.1


def persist(session: Callable[[Pauses], None], stop: Stop, note: Callable[[str], None], **who: str) -> None:
    """Run sessions until the stop; after one that failed, say so, wait (longer each time), and begin the next.

    A dependency that is away is expected; anything else is a fault of ours, logged with its trace, and no reason to
    give up either. Of a library's text, which may hold somebody's data, nothing is noted but its name.
    """
    pauses = Pauses(stop)
    while not stop.is_set():
        try:
            session(pauses)
        except Unavailable as away:
            note(str(away))
            log.warning("loop.paused", reason=str(away), **who)
            pauses.wait()
        except Exception as error:
            note(str(error) if isinstance(error, DeltagError) else type(error).__name__)
            log.exception("loop.failed", **who)
            pauses.wait()
