"""Processes of ours: started, waited for, and stopped again."""

import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from benchmarks.waiting import until
from tests.servers.ports import free_port

ROOT = Path(__file__).parents[1]
STOP_WITHIN_S = 20.0


def started(module: Sequence[str], environment: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """`python -m` with these arguments; what it says is added to `log`."""
    with log.open("ab") as said:
        return subprocess.Popen(
            [sys.executable, "-m", *module], env=dict(environment), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )


def stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """All at once; who takes too long is killed."""
    for process in processes:
        process.terminate()
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_WITHIN_S)
        process.kill()
        process.wait()


@contextmanager
def answering(
    module: Sequence[str], environment: Mapping[str, str], folder: Path, path: str = "/health/ready"
) -> Iterator[tuple[str, psutil.Process]]:
    """A process with an HTTP door, up when it answers `path` with a success: that URL, and the process."""
    address = f"127.0.0.1:{free_port()}"
    said = folder / f"{module[0]}.log"
    process = started(module, {**environment, "DELTAG_HTTP_ADDRESS": address, "DELTAG_METRICS_ADDRESS": f"127.0.0.1:{free_port()}"}, said)
    try:
        url = f"http://{address}{path}"
        until(lambda: answers(url) or process.poll() is not None, f"{module[0]} does not answer")
        if process.poll() is not None:
            raise RuntimeError(f"{module[0]} has ended: {said.read_text()[-1_000:]}")
        yield url, psutil.Process(process.pid)
    finally:
        stop([process])


def answers(url: str) -> bool:
    """Whether it is answered with a success."""
    with suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - ours
        return bool(answer.status == 200)  # noqa: PLR2004 - OK
    return False
