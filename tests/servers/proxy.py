"""A network of our own between clients and a server on this machine, which can be as bad as real ones are."""

import asyncio
import ctypes
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from math import inf
from threading import Event, Thread
from urllib.parse import urlsplit

from tests.servers.ports import free_port

UP, DOWN = "up", "down"
"""Towards the server, and back from it."""
PIECE = 16_384
_HARD = struct.pack("ii", 1, 0)
"""For SO_LINGER: closing sends a reset."""
_SO_ATTACH_FILTER = 26
_NOTHING = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))
_DEAF = struct.pack("HP", 1, ctypes.addressof(_NOTHING))
"""For SO_ATTACH_FILTER: the kernel takes no packet for this socket, so it confirms nothing, and answers no probe."""


class Line:
    """One connection through the proxy: its two ends, and whether it is still known to it."""

    def __init__(self, *ends: asyncio.StreamWriter) -> None:
        self.known = asyncio.Event()
        self.known.set()
        self._ends = ends

    def forget(self) -> None:
        """Let nothing pass any more, and confirm nothing: to both ends the other one has vanished from the network."""
        self.known.clear()
        for end in self._ends:
            end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, _DEAF)

    def reset(self) -> None:
        """Tell both ends that it is broken."""
        self.known.set()
        for end in self._ends:
            if not end.is_closing():
                end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _HARD)
                end.transport.abort()


class Proxy:
    """Passes on what comes to its port. `latency_s` holds for every piece of data, `bytes_per_s` for each direction of a connection."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self.latency_s, self.bytes_per_s = 0.0, inf
        self._target = target
        self._lines: set[Line] = set()
        self._passable = {way: asyncio.Event() for way in (UP, DOWN)}
        self._ended = asyncio.Event()
        self._started = Event()

    @property
    def lines(self) -> frozenset[Line]:
        """The connections of this moment."""
        return frozenset(self._lines)

    def url(self, direct: str) -> str:
        """The same address by way of the proxy."""
        return direct.replace(f":{urlsplit(direct).port}/", f":{self.port}/")

    def swallow(self, *ways: str) -> None:
        """A blackhole: in these directions (both, if none is named) nothing arrives any more, and nobody is told."""
        for way in ways or (UP, DOWN):
            self._do(self._passable[way].clear)

    def heal(self) -> None:
        """Everything arrives again, and at once; also what was under way: a network sends again what was not confirmed."""
        self.latency_s, self.bytes_per_s = 0.0, inf
        for passable in self._passable.values():
            self._do(passable.set)

    def reset(self) -> None:
        """All connections are broken, and both ends are told."""
        self._do(lambda: list(map(Line.reset, self._lines)))

    def forget(self) -> None:
        """All connections are half open: both ends think that they live, and nothing will pass, not even a probe. New ones are well."""
        self._do(lambda: list(map(Line.forget, self._lines)))

    @contextmanager
    def running(self) -> Iterator["Proxy"]:
        """It takes connections during the block."""
        thread = Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        thread.start()
        self._started.wait()
        self.heal()
        try:
            yield self
        finally:
            self.reset()
            self._do(self._ended.set)
            thread.join()

    def _do(self, act: Callable[[], object]) -> None:
        asyncio.run_coroutine_threadsafe(_done(act), self._loop).result()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with await asyncio.start_server(self._connected, "127.0.0.1", self.port):
            self._started.set()
            await self._ended.wait()

    async def _connected(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        try:
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            to_client.close()
            return
        line = Line(to_client, to_server)
        self._lines.add(line)
        await asyncio.gather(self._pass_on(line, UP, from_client, to_server), self._pass_on(line, DOWN, from_server, to_client))
        self._lines.discard(line)

    async def _pass_on(self, line: Line, way: str, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await source.read(PIECE):
                await asyncio.sleep(self.latency_s + len(data) / self.bytes_per_s)
                await self._passable[way].wait()
                await line.known.wait()
                target.write(data)
                await target.drain()
        target.close()


async def _done(act: Callable[[], object]) -> None:
    act()
