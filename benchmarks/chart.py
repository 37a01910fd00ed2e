"""The chart of the pipeline: bars for every contestant on both types of queue, drawn on the server as the report's are.

The two colours are told apart by everyone, also in print (Okabe and Ito's blue and orange), and every bar has its number.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from benchmarks.contestants.field import FIELD
from benchmarks.summary import Pipeline, Spread
from benchmarks.wanted import QUEUE_TYPES

LINE = 15
COLOURS = {"classic": "#0072b2", "quorum": "#e69f00"}
TITLE = "Deltag beside its peers, on classic and on quorum queues"


class Bar(NamedTuple):
    """`series` says its colour, and `share` how long it is beside the panel's longest."""

    series: str
    share: float
    written: str


class Row(NamedTuple):
    """One contestant's bars."""

    name: str
    bars: list[Bar]


class Panel(NamedTuple):
    """One figure of everybody."""

    title: str
    rows: list[Row]


def panels(pipeline: Pipeline) -> Iterator[Panel]:
    """From top to bottom."""
    rates = {name: _found(pipeline, name, "events_per_s") for name in ("rabbitmq", *_names())}
    yield _panel("Messages a second (more is better; rabbitmq: publishing alone)", rates, "{:,.0f}")
    costs = {name: [pipeline.cpu(name, queue_type) for queue_type in QUEUE_TYPES] for name in _names()}
    yield _panel("CPU seconds for a thousand messages, servers included (less is better)", costs, "{:.2f}")
    yield _panel("Latency at 50 a second, p50 in ms (less is better)", {n: _found(pipeline, n, "p50_ms") for n in _names()}, "{:,.1f}")
    yield _panel("Latency at 50 a second, p99 in ms (less is better)", {n: _found(pipeline, n, "p99_ms") for n in _names()}, "{:,.1f}")


def height(drawn: Iterable[Panel]) -> int:
    """Of the whole: a line for each bar and half a line after a row, two more for a panel, and the legend."""
    lines = sum(2 + sum(len(row.bars) + 0.5 for row in panel.rows) for panel in drawn)
    return int(lines * LINE + 3 * LINE)


def _names() -> list[str]:
    return [contestant.name for contestant in FIELD]


def _found(pipeline: Pipeline, name: str, figure: str) -> list[Spread | None]:
    return [pipeline.figure(name, queue_type, figure) for queue_type in QUEUE_TYPES]


def _panel(title: str, figures: dict[str, list[Spread | None]], form: str) -> Panel:
    longest = max((found.median for spreads in figures.values() for found in spreads if found), default=1.0)
    return Panel(title, [Row(name, _bars(spreads, longest, form)) for name, spreads in figures.items()])


def _bars(spreads: list[Spread | None], longest: float, form: str) -> list[Bar]:
    known = zip(QUEUE_TYPES, spreads, strict=True)
    return [Bar(queue_type, found.median / longest, form.format(found.median)) for queue_type, found in known if found]
