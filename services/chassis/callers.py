"""Who is at an HTTP door of this process at the moment, so that long work in the same process lets them go first.

Green threads share one thread of the machine: what computes for long keeps every caller waiting, however little it has locked.
So whoever works through thousands of things commits a few at a time and then steps aside. It is the process that is shared, so
all doors of a process count together.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition
from typing import Final

_MOMENT_S: Final = 0.001
"""How long it is listened for a knock."""


class Callers:
    """Counts those who are inside."""

    def __init__(self) -> None:
        self._inside = 0
        self._changed = Condition()

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """Somebody is being served in this block."""
        self._move(1)
        try:
            yield
        finally:
            self._move(-1)

    def go_first(self, at_most_s: float) -> bool:
        """Wait until everybody has been served, but not longer than that; whether nobody is left."""
        time.sleep(_MOMENT_S)
        with self._changed:
            return self._changed.wait_for(lambda: not self._inside, at_most_s)

    def _move(self, step: int) -> None:
        with self._changed:
            self._inside += step
            if not self._inside:
                self._changed.notify_all()


CALLERS: Final = Callers()
"""Those of this process."""
