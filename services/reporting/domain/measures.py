"""The catalogue of figures: what is measured, what it means, and which facts it is made of. The words are in `measures.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

Texts = Mapping[str, str]
"""The same text by language: da, en."""


class Table(NamedTuple):
    """One way to lay a family's units out in rows; `nested` rows lie inside others, a `plain` table shows the total alone."""

    name: str
    nested: bool = False
    plain: bool = False


@dataclass(frozen=True)
class Measure:
    """A figure with a name (a KPI)."""

    name: str
    label: Texts
    definition: Texts
    facts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Family:
    """The measures that count the same units: `total` is the sum of `parts` (empty: whatever parts the data have).

    `groups` are named sums of parts, `rates` named shares of the total. `once` says that nobody is behind two units.
    """

    name: str
    label: Texts
    total: str
    once: bool
    tables: tuple[Table, ...]
    parts: tuple[str, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def _family(name: str, row: Mapping[str, Any]) -> Family:
    return Family(
        name=name,
        label=_texts(row),
        total=row["total"],
        once=row["once"],
        tables=tuple(Table(**table) for table in row["tables"]),
        parts=tuple(row.get("parts", ())),
        groups={group: tuple(parts) for group, parts in row.get("groups", {}).items()},
        rates={rate: tuple(parts) for rate, parts in row.get("rates", {}).items()},
    )


def _measure(name: str, row: Mapping[str, Any]) -> Measure:
    texts = {key: {language: row[language][key] for language in LANGUAGES} for key in ("label", "definition")}
    return Measure(name, texts["label"], texts["definition"], tuple(row["facts"]))


def _texts(row: Mapping[str, Any]) -> Texts:
    return {language: row[language] for language in LANGUAGES}


LANGUAGES = ("da", "en")

_CATALOGUE = tomllib.loads((Path(__file__).parents[1] / "measures.toml").read_text(encoding="utf-8"))

FAMILIES = tuple(_family(name, row) for name, row in _CATALOGUE["families"].items())
MEASURES: Mapping[str, Measure] = {name: _measure(name, row) for name, row in _CATALOGUE["measures"].items()}
TABLES: Mapping[str, Texts] = {name: _texts(row) for name, row in _CATALOGUE["tables"].items()}
_ROWS: Mapping[tuple[str, str], Texts] = {
    (name, code): texts for name, table in _CATALOGUE["tables"].items() for code, texts in table.get("rows", {}).items()
}


def row_order(table: str, path: str) -> tuple[int, list[str]]:
    """What to sort rows by: those that the catalogue names in its order, the others by code, rows before those inside them."""
    named = [row for name, row in _ROWS if name == table]
    return (named.index(path) if path in named else len(named), path.split("/"))


def part_label(name: str) -> Texts:
    """The label of a measure, or of a reason for rejection; a name that nobody gave words to stands for itself."""
    if name in MEASURES:
        return MEASURES[name].label
    reason: Texts = _CATALOGUE["reasons"].get(name, dict.fromkeys(LANGUAGES, name))
    return reason


def row_label(table: str, code: str) -> Texts:
    """The label of a row that is neither a place nor a month."""
    return _ROWS.get((table, code), dict.fromkeys(LANGUAGES, code))
