"""Measures, and writes what came out: `make bench`, or `make bench ARGS="pipeline --rounds 5"` for some of it.

Each measurement keeps its figures in `results/<name>.json`; `README.md` is written from all that are there. Machines are
shared: quote medians and the ratios of one run, not rates of different days.
"""

import json
import os
import platform
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psutil

from benchmarks import embedded, enrolments, flatness, interleaved, memory, programme, reads, replicas, report
from benchmarks.summary import Pipeline
from benchmarks.wanted import Result, Wanted

RESULTS = Path(__file__).parent / "results"

MEASURES: dict[str, Callable[[Wanted], Result]] = {
    "pipeline": interleaved.measure,
    "replicas": replicas.measure,
    "embedded": embedded.measure,
    "reads": reads.measure,
    "enrolments": enrolments.measure,
    "memory": memory.at_rest,
    "programme": programme.measure,
    "stream": memory.stream,
    "flatness": flatness.measure,
}
LONG = ("programme", "stream", "flatness")
"""Only when they are named."""


def main() -> None:
    """Measure what is named, and write the report."""
    parser = ArgumentParser(
        prog="make bench", description=f"Without a name: all but {', '.join(LONG)}. `report` only writes the page again."
    )
    parser.add_argument("measures", nargs="*", choices=[*MEASURES, "report", []], metavar="|".join([*MEASURES, "report"]))
    parser.add_argument("--rounds", type=int, default=Wanted.rounds)
    parser.add_argument("--scale", type=float, default=Wanted.scale, help="shorter or longer runs; below 1 for trying out only")
    asked = parser.parse_args()
    for name in asked.measures or [name for name in MEASURES if name not in LONG]:
        if name in MEASURES:
            _keep(name, MEASURES[name](Wanted(asked.rounds, asked.scale)))
    report.write(RESULTS)


def _keep(name: str, result: Result) -> None:
    RESULTS.mkdir(exist_ok=True)
    _write(name, {"measured": _circumstances(), **result})
    if name == "pipeline":
        _write("latest", Pipeline(result["runs"]).latest())


def _write(name: str, content: Result) -> None:
    (RESULTS / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n")


def _circumstances() -> Result:
    return {
        "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "cores": psutil.cpu_count(),
        "load": round(os.getloadavg()[1], 1),
        "python": platform.python_version(),
    }


if __name__ == "__main__":
    main()
