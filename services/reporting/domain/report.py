"""The report: figures with what must be hidden left out, and nothing in it that was not made from what is left.

Percentages, named sums and charts are worked out here or later from the printed numbers alone, so they cannot give away
what is hidden. A filter (one district, one institution) chooses rows of the same report and never makes new sums; two
filtered reports can therefore not be subtracted from each other.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple

from services.reporting.domain import measures
from services.reporting.domain.disclosure import hidden
from services.reporting.domain.figures import TOTAL, Cell, Count, Figures, line
from services.reporting.domain.measures import Family

NOT_STATED = "unknown"
"""The code of a row for units whose place or month is not known."""

MAY_BE_UNKNOWN = ("place", "month")

Number = int | None
"""A number that is printed, or None: hidden."""


class Place(NamedTuple):
    """An institution of a programme."""

    district: str
    code: str
    name: str


@dataclass(frozen=True)
class Programme:
    """A programme (indsats), what it aims at, and its districts as {code, name}. Both ends belong to the period."""

    code: str
    name: str
    starts_on: date
    ends_on: date
    target_children: int
    districts: Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class Row:
    """One printed row: numbers by measure, and shares (0 to 1) by rate; None is hidden, a share of nothing too."""

    path: str
    numbers: Mapping[str, Number]
    rates: Mapping[str, float | None]

    @property
    def code(self) -> str:
        return self.path.rpartition("/")[2]

    def is_stated(self, by: str) -> bool:
        """Whether the row is about a place or a month that is known."""
        return by not in MAY_BE_UNKNOWN or self.code != NOT_STATED


@dataclass(frozen=True)
class Table:
    """The rows of one table, in order, the measures that they have numbers of (the total first), and their rates."""

    by: str
    columns: Sequence[str]
    rates: Sequence[str]
    rows: Sequence[Row]


@dataclass(frozen=True)
class Section:
    """A family, printed. A filtered one has no bottom row."""

    family: Family
    total: Row | None
    tables: Sequence[Table]

    def number(self, by: str, path: str, column: str) -> Number:
        """One printed number; None also where there is no such row."""
        rows = [row for table in self.tables if table.by == by for row in table.rows if row.path == path]
        return rows[0].numbers.get(column) if rows else None


@dataclass(frozen=True)
class Reach:
    """How far the programme came (rækkevidde): children enrolled and children who came at least once, against the target."""

    target: int
    enrolled: Number
    came: Number
    enrolled_share: float | None


@dataclass(frozen=True)
class Report:
    """Everything that is printed. `start` is the first day and `end` the day after the last; None is open.

    `updated_at` is when the newest fact in it happened, None before there was any.
    """

    programme: Programme
    places: Sequence[Place]
    start: date | None
    end: date | None
    threshold: int
    updated_at: datetime | None
    reach: Reach | None
    sections: Sequence[Section]

    @property
    def empty(self) -> bool:
        """Whether there is nothing yet to count."""
        numbers = (n for s in self.sections for row in rows_of(s) for n in row.numbers.values())
        return not any(number is None or number > 0 for number in numbers)

    def place_paths(self) -> frozenset[str]:
        """The paths of all rows of the place tables."""
        return frozenset(row.path for section in self.sections for table in section.tables if table.by == "place" for row in table.rows)

    def only(self, keep: Iterable[str]) -> "Report":
        """The same report with only these rows of the place tables (paths); what is about the whole programme is left out."""
        wanted = frozenset(keep)
        return replace(self, reach=None, sections=tuple(s for section in self.sections if (s := _only(section, wanted)).tables))


def rows_of(section: Section) -> Iterable[Row]:
    """All rows of a section, the bottom one first."""
    yield from (section.total,) if section.total else ()
    yield from (row for table in section.tables for row in table.rows)


def tabulate(family: Family, counts: Mapping[Cell, Count], places: Iterable[Place]) -> Figures:
    """A family's counts as linked tables. Every institution has its row and every month between the first and the last, also when empty."""
    parts = family.parts or tuple(sorted({cell.column for cell in counts} - {TOTAL}))
    places = tuple(places)
    rows = {table.name: _rows(table.name, {cell.row for cell in counts if cell.by == table.name}, places) for table in family.tables}
    return Figures(parts, rows, counts, family.once)


def section(family: Family, figures: Figures, threshold: int) -> Section:
    """Print a family's tables: what must be hidden is None from here on."""
    away = hidden(figures, threshold)

    def row(by: str, path: str) -> Row:
        cells = {column: line(by, path, column) for column in figures.all_columns}
        return _row(family, path, {column: None if cell in away else figures.value(cell) for column, cell in cells.items()})

    def table(like: measures.Table) -> Table:
        rows = tuple(row(like.name, path) for path in figures.rows[like.name])
        if like.plain:
            return Table(like.name, (family.total,), (), tuple(_plain(family, row) for row in rows))
        return Table(like.name, (family.total, *family.groups, *figures.columns), tuple(family.rates), rows)

    return Section(family, row("", TOTAL), tuple(table(like) for like in family.tables))


def reach(children: Section, target: int) -> Reach:
    """Read the reach off the children's tables."""
    enrolled = children.total.numbers[children.family.total] if children.total else None
    came = children.number("attended", "came", children.family.total)
    return Reach(target, enrolled, came, _share(enrolled, target))


def _rows(table: str, found: set[str], places: Iterable[Place]) -> tuple[str, ...]:
    if table == "place":
        found |= {row for place in places for row in (place.district, f"{place.district}/{place.code}")}
    if table == "month":
        found |= set(_months_between(found))
    return tuple(sorted(found, key=lambda row: measures.row_order(table, row)))


def _months_between(rows: Iterable[str]) -> Iterable[str]:
    """All months from the first to the last of these rows, and their years."""
    months = sorted(row.rpartition("/")[2] for row in rows if "/" in row and row.rpartition("/")[2] != NOT_STATED)
    if not months:
        return
    first, last = (int(month[:4]) * 12 + int(month[5:]) - 1 for month in (months[0], months[-1]))
    for number in range(first, last + 1):
        year, month = divmod(number, 12)
        yield from (f"{year:04}", f"{year:04}/{year:04}-{month + 1:02}")


def _row(family: Family, path: str, printed: Mapping[str, Number]) -> Row:
    parts = {name: number for name, number in printed.items() if name != TOTAL}
    groups = {name: together(printed, group) for name, group in family.groups.items()}
    rates = {name: _share(together(printed, group), printed[TOTAL]) for name, group in family.rates.items()}
    return Row(path, {family.total: printed[TOTAL]} | groups | parts, rates)


def _plain(family: Family, row: Row) -> Row:
    return Row(row.path, {family.total: row.numbers[family.total]}, {})


def together(printed: Mapping[str, Number], group: Iterable[str]) -> Number:
    """The sum of some parts where a reader could work it out himself: from the parts, or from the total and the other parts."""
    wanted = frozenset(group)
    inside = [printed.get(name) for name in wanted]
    outside = [number for name, number in printed.items() if name not in wanted and name != TOTAL]
    if None not in inside:
        return sum(number for number in inside if number is not None)
    total = printed[TOTAL]
    if total is None or None in outside:
        return None
    return total - sum(number for number in outside if number is not None)


def _share(part: Number, whole: Number) -> float | None:
    return part / whole if part is not None and whole else None


def _only(section: Section, wanted: frozenset[str]) -> Section:
    places = (table for table in section.tables if table.by == "place")
    tables = (replace(table, rows=tuple(row for row in table.rows if row.path in wanted)) for table in places)
    return replace(section, total=None, tables=tuple(table for table in tables if table.rows))
