"""What Deltag must reach, and whether it does: the table of goals against what was measured."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from benchmarks.summary import Pipeline, Spread, figures, ratio
from benchmarks.wanted import QUEUE_TYPES, Result

TIMES_PEER = {"classic": 10.0, "quorum": 12.0}
TIMES_NAMEKO = 30.0
SHARE = 0.5
CPU_PYTHON, CPU_ALL = 0.13, 0.30
P50_MS, P99_MS = 5.0, 10.0
READS = 1.0
START_S = 6.0
AT_REST_MB = 120.0
GROWTH = 1.10
REPLICAS = 1.0


class Goal(NamedTuple):
    """`bound` is the least that is enough when `at_least`, and the most otherwise; None where what is measured is only to be known."""

    name: str
    measured: float
    bound: float | None
    unit: str = ""
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether it is reached."""
        if self.bound is None:
            return True
        return self.measured >= self.bound if self.at_least else self.measured <= self.bound

    @property
    def wanted(self) -> str:
        """The bound, as a reader compares with it."""
        return "to be known" if self.bound is None else f"{'≥' if self.at_least else '≤'} {self.bound:g}{self.unit}"

    @property
    def verdict(self) -> str:
        """Met, or missed by how much of the bound."""
        if self.bound is None:
            return "known"
        if self.met:
            return "met"
        return f"missed by {abs(self.measured - self.bound) / self.bound:.0%}" if self.bound else "missed"


def goals(results: Mapping[str, Any]) -> Iterator[Goal]:
    """Those of which something was measured."""
    if "pipeline" in results:
        pipeline = Pipeline(results["pipeline"]["runs"])
        for queue_type in QUEUE_TYPES:
            yield from _of_pipeline(pipeline, queue_type)
    for name, of_one in _OTHERS.items():
        if name in results:
            yield from of_one(results[name])


def _of_pipeline(pipeline: Pipeline, queue_type: str) -> Iterator[Goal]:
    compared = (
        ("beside `aiopika_raw`", pipeline.ratio("deltag", "aiopika_raw", queue_type), TIMES_PEER[queue_type], " times", True),
        ("beside `nameko_direct`", pipeline.ratio("deltag", "nameko_direct", queue_type), TIMES_NAMEKO, " times", True),
        ("share of the broker's publish rate", pipeline.ratio("deltag", "rabbitmq", queue_type), SHARE, "", True),
        ("CPU of Python, s/1000", pipeline.figure("deltag", queue_type, "cpu_python_s_per_1000"), CPU_PYTHON, "", False),
        ("CPU of everything, s/1000", pipeline.cpu("deltag", queue_type), CPU_ALL, "", False),
        ("latency p50", pipeline.figure("deltag", queue_type, "p50_ms"), P50_MS, " ms", False),
        ("latency p99", pipeline.figure("deltag", queue_type, "p99_ms"), P99_MS, " ms", False),
    )
    for name, found, bound, unit, at_least in compared:
        yield from _goal(f"{queue_type}: {name}", found, bound, unit, at_least=at_least)
    yield Goal(f"{queue_type}: runs with a wrong count", pipeline.wrong("deltag", queue_type), 0)


def _goal(name: str, found: Spread | None, bound: float | None, unit: str, *, at_least: bool = False) -> Iterator[Goal]:
    if found:
        yield Goal(name, found.median, bound, unit, at_least)


def _wrong(name: str, result: Result) -> Goal:
    return Goal(f"{name}: runs with a wrong count", sum(not run["ok"] for run in result["runs"]), 0)


def _of_replicas(result: Result) -> Iterator[Goal]:
    rates = ratio(result["runs"], "events_per_s", {"replicas": 2}, {"replicas": 1})
    yield from _goal("two replicas of each service: rate beside one of each", rates, REPLICAS, " times", at_least=True)
    wrong = sum(order["out_of_order"] + abs(order["seen"] - order["messages"]) for order in result["orders"].values())
    yield Goal("two replicas: facts out of order, missing or doubled", wrong, 0)
    yield _wrong("two replicas", result)


def _of_embedded(result: Result) -> Iterator[Goal]:
    yield from _goal("embedded bus", figures(result["runs"], "events_per_s", {}), None, " messages/s")
    yield _wrong("embedded bus", result)


def _of_startup(result: Result) -> Iterator[Goal]:
    yield from _goal("`deltag up` until the first accepted request", figures(result["runs"], "whole", {}), START_S, " s")


def _of_reads(result: Result) -> Iterator[Goal]:
    for peer in ("nameko, psycopg2", "nameko, psycopg3"):
        rates = ratio(result["runs"], "requests_per_s", {"name": "deltag"}, {"name": peer})
        yield from _goal(f"HTTP, one row: beside {peer}", rates, READS, " times", at_least=True)
    yield _wrong("HTTP, one row", result)


def _of_enrolments(result: Result) -> Iterator[Goal]:
    for at_once, name in ((1, "one at a time"), (500, "500 in bulk")):
        rates = ratio(result["runs"], "enrolments_per_s", *({"name": name, "at_once": at_once} for name in ("registration", "nameko")))
        yield from _goal(f"HTTP, enrolment requests, {name}: rate beside a plain transaction each", rates, None, " times")
    yield _wrong("HTTP, enrolment requests", result)


def _of_people(result: Result) -> Iterator[Goal]:
    least, *_, most = result["known"]
    costs = ratio(result["runs"], "cpu_both_s_per_1000", {"known": most}, {"known": least})
    yield from _goal(f"CPU of an enrolment request with {most:,} people known beside {least:,}", costs, GROWTH, " times")
    yield _wrong("an enrolment request with so many people known", result)


def _of_seats(result: Result) -> Iterator[Goal]:
    least, *_, most = result["stored"]
    costs = ratio(result["runs"], "cpu_both_s_per_1000", {"name": "deltag", "stored": most}, {"name": "deltag", "stored": least})
    yield from _goal(f"CPU of a sign-up with {most:,} stored beside {least:,}", costs, GROWTH, " times")
    yield from _goal("an opening rush of 970 families: p99", figures(result["runs"], "p99_ms", {"name": "opening"}), None, " ms")
    errors = sum(run["errors"] for run in result["runs"] if run["name"] in {"deltag", "opening"})
    yield Goal("sign-ups in a rush: errors", errors, 0)
    wrong = sum(not run["ok"] for run in result["runs"] if run["name"] in {"deltag", "opening"})
    yield Goal("sign-ups in a rush: runs with wrong seats", wrong, 0)


def _of_imports(result: Result) -> Iterator[Goal]:
    costs = ratio(result["runs"], "s_per_1000", {"chunk": 1}, {"chunk": 500})
    yield from _goal("a file of families, a line at a time: time beside 500 lines at a time", costs, None, " times")
    yield _wrong("a file of families", result)
    long = result["long"]
    what = f"memory over a file of {long['lines']:,} lines, the most of all beside that of its first tenth"
    yield Goal(what, long["late_mb"] / long["early_mb"], GROWTH, " times")


def _of_memory(result: Result) -> Iterator[Goal]:
    early, late = result["stream"][1], result["stream"][-1]
    what = f"after {result['chunk'] * len(result['stream']):,} requests, beside that after {2 * result['chunk']:,}"
    for name, megabytes in result["at_rest"].items():
        yield Goal(f"memory at rest: {name}", megabytes, AT_REST_MB, " MB")
        yield Goal(f"memory of {name}, the most of all", max(found[name] for found in result["stream"]), None, " MB")
        yield Goal(f"memory of {name} {what}", late[name] / early[name], GROWTH, " times")
    yield Goal("memory: services that did not have every one of them", int(not result["ok"]), 0)


def _of_flatness(result: Result) -> Iterator[Goal]:
    costs = ratio(result["runs"], "cpu_all_s_per_1000", {"stored": 1_000_000}, {"stored": 1_000})
    yield from _goal("CPU of a message with 1,000,000 stored beside 1,000", costs, GROWTH, " times")
    yield _wrong("a message with so many stored", result)


_OTHERS: Mapping[str, Callable[[Result], Iterator[Goal]]] = {
    "replicas": _of_replicas,
    "flatness": _of_flatness,
    "reads": _of_reads,
    "enrolments": _of_enrolments,
    "people": _of_people,
    "seats": _of_seats,
    "imports": _of_imports,
    "embedded": _of_embedded,
    "startup": _of_startup,
    "memory": _of_memory,
}
