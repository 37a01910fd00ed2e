"""Whether it is messages that fail, or something that all of a queue's handlers need.

A message that cannot be handled is tried a few times and then parked, and its neighbours go on. But while something is
away that every handler needs, every message fails, and all that come meanwhile would be parked, though nothing is wrong
with them. So after `IN_A_ROW` failures without one success a queue slows down: one message is tried at a time, after a
growing pause. The first success ends it. That spares whoever is away; that nobody is parked meanwhile is a matter of how attempts
are counted (`deferred.failed`), on which all replicas agree.

A message that failed while others succeeded is, as far as anybody can tell, itself to blame, and failing again it says
nothing about the queue: else a crowd of such messages, left over when all others are handled, would pass for an outage.
"""

import threading
from time import monotonic

import structlog

from services.chassis.errors import DeltagError, Unavailable
from services.chassis.reading import Incoming

log = structlog.get_logger(__name__)

IN_A_ROW = 20
"""So many failures without one success make an outage."""


class SlowedDown(Unavailable):
    """One message was tried and put aside: pause, then go on with another."""

    slug = "slowed-down"


class Outage:
    """What one queue's consumer and sweeper know together; `cause` is empty while all is well."""

    def __init__(self, queue: str) -> None:
        self._queue = queue
        self._lock = threading.Lock()
        self._failed: list[tuple[str, str]] = []
        self._since = 0.0
        self.cause = ""

    @property
    def lasts(self) -> bool:
        """Whether the queue is slowed down."""
        return bool(self.cause)

    @property
    def trouble(self) -> str:
        """What health says of it."""
        return f"Slowed down: {IN_A_ROW} tries in a row failed, the last with {self.cause}." if self.cause else ""

    def failed(self, message: Incoming, error: Exception) -> None:
        """Note that handling a message failed in a way that may pass."""
        who = (message.source, message.id)
        with self._lock:
            self._since = self._since or monotonic()
            if self.lasts or (message.attempts > 1 and who not in self._failed):
                return
            self._failed.append(who)
            if len(self._failed) >= IN_A_ROW:
                self.cause = error.slug if isinstance(error, DeltagError) else type(error).__name__
                log.warning("queue.slowed_down", queue=self._queue, error=self.cause, failures=IN_A_ROW)

    def succeeded(self) -> float | None:
        """Note a success; returns for how many seconds the outage lasted that it ended, 0 if it ended none, None if nothing had failed."""
        with self._lock:
            if not self._since:
                return None
            seconds = monotonic() - self._since if self.lasts else 0.0
            self._failed.clear()
            self._since, self.cause = 0.0, ""
        if seconds:
            log.info("queue.resumed", queue=self._queue, seconds=round(seconds, 1))
        return seconds
