"""How soon after `deltag up` a request is accepted, in a folder that was used before, and what that time goes to.

The whole is measured on the command itself, the parts on the same calls with a look at the clock between them (`stages.py`).
"""

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import asking
from benchmarks.process import answering, started
from benchmarks.town import PROGRAMME
from benchmarks.waiting import until
from benchmarks.wanted import Result, Wanted, tell
from services.chassis.settings import development_secrets
from tests.servers.ports import free_port

PARTS = {
    "python": "Python itself",
    "imports": "imports: the command line, the chassis and the libraries",
    "database": "PostgreSQL, until it answers and has its databases",
    "services": "imports: the four services",
    "preparation": "migrations, of which there are none to run, and the bus' topology",
    "doors": "doors and loops, until the doors listen",
    "request": "the first request, until it is accepted",
}
"""In the order in which they come; `stages.py` notes when each was done."""

UP = ("services.cli", "up")
STAGES = "benchmarks.stages"


def measure(wanted: Wanted) -> Result:
    """The first start makes the folder and loads the programme, and does not count."""
    with TemporaryDirectory(prefix="deltag-bench-") as place:
        folder = Path(place)
        development_secrets(folder)
        with _up(UP, folder) as url:
            _load(folder)
            _await_acceptance(url, folder)
        runs = [_run(turn, folder) for turn in range(wanted.rounds)]
    return {"rounds": wanted.rounds, "runs": runs}


def _run(turn: int, folder: Path) -> Result:
    whole, parts = _whole(folder), _parts(folder)
    tell(f"{turn + 1} deltag up  {whole:.1f} s to the first accepted request: " + ", ".join(f"{p} {s:.2f}" for p, s in parts.items()))
    return {"round": turn, "ok": True, "whole": whole, **parts}


def _whole(folder: Path) -> float:
    began = time.monotonic()
    return _accepted(UP, folder) - began


def _parts(folder: Path) -> dict[str, float]:
    """The seconds of each."""
    told = folder / "stages.json"
    began = time.monotonic()
    ended = _accepted((STAGES, str(told)), folder)
    done = {"": began, **json.loads(told.read_text()), "request": ended}
    return {part: done[part] - done[before] for before, part in pairwise(("", *PARTS))}


def _accepted(command: Sequence[str], folder: Path) -> float:
    """When the first request was."""
    with _up(command, folder) as url:
        _await_acceptance(url, folder)
        return time.monotonic()


def _await_acceptance(url: str, folder: Path) -> None:
    until(lambda: asking.is_accepted(url, folder), "no request is accepted")


@contextmanager
def _up(command: Sequence[str], folder: Path) -> Iterator[str]:
    with answering(command, _environment(folder), folder, "/") as (url, _process):
        yield url


def _environment(folder: Path) -> Mapping[str, str]:
    return {**os.environ, "DELTAG_DATA_DIR": str(folder), "DELTAG_METRICS_ADDRESS": f"127.0.0.1:{free_port()}"}


def _load(folder: Path) -> None:
    process = started(("services.cli", "programme", "load", str(PROGRAMME)), _environment(folder), folder / "load.log")
    until(lambda: process.poll() is not None, "the programme is not loaded")
