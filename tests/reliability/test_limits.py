"""A process that may have no more files, or no more memory: it says so, loses nothing, and goes on when it may again."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psutil

from tests.reliability.patience import eventually, lasts
from tests.reliability.processes import Process
from tests.reliability.stage import Stage

CALLERS = 50
SPARE_FILES = 5
SPARE_BYTES = 4 * 2**20
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


def test_no_more_memory(stage: Stage) -> None:
    """Fault 38: `ulimit -v` just above what the process has. Whatever fails for it is tried again, and nothing is parked."""
    [registration, _] = stage.start_all("registration", "reporting", DELTAG_RETRY_ATTEMPTS="20")
    size = psutil.Process(registration.pid).memory_info().vms + SPARE_BYTES
    with stage.flowing():
        with limited(registration, psutil.RLIMIT_AS, size):
            lasts(LASTS_S)
        seconds = stage.recovered()
    stage.figures(seconds).judge(f"no more than {size / 2**20:.0f} MB of addresses for {LASTS_S} s")
