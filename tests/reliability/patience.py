"""Waiting for a condition, with a deadline; never for a guessed time."""

from collections.abc import Callable
from threading import Event
from time import monotonic, sleep

RECOVERED_WITHIN_S = 15.0
"""After a fault is healed everything flows again within this time."""
START_WITHIN_S = 60.0
"""A process has this long to start on a busy machine."""


def eventually(
    condition: Callable[[], object], *, within: float = RECOVERED_WITHIN_S, what: str = "it", told: Callable[[], object] = str
) -> float:
    """Wait until the condition holds; returns the seconds that it took, and fails after `within` seconds, telling `told()`."""
    began = monotonic()
    while not condition():
        assert monotonic() < began + within, f"{what} did not come true within {within:.0f} s: {told()}"
        sleep(0.05)
    return monotonic() - began


def lasts(seconds: float) -> None:
    """A fault lasts so long."""
    Event().wait(seconds)
