"""How much is done at a time, so that a transaction ends in good time however slow a line, a server or a handler is.

Large transactions share their fixed cost among many, but hold their locks for long, and one that lasts a minute is ended by
the database and begun again from nothing. So one begins with little. As long as that goes quickly it takes twice as much
each time, up to a limit; after a turn that took long it takes what would have been done in good time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

GOOD_S = 0.5
"""In good time, for a transaction that takes messages: what is in hand at a stop has to be done well before the drain's end."""


@dataclass(frozen=True)
class Bounds:
    """What it begins with, and the least and the most, in whatever is counted; longer than `good_s` seconds is too long."""

    first: int
    least: int
    most: int
    good_s: float


class Pace:
    """At most `limit` at a time. A turn was `full` when there may be more that did not fit."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self.limit = min(bounds.first, bounds.most)
        self.full = False
        self._size = 0

    @contextmanager
    def kept(self) -> Iterator[None]:
        """For the length of one turn, whether it succeeds or not."""
        self._size, began = 0, monotonic()
        try:
            yield
        finally:
            self._learn(monotonic() - began)

    def take(self, size: int) -> None:
        """Say how much it is this time."""
        self._size = size
        self.full = size >= self.limit

    def _learn(self, seconds: float) -> None:
        bounds = self._bounds
        if seconds > bounds.good_s:
            self.limit = max(min(bounds.least, bounds.most), min(self.limit, int(self._size * bounds.good_s / seconds)))
        elif seconds < bounds.good_s / 2 and self._size >= self.limit // 2:
            self.limit = min(bounds.most, self.limit * 2)
