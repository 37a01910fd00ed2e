"""How much the relay takes at a time, so that over a slow line, too, what has left is committed every few seconds.

A transaction that lasts a minute is ended by the database, and all that it had published is published again. So a
relay begins with little. As long as that leaves quickly it takes twice as much each time, up to what a fast line
carries at once; after a batch that took long it takes what the line would have carried in good time.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from time import monotonic

FIRST, LEAST, MOST = 2**15, 2**13, 2**22
"""Bytes of bodies."""
GOOD_S = 2.0
"""A batch that takes longer was too large."""


class Pace:
    """At most `bytes` at a time, and one message at least. A batch was `full` when there may be more that did not fit."""

    def __init__(self) -> None:
        self.bytes = FIRST
        self.full = False
        self._size = 0

    @contextmanager
    def kept(self) -> Iterator[None]:
        """For the length of one batch, whether it succeeds or not."""
        self._size, began = 0, monotonic()
        try:
            yield
        finally:
            self._learn(monotonic() - began)

    def take(self, bodies: Iterable[str]) -> None:
        """Say what the batch holds."""
        self._size = sum(len(body.encode()) for body in bodies)
        self.full = self._size >= self.bytes

    def _learn(self, seconds: float) -> None:
        if seconds > GOOD_S:
            self.bytes = max(LEAST, min(self.bytes, int(self._size * GOOD_S / seconds)))
        elif self._size >= self.bytes // 2:
            self.bytes = min(MOST, self.bytes * 2)
