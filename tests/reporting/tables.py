"""Linked tables for the tests of disclosure control: sign-ups, laid out by place, month and kind."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from services.reporting.domain.disclosure import hidden
from services.reporting.domain.figures import TOTAL, Cell, Count, Figures
from tests.reporting.attacker import Key, Printed

PLACES = ("baltorp", "baltorp/globen", "baltorp/regnbuen", "baltorp/sesam", "hedegaarden", "hedegaarden/spiren", "hedegaarden/skoven")
MONTHS = ("2023", "2023/2023-11", "2023/2023-12", "2024", "2024/2024-01", "2024/2024-02")
KINDS = ("workshop", "parents-event")
COLUMNS = ("seated", "waiting", "cancelled")
ROWS: Mapping[str, tuple[str, ...]] = {"place": PLACES, "month": MONTHS, "kind": KINDS}


class Unit(NamedTuple):
    """One sign-up: who is behind it, its state, and the innermost row of each table that it is in."""

    person: int
    column: str
    at: tuple[tuple[str, str], ...]


def people_in(units: Iterable[Unit], *, once: bool = True) -> dict[Cell, list[int]]:
    """Who is behind each number, once for each of his sign-ups; with `once` every sign-up is somebody else's."""
    people: dict[Cell, list[int]] = defaultdict(list)
    for number, unit in enumerate(units):
        rows = [("", TOTAL), *((by, level) for by, row in unit.at for level in levels(row))]
        for by, row in rows:
            for column in (TOTAL, unit.column):
                people[Cell(by, row, column)].append(number if once else unit.person)
    return people


def figures(
    units: Iterable[Unit], *, once: bool = True, columns: tuple[str, ...] = COLUMNS, rows: Mapping[str, tuple[str, ...]] = ROWS
) -> Figures:
    """Count units into linked tables."""
    counts = {cell: Count(len(found), len(set(found))) for cell, found in people_in(units, once=once).items()}
    return Figures(columns, rows, counts, once)


def printed(of: Figures, threshold: int) -> Printed:
    """What a reader of the tables sees."""
    away = hidden(of, threshold)
    return {key(cell): None if cell in away else of.value(cell) for cell in of.cells()}


def key(cell: Cell) -> Key:
    """A cell as the attacker names it."""
    return (cell.by, cell.row, cell.column)


def levels(row: str) -> list[str]:
    """A row and those that it lies in, the outermost first."""
    parts = row.split("/")
    return ["/".join(parts[: i + 1]) for i in range(len(parts))]


def innermost(rows: tuple[str, ...]) -> list[str]:
    """The rows that no other lies in."""
    return [row for row in rows if not any(other.startswith(f"{row}/") for other in rows)]
