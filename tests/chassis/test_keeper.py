"""Kept processes: they stop in order, and never outlive who started them."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from signal import Signals

import psutil
import pytest

from services.chassis.keeper import KeptProcess, is_alive

STUBBORN = "trap '' TERM INT; while :; do read -r _ < /dev/zero; done"
START_AND_DIE = """
import os, sys
from pathlib import Path
from services.chassis.keeper import KeptProcess
print(KeptProcess(["sleep", "600"], log=Path(sys.argv[1])).pid, flush=True)
os.kill(os.getpid(), 9)
"""


def test_it_stops_when_told(tmp_path: Path) -> None:
    """`stop` ends the server and returns when it is gone."""
    process = KeptProcess(["sleep", "600"], log=tmp_path / "log")
    assert process.running
    process.stop()
    assert not process.running


def test_it_does_not_outlive_its_starter(tmp_path: Path) -> None:
    """A server whose starter is killed with -9 ends too."""
    starter = subprocess.run([sys.executable, "-c", START_AND_DIE, str(tmp_path / "log")], capture_output=True, text=True, check=False)
    assert starter.returncode == -Signals.SIGKILL
    _wait_until(lambda: not is_alive(int(starter.stdout)))


def test_a_server_that_died_is_seen(tmp_path: Path) -> None:
    """A server that ended by itself is not running, and stopping it is harmless."""
    process = KeptProcess(["sleep", "600"], log=tmp_path / "log")
    process.kill()
    _wait_until(lambda: not process.running)
    process.stop()


def test_one_that_will_not_stop_is_killed(tmp_path: Path) -> None:
    """After its grace a server that ignores the signal is killed."""
    process = KeptProcess(["sh", "-c", STUBBORN], log=tmp_path / "log", grace=1)
    process.stop()
    assert not process.running


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """A stop leaves no process of the keeper's own, however quickly it came."""
    mark = 100_000 + os.getpid()
    for _ in range(20):
        KeptProcess(["sleep", "600"], log=tmp_path / "log", grace=mark).stop()
    assert [process.pid for process in psutil.process_iter(["cmdline"]) if str(mark) in (process.info["cmdline"] or [])] == []


@pytest.mark.parametrize("stop_signal", [Signals.SIGTERM, Signals.SIGINT])
def test_what_it_prints_is_kept(tmp_path: Path, stop_signal: Signals) -> None:
    """Its output, and what it says at its end, are in the log."""
    script = "import signal,sys\ndef end(*_): print('ended', flush=True); sys.exit()\n"
    script += f"signal.signal({int(stop_signal)}, end)\nprint('began', flush=True)\nsignal.pause()"
    process = KeptProcess([sys.executable, "-c", script], log=tmp_path / "log", stop_signal=stop_signal)
    _wait_until(lambda: "began" in (tmp_path / "log").read_text())
    process.stop()
    assert (tmp_path / "log").read_text() == "began\nended\n"


def _wait_until(condition: Callable[[], bool]) -> None:
    """Look again and again; the test's own time limit ends it."""
    while not condition():
        pass
