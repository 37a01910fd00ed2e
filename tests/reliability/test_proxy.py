"""The bad network is as bad as it says: each of its faults strikes whoever is connected through it, and ends when it is healed."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ETIMEDOUT
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from time import monotonic
from typing import Any

import pytest

from tests.reliability.patience import eventually
from tests.servers.proxy import DOWN, UP, Proxy

WORD = b"hello"
SILENCE_S = 0.3
"""So long nothing comes where nothing may come; without a fault it takes a hundredth of it."""
PATIENCE_S = 15.0


class Echo(ThreadingTCPServer):
    """A server that says again what it hears; `heard` is all of it, `broken` how many of its connections were reset."""

    daemon_threads = True

    def __init__(self) -> None:
        self.heard = b""
        self.broken = 0
        super().__init__(("127.0.0.1", 0), _Answering)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    @contextmanager
    def running(self) -> Iterator["Echo"]:
        """It answers during the block."""
        with self:
            Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
            yield self
            self.shutdown()


class _Answering(BaseRequestHandler):
    server: Echo

    def handle(self) -> None:
        try:
            while data := self.request.recv(65_536):
                self.server.heard += data
                self.request.sendall(data)
        except ConnectionResetError:
            self.server.broken += 1


@pytest.fixture
def echo() -> Iterator[Echo]:
    """A server behind the network."""
    with Echo().running() as echo:
        yield echo


@pytest.fixture
def bad_network(echo: Echo) -> Iterator[Proxy]:
    """The network before it, which is well."""
    with Proxy(echo.port).running() as proxy:
        yield proxy


@pytest.fixture
def line(bad_network: Proxy) -> Iterator[socket.socket]:
    """A connection through it, which has been used."""
    with connected(bad_network) as line:
        assert said(line) == WORD
        yield line


@contextmanager
def connected(network: Proxy) -> Iterator[socket.socket]:
    """One more connection."""
    with socket.create_connection(("127.0.0.1", network.port), timeout=PATIENCE_S) as line:
        yield line


def said(line: socket.socket, words: bytes = WORD) -> bytes:
    """What is answered to these words."""
    line.sendall(words)
    return heard(line, len(words))


def heard(line: socket.socket, length: int = len(WORD), within: float = PATIENCE_S) -> bytes:
    """What comes, until it is so long; nothing, if nothing comes in time."""
    line.settimeout(within)
    answer = b""
    try:
        while len(answer) < length and (piece := line.recv(length)):
            answer += piece
    except TimeoutError:
        pass
    return answer


def test_well(bad_network: Proxy, line: socket.socket) -> None:
    """Without a fault everything comes through, both ways, and every connection is counted while it lasts."""
    assert said(line, WORD * 20_000) == WORD * 20_000
    with connected(bad_network) as other:
        assert said(other) == WORD
        assert len(bad_network.lines) == 2
    eventually(lambda: len(bad_network.lines) == 1, what="the end of the other")


@pytest.mark.parametrize(("ways", "arrives"), [((UP,), WORD), ((DOWN,), 2 * WORD), ((), WORD)], ids=["up", "down", "both"])
def test_swallow(bad_network: Proxy, line: socket.socket, echo: Echo, ways: tuple[str, ...], arrives: bytes) -> None:
    """A blackhole: on the way up the server hears nothing, on the way down the client. Nobody is told, and all comes when it is healed."""
    bad_network.swallow(*ways)
    line.sendall(WORD)
    assert heard(line, within=SILENCE_S) == b""
    eventually(lambda: echo.heard == arrives, what="what passes on the other way")
    bad_network.heal()
    assert heard(line) == WORD
    assert echo.heard == 2 * WORD


def test_swallow_new_connections(bad_network: Proxy) -> None:
    """Whoever connects during a blackhole hears nothing either."""
    bad_network.swallow()
    with connected(bad_network) as line:
        line.sendall(WORD)
        assert heard(line, within=SILENCE_S) == b""


def test_reset(bad_network: Proxy, line: socket.socket, echo: Echo) -> None:
    """A reset is told to both ends; whoever connects again is well."""
    before = bad_network.lines
    bad_network.reset()
    with pytest.raises(ConnectionResetError):
        line.recv(1)
    eventually(lambda: echo.broken == 1, what="the reset at the server")
    eventually(lambda: not before & bad_network.lines, what="the end of the line")
    with connected(bad_network) as again:
        assert said(again) == WORD


def test_forget(bad_network: Proxy, line: socket.socket, echo: Echo) -> None:
    """A half-open connection hears nothing any more, not even that it is broken, whatever is healed; new ones are well."""
    bad_network.forget()
    bad_network.heal()
    line.sendall(WORD)
    assert heard(line, within=SILENCE_S) == b""
    assert (echo.heard, echo.broken) == (WORD, 0)
    with connected(bad_network) as new:
        assert said(new) == WORD


def test_forget_confirms_nothing(bad_network: Proxy, line: socket.socket) -> None:
    """Nor is anything confirmed: a sender who asks for that gives up, as if the other machine had vanished from the network."""
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 100)
    bad_network.forget()
    line.sendall(WORD)
    with pytest.raises(TimeoutError) as gave_up:
        line.recv(1)
    assert gave_up.value.errno == ETIMEDOUT


@pytest.mark.parametrize(
    ("fault", "length", "seconds"), [({"latency_s": 0.2}, 1, 0.4), ({"bytes_per_s": 10_000}, 2_000, 0.4)], ids=["latency", "rate"]
)
def test_slow(bad_network: Proxy, line: socket.socket, fault: dict[str, Any], length: int, seconds: float) -> None:
    """Latency holds each way for whatever is sent, and a rate for its length; both are over when it is healed."""
    for name, value in fault.items():
        setattr(bad_network, name, value)
    began = monotonic()
    assert len(said(line, b"x" * length)) == length
    assert monotonic() - began >= seconds
    bad_network.heal()
    assert (bad_network.latency_s, bad_network.bytes_per_s) == (0.0, float("inf"))
