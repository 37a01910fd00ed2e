"""Stopping and waking: two small signals that loops wait on.

Written on `threading`, so that the same loops run on plain threads and, where a host has patched it, on its green ones.
"""

import threading
from collections.abc import Callable


class Stop:
    """Set once; every loop looks at it between two pieces of work."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._callbacks: list[Callable[[], None]] = []

    def set(self) -> None:
        """Ask every loop to end, and wake those that wait elsewhere."""
        self._event.set()
        for callback in self._callbacks:
            callback()

    def is_set(self) -> bool:
        """Whether the loops should end."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait, or until the stop; True means stop."""
        return self._event.wait(seconds)

    def also(self, callback: Callable[[], None]) -> None:
        """Call this too when the stop is set."""
        self._callbacks.append(callback)


class Wake:
    """A doorbell: rung any number of times while nobody waits, it wakes the next wait once."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def __call__(self) -> None:
        """Ring."""
        self._event.set()

    def wait(self, seconds: float) -> bool:
        """Wait for a ring, or until the time is up; True means that it rang."""
        rang = self._event.wait(seconds)
        self._event.clear()
        return rang
