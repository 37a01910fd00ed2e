"""Waiting for something to become true, and not for ever."""

import time
from collections.abc import Callable

PATIENCE_S = 240.0


def until(true: Callable[[], bool], what: str, *, every_s: float = 0.02) -> None:
    """Return when it is. Raises `TimeoutError` that says what did not happen."""
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(every_s)
