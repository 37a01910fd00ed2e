"""Counts in tables that hang together: the same people split by columns, and laid out by place, by month, by kind.

One `Figures` holds several tables of the same units. They share their bottom line (the totals), and rows may lie
inside rows: `baltorp/birkegaarden` in `baltorp`, `2024/2024-03` in `2024`. Everything that adds up to something else
that is printed is in here, because disclosure control has to see all sums at once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

TOTAL = ""
"""The name of the bottom row, and of the column that the others add up to."""


class Cell(NamedTuple):
    """One place for a number: in the table `by`, the row, the column. The bottom line belongs to all tables: `by` is empty."""

    by: str
    row: str
    column: str


class Count(NamedTuple):
    """A number, and how many different people (or families) stand behind it."""

    value: int
    contributors: int


class Sum(NamedTuple):
    """One cell that the parts add up to."""

    whole: Cell
    parts: tuple[Cell, ...]


NOTHING = Count(0, 0)


@dataclass(frozen=True)
class Figures:
    """Linked tables of the same units.

    `rows` gives each table's rows in order, rows before those that lie inside them; every unit is in exactly one
    innermost row of every table and in exactly one of `columns`. `counts` may leave out zeros. `once` says that nobody
    is behind two units (children), against records of which one person may have many (attendance).
    Raises ValueError where the parts of a sum do not add up.
    """

    columns: tuple[str, ...]
    rows: Mapping[str, Sequence[str]]
    counts: Mapping[Cell, Count]
    once: bool = True

    def __post_init__(self) -> None:
        for whole, parts in self.sums():
            if self.value(whole) != sum(map(self.value, parts)):
                raise ValueError(f"the parts of {whole} do not add up to it")

    def value(self, cell: Cell) -> int:
        return self.counts.get(cell, NOTHING).value

    def contributors(self, cell: Cell) -> int:
        return self.counts.get(cell, NOTHING).contributors

    def cells(self) -> Iterator[Cell]:
        """Every cell of every table, the bottom line first."""
        lines = [("", TOTAL), *((by, row) for by, rows in self.rows.items() for row in rows)]
        return (Cell(by, row, column) for by, row in lines for column in self.all_columns)

    @property
    def all_columns(self) -> tuple[str, ...]:
        return (TOTAL, *self.columns)

    @cached_property
    def inside(self) -> Mapping[tuple[str, str], Sequence[str]]:
        """The rows that lie directly inside a row, of each (table, row) that has any; inside TOTAL are the outermost ones."""
        found: dict[tuple[str, str], list[str]] = {}
        for by, rows in self.rows.items():
            for row in rows:
                found.setdefault((by, around(row)), []).append(row)
        return found

    def sums(self) -> Iterator[Sum]:
        """Every sum that a reader of the tables could work out: across the columns of a row, and down the rows."""
        for whole in self.cells():
            if whole.column == TOTAL:
                yield Sum(whole, tuple(whole._replace(column=column) for column in self.columns))
        for (by, row), parts in self.inside.items():
            for column in self.all_columns:
                yield Sum(line(by, row, column), tuple(Cell(by, part, column) for part in parts))


def around(row: str) -> str:
    """The row that a row lies in."""
    return row.rpartition("/")[0]


def line(by: str, row: str, column: str) -> Cell:
    """The cell of a row, where the bottom row is the one that all tables share."""
    return Cell(by, row, column) if row else Cell("", TOTAL, column)
