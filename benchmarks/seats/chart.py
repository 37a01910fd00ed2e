"""The chart of the seats: how many sign up in a second, how long it takes, and what it costs with how many stored.

Five colours that are told apart by everyone (Okabe and Ito's); every bar has its number.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from benchmarks.chart import Bar, Panel, Row
from benchmarks.summary import Spread, figures

NAMES = ("deltag", "row lock", "advisory locks")
TITLE = "Sign-ups: Deltag beside row locks and advisory locks"
AT_ONCE = {"one activity": 1, "500 activities": 500}
_BLUE, _ORANGE, _REST = "#0072b2", "#e69f00", ("#009e73", "#cc79a7", "#56b4e9")

Result = Mapping[str, Any]


def colours(result: Result) -> Mapping[str, str]:
    """By series: to how many activities at once, and how many sign-ups stored."""
    return {**dict(zip(AT_ONCE, (_BLUE, _ORANGE), strict=True)), **dict(zip(_stored(result), _REST, strict=True))}


def panels(result: Result) -> Iterator[Panel]:
    """From top to bottom."""
    runs = result["runs"]
    yield _panel("Sign-ups a second, sixteen clients (more is better)", runs, "signups_per_s", "at_once", AT_ONCE, "{:,.0f}")
    yield _panel("The same, p99 in ms (less is better)", runs, "p99_ms", "at_once", AT_ONCE, "{:,.0f}")
    costs = "CPU seconds for a thousand sign-ups, PostgreSQL included (flat is better)"
    yield _panel(costs, runs, "cpu_both_s_per_1000", "stored", _stored(result), "{:.2f}")


def _stored(result: Result) -> Mapping[str, int]:
    return {f"{number:,} stored": number for number in result["stored"]}


def _panel(title: str, runs: Sequence[Result], figure: str, by: str, series: Mapping[str, int], form: str) -> Panel:  # noqa: PLR0917 - a panel's parts
    found = {name: {one: figures(runs, figure, {"name": name, by: value}) for one, value in series.items()} for name in NAMES}
    longest = max((one.median for spreads in found.values() for one in _known(spreads.values())), default=1.0)
    return Panel(title, [Row(name, list(_bars(spreads, longest, form))) for name, spreads in found.items()])


def _bars(spreads: Mapping[str, Spread | None], longest: float, form: str) -> Iterator[Bar]:
    for series, found in spreads.items():
        if found:
            yield Bar(series, found.median / longest, form.format(found.median))


def _known(spreads: Iterable[Spread | None]) -> Iterable[Spread]:
    return [found for found in spreads if found]
