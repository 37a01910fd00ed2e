"""Free ports for servers of tests."""

import socket
from contextlib import suppress
from random import SystemRandom

_PORTS = SystemRandom().sample(range(15_000, 32_000), 10_000)
"""None that a system gives to clients by itself: one of them might have it when a server that was stopped starts again."""


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody uses now, and that this process has not been given before."""
    while True:
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port := _PORTS.pop()))
            return port
