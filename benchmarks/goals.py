"""What Deltag must reach, and whether it does: the table of goals against what was measured."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from benchmarks.summary import Pipeline, Spread
from benchmarks.wanted import QUEUE_TYPES

TIMES_PEER = {"classic": 10.0, "quorum": 12.0}
TIMES_NAMEKO = 30.0
SHARE = 0.5
CPU_PYTHON, CPU_ALL = 0.13, 0.30
P50_MS, P99_MS = 5.0, 10.0


class Goal(NamedTuple):
    """`bound` is the least that is enough when `at_least`, and the most otherwise."""

    name: str
    measured: float
    bound: float
    unit: str = ""
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether it is reached."""
        return self.measured >= self.bound if self.at_least else self.measured <= self.bound

    @property
    def verdict(self) -> str:
        """Met, or missed by how much of the bound."""
        return "met" if self.met else f"missed by {abs(self.measured - self.bound) / self.bound:.0%}"


def goals(results: Mapping[str, Any]) -> Iterator[Goal]:
    """Those of which something was measured."""
    if "pipeline" in results:
        pipeline = Pipeline(results["pipeline"]["runs"])
        for queue_type in QUEUE_TYPES:
            yield from _of_pipeline(pipeline, queue_type)


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


def _goal(name: str, found: Spread | None, bound: float, unit: str, *, at_least: bool) -> Iterator[Goal]:
    if found:
        yield Goal(name, found.median, bound, unit, at_least)
