"""Measures, and writes what came out: `make bench`, or `make bench ARGS="pipeline --rounds 5"` for some of it.

Each measurement keeps its figures in `results/<name>.json`; `README.md` is written from all that are there. Machines are
shared: quote medians and the ratios of one run, not rates of different days.
"""

import json
import os
import platform
import sys
import traceback
from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import NamedTuple

import psutil

from benchmarks import (
    embedded,
    enrolments,
    flatness,
    imports,
    interleaved,
    memory,
    people,
    programme,
    reads,
    replicas,
    report,
    seats,
    startup,
)
from benchmarks.summary import Pipeline
from benchmarks.wanted import Result, Wanted, tell
from tests.version import version

RESULTS = Path(__file__).parent / "results"
REPORT = "report"


class Measure(NamedTuple):
    """`minutes` with the usual rounds, on two cores that do little else."""

    measured: Callable[[Wanted], Result]
    minutes: float
    what: str


MEASURES = {
    "pipeline": Measure(interleaved.measure, 8, "the job: Deltag, its peers and the servers' limits; throughput, CPU and latency"),
    "replicas": Measure(replicas.measure, 1, "two of each service beside one: rate, counts and order"),
    "embedded": Measure(embedded.measure, 1, "the job in one process, on the embedded bus"),
    "startup": Measure(startup.measure, 1, "`deltag up` until the first accepted request, and what that consists of"),
    "reads": Measure(reads.measure, 1.5, "HTTP: one row by its key, beside nameko alone"),
    "enrolments": Measure(enrolments.measure, 4, "HTTP: enrolment requests, one at a time and 500 in bulk, beside a transaction each"),
    "programme": Measure(programme.measure, 1, "registration and reporting themselves, from request to report"),
    "imports": Measure(imports.measure, 7, "files of families: a line's cost in chunks and one by one; memory over a long file"),
    "memory": Measure(memory.measure, 18, "memory of each service at rest, and over a million messages (once, whatever the rounds)"),
    "people": Measure(people.measure, 6, "what an enrolment request costs with a thousand people known, and with a million"),
    "seats": Measure(seats.measure, 8, "sign-ups beside row locks and advisory locks, with a million stored, and an opening rush"),
    "flatness": Measure(flatness.measure, 3, "what a message costs with a thousand enrolments stored, and with a million"),
}

_LIST = "\n".join(f"  {name:11} {measure.minutes:4g}  {measure.what}" for name, measure in MEASURES.items())
HELP = f"""\
Measures Deltag beside its peers and its servers' limits. Each measurement writes benchmarks/results/NAME.json;
from all that are there, benchmarks/README.md and its chart are written again.

what can be measured, in this order, and for about how many minutes:
{_LIST}
  {REPORT:11}    0  nothing: only writes the page and the chart again, from the results of earlier runs
"""
EXAMPLES = """\
as arguments of make:
  make bench                                   everything, in three rounds
  make bench ARGS="pipeline replicas"          two of them
  make bench ARGS="enrolments --rounds 5"      one of them, in five rounds
  make bench ARGS="pipeline --rounds 1 --scale 0.1"   try it out
"""


def main() -> None:
    """Measure what is named, and write the report."""
    asked = parser().parse_args()
    began = monotonic()
    names = [name for name in asked.names or MEASURES if name in MEASURES]
    failed = [name for name in names if not _is_kept(name, Wanted(asked.rounds, asked.scale))]
    report.write(RESULTS)
    tell(f"All of it took {(monotonic() - began) / 60:.1f} minutes.")
    if failed:
        sys.exit(f"Not measured, so what the page says of it is older: {', '.join(failed)}.")


def parser() -> ArgumentParser:
    """What can be options for."""
    options = ArgumentParser(prog="make bench", formatter_class=RawDescriptionHelpFormatter, description=HELP, epilog=EXAMPLES)
    options.add_argument("names", nargs="*", type=_name, metavar="NAME", help="what is to be measured, from the list above (default: all)")
    options.add_argument(
        "--rounds",
        type=_rounds,
        default=Wanted.rounds,
        metavar="N",
        help="how often each is measured: in every round each contestant runs once, one after the other, so that a neighbour's load"
        " falls on all; the page shows the median and the range of the rounds (default: %(default)s)",
    )
    options.add_argument(
        "--scale",
        type=_scale,
        default=Wanted.scale,
        metavar="X",
        help="multiplies the number of messages and the seconds of every run; figures of less than 1 are for trying out"
        " only (default: %(default)g)",
    )
    return options


def _name(text: str) -> str:
    if text not in (*MEASURES, REPORT):
        raise ArgumentTypeError(f"there is no {text}: {', '.join((*MEASURES, REPORT))}")
    return text


def _rounds(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError("a whole number from 1")
    return int(text)


def _scale(text: str) -> float:
    try:
        scale = float(text)
    except ValueError:
        scale = 0.0
    if not 0 < scale < float("inf"):
        raise ArgumentTypeError("a number above 0")
    return scale


def _is_kept(name: str, wanted: Wanted) -> bool:
    """Measure it, and keep what came out; when that goes wrong, say so, so that the others are measured all the same."""
    tell(f"{name}: about {MEASURES[name].minutes * wanted.rounds / Wanted.rounds * wanted.scale:.1f} minutes")
    began = monotonic()
    try:
        result = MEASURES[name].measured(wanted)
    except Exception:  # noqa: BLE001 - whatever it is, it is shown
        traceback.print_exc()
        return False
    minutes = (monotonic() - began) / 60
    tell(f"{name}: took {minutes:.1f} minutes\n")
    _keep(name, {"measured": {**_circumstances(), "minutes": round(minutes, 1)}, **result})
    return True


def _keep(name: str, result: Result) -> None:
    RESULTS.mkdir(exist_ok=True)
    _write(name, result)
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
        "commit": version(),
    }


if __name__ == "__main__":
    main()
