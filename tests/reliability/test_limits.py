"""A process that may have no more files, threads or memory: it says so, loses nothing, and goes on when it may again."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from resource import RLIM_INFINITY, RLIMIT_NPROC, getrlimit

import psutil

from tests.reliability.patience import START_WITHIN_S, eventually, lasts
from tests.reliability.processes import Process
from tests.reliability.stage import Stage
from tests.servers.proxy import DOWN, UP, Proxy
from tests.servers.rabbit import RabbitNode

CALLERS = 50
SPARE_FILES = 5
LASTS_S = 5


@contextmanager
def limited(process: Process, resource: int, most: int) -> Iterator[None]:
    """During the block the process may have no more than this."""
    running = psutil.Process(process.pid)
    before = running.rlimit(resource)
    running.rlimit(resource, (most, before[1]))
    try:
        yield
    finally:
        running.rlimit(resource, before)


@contextmanager
def without_threads(process: Process) -> Iterator[None]:
    """During the block the process may begin no thread."""
    before, _ = getrlimit(RLIMIT_NPROC)
    _limit_threads(process, "1")
    try:
        yield
    finally:
        _limit_threads(process, "unlimited" if before == RLIM_INFINITY else str(before))


def _limit_threads(process: Process, most: str) -> None:
    """Only who is the same user may do it, if he has no right above all others."""
    user = psutil.Process(process.pid).uids().real
    as_he = () if user == os.geteuid() else ("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups")
    subprocess.run([*as_he, "prlimit", f"--pid={process.pid}", f"--nproc={most}:"], check=True)


@contextmanager
def callers(process: Process) -> Iterator[None]:
    """During the block so many connections to its HTTP door are open, and nobody says anything."""
    host, port = process.address.split(":")
    with ExitStack() as calls:
        for _ in range(CALLERS):
            calls.enter_context(socket.create_connection((host, int(port)), timeout=5))
        yield


def test_no_more_files(stage: Stage) -> None:
    """Fault 38: callers use up all file descriptors. The log says so, and when they have gone all goes on, at the door and behind it."""
    [registration, _] = stage.start_all("registration", "reporting")
    files = psutil.Process(registration.pid).num_fds() + SPARE_FILES
    with stage.flowing():
        with limited(registration, psutil.RLIMIT_NOFILE, files), callers(registration):
            eventually(lambda: "http.short" in registration.log.read_text(), what="a word about it")
            lasts(LASTS_S)
        seconds = stage.recovered()
        assert registration.door_answers()
    stage.figures(seconds).judge(f"{CALLERS} callers of a process with {files} file descriptors")


def test_no_more_threads(stage: Stage, rabbit: RabbitNode) -> None:
    """Fault 38: no thread is left for the heartbeats when the broker can be reached at last. Health says so; with one, all goes on."""
    with Proxy(rabbit.port).running() as network:
        network.swallow(UP, DOWN)
        registration, _ = stage.start_bound("registration", DELTAG_AMQP_URL=network.url(stage.bus_url)), stage.start("reporting")
        eventually(registration.health, within=START_WITHIN_S, what="an answer")
        threads = psutil.Process(registration.pid).num_threads()
        with without_threads(registration):
            network.heal()
            eventually(lambda: "no thread left" in registration.trouble(), what="it in its health", told=registration.trouble)
        registration.await_ready()
        assert psutil.Process(registration.pid).num_threads() == threads + 1
        with stage.flowing():
            seconds = stage.recovered()
    assert "loop.failed" not in registration.log.read_text()
    stage.figures(seconds).judge("no thread left for heartbeats at the start")


def test_no_more_memory(stage: Stage) -> None:
    """Fault 38: `ulimit -v` just at what the process has. The log says what fails for it, it is tried again, and nothing is parked."""
    [registration, _] = stage.start_all("registration", "reporting", DELTAG_RETRY_ATTEMPTS="20")
    size = psutil.Process(registration.pid).memory_info().vms
    with stage.flowing():
        with limited(registration, psutil.RLIMIT_AS, size):
            eventually(lambda: "MemoryError" in registration.log.read_text(), within=START_WITHIN_S, what="a word about it")
            lasts(LASTS_S)
        seconds = stage.recovered()
    failed = registration.log.read_text().count("MemoryError")
    stage.figures(seconds).judge(f"no more than {size / 2**20:.0f} MB of addresses for {LASTS_S} s and more, {failed} times missed")
