"""Writes the figures into `README.md`, between two marks; the reading around them is written by hand."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from benchmarks import chart
from benchmarks.contestants.field import FIELD
from benchmarks.goals import goals
from benchmarks.seats import chart as seats_chart
from benchmarks.startup import PARTS
from benchmarks.summary import Pipeline, Spread, figures, ratio
from benchmarks.wanted import QUEUE_TYPES

HERE = Path(__file__).parent
PAGE = HERE / "README.md"
BEGIN, END = "<!-- figures: written by `make bench` -->\n", "<!-- end of the figures -->\n"
_EMPTY_LINES = re.compile(r"\n{3,}")


def write(results: Path) -> None:
    """The page and its charts."""
    found = {path.stem: json.loads(path.read_text()) for path in sorted(results.glob("*.json"))}
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(before + BEGIN + _figures(found) + "\n" + END + after)
    if "pipeline" in found:
        panels = list(chart.panels(Pipeline(found["pipeline"]["runs"])))
        (results / "chart.svg").write_text(_chart(chart.TITLE, panels, chart.COLOURS))
    if "seats" in found:
        panels = list(seats_chart.panels(found["seats"]))
        (results / "seats.svg").write_text(_chart(seats_chart.TITLE, panels, seats_chart.colours(found["seats"])))


def _figures(results: Mapping[str, Any]) -> str:
    pipeline = Pipeline(results["pipeline"]["runs"]) if "pipeline" in results else None
    known = {"results": results, "pipeline": pipeline, "goals": list(goals(results)), "of": partial(_of, results)}
    compared = {"times": partial(_times, results), "right": partial(_right, results)}
    names = {"names": [c.name for c in FIELD], "queue_types": QUEUE_TYPES, "startup_parts": PARTS, "rivals": seats_chart.NAMES}
    text = _templates().get_template("figures.md").render(known | compared | names)
    return _EMPTY_LINES.sub("\n\n", text.strip())


def _of(results: Mapping[str, Any], name: str, figure: str, like: Mapping[str, Any]) -> Spread | None:
    return figures(results[name]["runs"], figure, like)


def _times(results: Mapping[str, Any], name: str, figure: str, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Spread | None:
    return ratio(results[name]["runs"], figure, ours, theirs)


def _right(results: Mapping[str, Any], name: str, like: Mapping[str, Any]) -> str:
    """How many runs were right, of how many."""
    runs = [run for run in results[name]["runs"] if like.items() <= run.items()]
    return f"{sum(run['ok'] for run in runs)}/{len(runs)}"


def _chart(title: str, panels: Sequence[chart.Panel], colours: Mapping[str, str]) -> str:
    template = _templates().get_template("chart.svg")
    text = template.render(title=title, panels=panels, colours=colours, height=chart.height(panels), line=chart.LINE)
    return "".join(f"{line}\n" for line in text.splitlines() if line.strip())


def _templates() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["svg"]),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {"spread": _spread, "short": _short}
    return templates


def _spread(found: Spread | None, digits: int) -> str:
    """The median, and the range in brackets."""
    if not found:
        return "\N{EN DASH}"
    return f"{found.median:,.{digits}f} ({found.least:,.{digits}f}\N{EN DASH}{found.most:,.{digits}f})"


def _short(figure: float) -> str:
    """Three digits, or all before the point."""
    return f"{figure:,.0f}" if figure >= 1_000 else f"{figure:.3g}"  # noqa: PLR2004 - more than three
