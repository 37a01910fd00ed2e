"""The watchdog: ends a process whose handlers do not come to an end, and drains one that has grown too large.

Heartbeats leave from a native thread, so a broker cannot see that a handler hangs or computes for ever; and where threads
are green, one that computes stops all others too. So the watchdog is a native thread as well, which a host must let
be imported before it patches anything. It ends the process as a power cut would: what was in hand comes again, each
attempt is counted, and a message that does this again and again is parked alone. A process over its memory is asked
to stop in order, and finishes what it has in hand. Both need a supervisor that starts another.
"""

import json
import os
from _thread import start_new_thread
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from os import write
from signal import SIGTERM
from time import monotonic, sleep
from typing import Any

LOOK_S = 0.5
ENDED = 70
"""The exit status of a process that was ended (EX_SOFTWARE)."""

_deadlines: dict[object, tuple[float, str]] = {}


@contextmanager
def within(seconds: float, what: str) -> Iterator[None]:
    """What takes longer than this ends the process, where the watchdog runs."""
    key = object()
    _deadlines[key] = (monotonic() + seconds, what)
    try:
        yield
    finally:
        del _deadlines[key]


def start(service: str, memory_mb: int) -> None:
    """Watch this process from now on; `memory_mb` of 0 is no limit."""
    import psutil  # noqa: PLC0415 - it imports what could block: after the patch

    start_new_thread(_watch, (service, memory_mb, psutil.Process()))


def _watch(service: str, memory_mb: int, process: Any) -> None:
    asked = False
    while True:
        sleep(LOOK_S)
        _end_if_overdue(service)
        if memory_mb and not asked and _megabytes(process) > memory_mb:
            _say(service, "watchdog.recycled", f"more than {memory_mb} MB")
            os.kill(process.pid, SIGTERM)
            asked = True


def _megabytes(process: Any) -> float:
    """What it holds; nothing while there is no file descriptor left to look with: a dead watchdog would be worse."""
    with suppress(Exception):
        return float(process.memory_info().rss / 2**20)
    return 0.0


def _end_if_overdue(service: str) -> None:
    for deadline, what in list(_deadlines.values()):
        if monotonic() > deadline:
            _say(service, "watchdog.ended", what)
            os._exit(ENDED)


def _say(service: str, event: str, what: str) -> None:
    """Straight to standard error: the loggers' locks may be held by what hangs."""
    line = {"event": event, "what": what, "service": service, "level": "error", "timestamp": datetime.now(UTC).isoformat()}
    with suppress(OSError):
        write(2, json.dumps(line).encode() + b"\n")
