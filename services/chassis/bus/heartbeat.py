"""Heartbeats from a native thread, so that a connection survives a handler that keeps the interpreter busy.

RabbitMQ drops a connection that is silent for two heartbeat intervals. A host may turn `threading` into green threads,
which all stand still while one of them computes; so this module takes the real thread, lock, sleep and write when it is
imported, which a host must do before it patches anything (a green write never gives up a socket whose other end is gone,
and would hold the lock for ever). The thread writes only the eight bytes of a heartbeat frame, under a
lock that every other write to the socket holds too, and never blocks: a full socket is no silent one. Of a frame for which there
was room only in part the rest goes before whatever is written next.
"""

import contextlib
from _thread import allocate_lock, start_new_thread
from errno import EAGAIN
from math import inf
from os import write
from time import monotonic, sleep
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from amqp import Connection

INTERVAL_S = 3
"""What is agreed with the broker; a frame leaves twice in this time. Either side notices within 9 s that the other is gone, which
leaves six of the 15 s in which all flows again."""

SILENT_S = 2.5 * INTERVAL_S
"""A broker that has said nothing for so long, not even a heartbeat, is gone."""

_FRAME = b"\x08\x00\x00\x00\x00\x00\x00\xce"
_alive: "WeakSet[Guarded]" = WeakSet()
_started = allocate_lock()


class Guarded:
    """One connection's socket: its writes hold a lock, the heartbeat thread beats for it, and its owner hears whether it lives.

    Over TLS only the owner may write, so there `attend` beats, and a handler that computes for longer than two
    intervals loses its connection (and its messages come again).
    """

    def __init__(self, connection: "Connection") -> None:
        self._lock = allocate_lock()
        self._connection = connection
        self._transport = connection.transport
        self._heard = self._answered = self._beaten = monotonic()
        self._patience = inf
        self._left = False
        self._rest = b""
        self._write = self._transport._write  # noqa: SLF001 - py-amqp has no public seam for its writes
        self._transport._write = self._locked_write  # noqa: SLF001
        self._collect = connection.collect
        connection.collect = self._leave  # whoever closes it, py-amqp too
        self.encrypted = connection.transport.__class__.__name__ == "SSLTransport"
        if not self.encrypted:
            _alive.add(self)

    def hear(self, data: bytes) -> bytes:
        """Note that the broker said something. Raises `TimeoutError` when it beats, and does not answer what it was asked."""
        self._heard = monotonic()
        if data != _FRAME:
            self._answered = self._heard
        elif self._heard - self._answered > self._patience:
            raise TimeoutError("the broker beats, and does not answer")
        return data

    def expect(self, within: float) -> None:
        """From now on the broker must say more than heartbeats at least this often, in seconds; `inf` expects nothing."""
        self._patience, self._answered = within, monotonic()

    def attend(self) -> None:
        """For the owner, between two waits. Raises `ConnectionResetError` when the broker has been silent for too long."""
        now = monotonic()
        if now - self._heard > SILENT_S:
            raise ConnectionResetError("the broker is silent")
        if self.encrypted and now - self._beaten > INTERVAL_S / 2:
            self._connection.send_heartbeat()
            self._beaten = now

    def _locked_write(self, data: bytes) -> None:
        with self._lock:
            self._write(self._rest + data)
            self._rest = b""

    def _leave(self) -> None:
        """Close, and never beat again: the socket's number may be another's the next moment."""
        with self._lock:
            self._left = True
        self._collect()

    def beat(self) -> None:
        """Write one heartbeat frame, unless somebody is writing anyway."""
        if self._lock.acquire(blocking=False):
            try:
                if not self._left:
                    self._beat()
            finally:
                self._lock.release()

    def _beat(self) -> None:
        socket = self._transport.sock
        if socket is not None:
            rest = self._rest or _FRAME
            with contextlib.suppress(OSError):
                self._rest = rest[write(socket.fileno(), rest) :]


def start() -> None:
    """See that the thread runs that beats for all connections. Raises `OSError` while the machine has no thread left for it."""
    if _started.acquire(blocking=False):
        try:
            start_new_thread(_run, ())
        except RuntimeError as error:
            _started.release()
            raise OSError(EAGAIN, "no thread left for heartbeats") from error


def _run() -> None:
    while True:
        sleep(INTERVAL_S / 2)
        with contextlib.suppress(Exception):  # somebody connects at this moment, or memory is short: in the next round again
            for guarded in list(_alive):
                guarded.beat()
