"""Files of families: what a line costs in chunks, and a line at a time; and whether memory stays flat over a long file.

The same file, the same rules, the same report: only the number of lines in a transaction differs. Memory is measured in
a process of its own, after the first tenth of the lines and at the end.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from time import perf_counter
from typing import Any, Final
from unittest.mock import patch

import psutil

from benchmarks.machine import machine
from benchmarks.process import ROOT
from benchmarks.town import Town, town
from benchmarks.wanted import Result, Wanted, tell
from services.chassis.service import Context
from services.registration.imports import handlers, passes
from services.registration.imports.columns import Kind
from services.registration.imports.record import State
from services.registration.imports.running import Run

LINES: Final = 5_000
ONE_BY_ONE: Final = 500
LONG: Final = 100_000
HEADER: Final = "CPR;Fornavn;Efternavn;Født;Institution;Spor;Start;Mors navn;Mors CPR;Mors e-mail;Mors mobil;Mors myndighed"
PASSES: Final = (State.READING, State.CHECKING, State.APPLYING)


def measure(wanted: Wanted) -> Result:
    """Each round on an empty database; the long file once."""
    runs = []
    with machine() as servers:
        for number in range(wanted.rounds):
            for chunk, lines in ((passes.CHUNK, wanted.of(LINES)), (1, wanted.of(ONE_BY_ONE))):
                with town(servers) as place:
                    runs.append(_run(number, chunk, lines, place))
        with town(servers) as place:
            long = _long(wanted.of(LONG), place)
    return {"rounds": wanted.rounds, "runs": runs, "long": long}


def a_file(lines: int) -> bytes:
    """Children of invented families, two to a mother, in the form that people send; their numbers are replacement numbers."""
    return "\n".join([HEADER, *(_line(n) for n in range(lines))]).encode("cp1252")


def _line(n: int) -> str:
    month, day, serial = n // 28 % 12 + 1, n % 28 + 1, n // 336
    mother = n // 2
    number = f"{day + 60:02d}{month:02d}22-{serial:04d}"
    hers = f"{mother % 28 + 61:02d}{mother // 28 % 12 + 1:02d}91{mother // 336:04d}"
    return (
        f"{number};Barn {n};Prøvesen;{day}.{month}.22;Børnehuset Birkegården;A;1. marts 2024;Mor {mother} Prøvesen;{hers};"
        f"mor{mother}@example.org;2{mother:07d};ja"
    )


def imported(context: Context, lines: int) -> dict[str, float]:
    """Seconds that each pass took over a file of so many lines."""
    with context.work() as work:
        import_id = handlers.receive(a_file(lines), Kind.FAMILIES, "benchmark", {"programme": "sammen-om-boern"}, work).import_id
    took = _passes(context, import_id, State.RECEIVED)
    with context.work() as work:
        found = handlers.found(import_id, work)
        handlers.confirm(import_id, found.report or "", work)
    return took | _passes(context, import_id, State.APPLYING)


def _passes(context: Context, import_id: str, before: State) -> dict[str, float]:
    """What each chunk took counts for the pass that it began in, the first for `before`."""
    took: dict[str, float] = {}
    began = perf_counter()
    for state in (one.state for one in Run(context, import_id).chunks()):
        now = perf_counter()
        took[before] = took.get(before, 0.0) + now - began
        began, before = now, state
    return took


def _run(number: int, chunk: int, lines: int, place: Town) -> Result:
    with patch.object(passes, "CHUNK", chunk):
        took = imported(place.place.context("registration"), lines)
    per_1000 = {f"{state}_s_per_1000": took.get(state, 0.0) * 1000 / lines for state in PASSES}
    whole = sum(took.values()) * 1000 / lines
    tell(f"{number + 1} imports  {chunk:4} lines a transaction: {whole:.2f} s/1000")
    return {"round": number, "chunk": chunk, "s_per_1000": whole, **per_1000, "ok": _enrolled(place) == lines}


def _enrolled(place: Town) -> int:
    with place.place.context("registration").work() as work:
        return int(work.connection.exec_driver_sql("select count(*) from enrolment where status = 'accepted'").scalar_one())


def _long(lines: int, place: Town) -> Result:
    command = [sys.executable, "-m", "benchmarks.imports", str(lines)]
    done = subprocess.run(command, cwd=ROOT, env=dict(place.environment), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the long import ended with {done.returncode}: {done.stderr[-1_000:]}")
    found: Mapping[str, Any] = json.loads(done.stdout.splitlines()[-1])
    tell(f"  imports  {lines} lines: {found['early_mb']:.0f} MB after a tenth, {found['late_mb']:.0f} MB at most after that")
    return {**found, "lines": lines}


def _memory(lines: int) -> Mapping[str, float]:
    """Megabytes of this process over a long file, and how long it took."""
    from services.cli.places import place_for  # noqa: PLC0415 - for the process of its own

    began, context, me = perf_counter(), place_for("registration").context("registration"), psutil.Process()
    with context.work() as work:
        import_id = handlers.receive(a_file(lines), Kind.FAMILIES, "benchmark", {"programme": "sammen-om-boern"}, work).import_id
    seen = [(one.state, one.done, me.memory_info().rss / 1e6) for one in Run(context, import_id).chunks()]
    with context.work() as work:
        handlers.confirm(import_id, handlers.found(import_id, work).report or "", work)
    seen += [(one.state, one.done, me.memory_info().rss / 1e6) for one in Run(context, import_id).chunks()]
    early = max(rss for state, done, rss in seen if state is State.READING and done <= max(lines / 10, passes.CHUNK))
    return {"early_mb": early, "late_mb": max(rss for _, _, rss in seen), "s": perf_counter() - began}


if __name__ == "__main__":
    print(json.dumps(_memory(int(sys.argv[1]))))
