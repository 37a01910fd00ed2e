"""Free ports for servers of tests, of which no two processes of the tests are given the same."""

import fcntl
import os
import socket
import tempfile
from contextlib import suppress
from functools import cache
from io import FileIO
from pathlib import Path
from random import SystemRandom

_PORTS = SystemRandom().sample(range(15_000, 32_000), 10_000)
"""None that a system gives to clients by itself: one of them might have it when a server that was stopped starts again."""


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody uses now.

    It is this process' own until the process ends: also before its server listens, and while that is stopped to be started again.
    """
    while True:
        port = _PORTS.pop()
        with suppress(OSError), socket.socket() as probe:
            fcntl.lockf(_register(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
            probe.bind(("127.0.0.1", port))
            return port


@cache
def _register() -> FileIO:
    """A file in which every port that is somebody's is a locked byte; the system unlocks it when he ends."""
    return FileIO(Path(tempfile.gettempdir()) / f"deltag-ports-{os.getuid()}", "a")
