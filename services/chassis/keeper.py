"""A server process that never outlives the process that started it, not even when that one is killed.

A small shell stands between the two: it starts the server, waits for its own standard input to close, and then stops
the server. The input closes when `stop` closes it, and also when the starting process ends in any other way. The
server has a session of its own, so a Ctrl-C in the terminal reaches only the starting process, which stops it in order.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from signal import Signals

import psutil

_KEEP = """
stop=$1; grace=$2; shift 2
"$@" >&2 &
server=$!
echo "$server"
read -r _
kill -s "$stop" "$server" 2>/dev/null
(trap 'kill -s KILL $!; wait $!; exit' TERM; sleep "$grace" & wait $! && kill -s KILL "$server") >/dev/null 2>&1 &
guard=$!
wait "$server"
exec 2>/dev/null
kill "$guard"
wait "$guard"
"""


class KeptProcess:
    """A running server: `pid` is its own process id, not the keeper's. Its working folder is that of `log`.

    `stop_signal` asks it to end; after `grace` seconds it is killed. What it prints is added to `log`.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        stop_signal: Signals = Signals.SIGTERM,
        grace: int = 20,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        keeper = ["/bin/sh", "-c", _KEEP, "keeper", stop_signal.name.removeprefix("SIG"), str(grace), *map(str, command)]
        with log.open("ab") as output:
            self._keeper = subprocess.Popen(
                keeper,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                env=environment,
                cwd=log.parent,  # what a server drops when it crashes falls beside its log
                start_new_session=True,
            )
        assert self._keeper.stdout is not None  # noqa: S101 - a pipe was asked for
        self.pid = int(self._keeper.stdout.readline())

    @property
    def running(self) -> bool:
        """Whether the server itself is alive; it may have ended while its keeper still waits."""
        return is_alive(self.pid)

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL)."""
        os.kill(self.pid, Signals.SIGKILL)

    def stop(self) -> None:
        """Stop it in order and wait for its end; harmless when it has ended already."""
        self._keeper.communicate()


def is_alive(pid: int) -> bool:
    """Whether a process runs under this id; one that ended and waits to be collected does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
