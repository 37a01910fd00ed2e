"""What many runs say together: medians with their ranges, and ratios within a round, where the neighbours were the same."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple

from benchmarks.contestants.field import FIELD
from benchmarks.wanted import QUEUE_TYPES

Run = Mapping[str, Any]


class Spread(NamedTuple):
    """Of one figure."""

    median: float
    least: float
    most: float


def spread(values: Iterable[float]) -> Spread | None:
    """None when there are none."""
    known = list(values)
    return Spread(median(known), min(known), max(known)) if known else None


def ratio(runs: Sequence[Run], figure: str, ours: Run, theirs: Run) -> Spread | None:
    """The figure of the runs that are like `ours`, by that of those like `theirs` in the same round."""
    one, other = (_by_round(runs, figure, like) for like in (ours, theirs))
    return spread(one[number] / other[number] for number in one if number in other)


def figures(runs: Sequence[Run], figure: str, like: Run) -> Spread | None:
    """The figure of the runs that are like this one."""
    return spread(_by_round(runs, figure, like).values())


def _by_round(runs: Sequence[Run], figure: str, like: Run) -> dict[int, float]:
    right = (run for run in runs if run["ok"] and figure in run and like.items() <= run.items())
    return {run["round"]: run[figure] for run in right}


class Pipeline:
    """The runs of the pipeline; only those whose counts were right are quoted."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self.runs = runs

    def figure(self, name: str, queue_type: str, figure: str) -> Spread | None:
        """One figure of one contestant."""
        return figures(self.runs, figure, {"name": name, "queue_type": queue_type})

    def cpu(self, name: str, queue_type: str) -> Spread | None:
        """Seconds for a thousand, of everyone who worked on them."""
        return self.figure(name, queue_type, "cpu_all_s_per_1000")

    def ratio(self, name: str, other: str, queue_type: str, figure: str = "events_per_s") -> Spread | None:
        """One contestant's figure by another's of the same round."""
        ours, theirs = ({"name": who, "queue_type": queue_type} for who in (name, other))
        return ratio(self.runs, figure, ours, theirs)

    def right(self, name: str, queue_type: str) -> str:
        """How many runs had exact counts, of how many."""
        runs = self._of(name, queue_type)
        return f"{len(runs) - self.wrong(name, queue_type)}/{len(runs)}"

    def wrong(self, name: str, queue_type: str) -> int:
        """How many had not, or did not come to their end."""
        return sum(not run["ok"] for run in self._of(name, queue_type))

    def latest(self) -> dict[str, dict[str, dict[str, float | bool | None]]]:
        """By contestant and by queue type: the medians."""
        return {c.name: {queue_type: self._latest(c.name, queue_type) for queue_type in QUEUE_TYPES} for c in FIELD}

    def _of(self, name: str, queue_type: str) -> Sequence[Run]:
        return [run for run in self.runs if (run["name"], run["queue_type"]) == (name, queue_type)]

    def _latest(self, name: str, queue_type: str) -> dict[str, float | bool | None]:
        names = ("events_per_s", "cpu_python_s_per_1000", "p50_ms", "p99_ms")
        figures = {figure: _median(self.figure(name, queue_type, figure)) for figure in names}
        return figures | {"cpu_all_s_per_1000": _median(self.cpu(name, queue_type)), "ok": not self.wrong(name, queue_type)}


def _median(found: Spread | None) -> float | None:
    return round(found.median, 4) if found else None
