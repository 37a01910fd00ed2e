"""The report for people: one page, with charts drawn from the printed numbers and the same numbers as tables.

No script and no address outside; it reads on a phone, on paper and by ear. The words are Danish or English.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.reporting.documents import last_day, percent
from services.reporting.domain.measures import MEASURES, TABLES, part_label
from services.reporting.domain.report import NOT_STATED, Report, Row, Section, Table, rows_of
from services.reporting.texts import Labels, words

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
TEMPLATES = Path(__file__).parent / "templates"

_environment = Environment(
    loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


class Bar(NamedTuple):
    """One bar of a chart: `share` of the longest (0 to 1), None where the number is hidden; a `tick` is written under it."""

    label: str
    number: int | None
    written: str
    share: float | None
    tick: str


@dataclass(frozen=True)
class Chart:
    """A table's total measure as bars: upright ones along time, lying ones else."""

    title: str
    text: str
    upright: bool
    bars: Sequence[Bar]

    @property
    def is_worth_drawing(self) -> bool:
        """Whether there is anything to compare."""
        return sum(bar.number is not None for bar in self.bars) > 1


def render(report: Report | None, language: str, question: Mapping[str, str] | None = None) -> str:
    """The page's HTML; without a report, the page that says that there is none yet.

    `question` holds the query parameters that it answers, for the same page in the other language.
    """
    writer = Writer(language, report, question or {})
    return _environment.get_template("report.html").render(report=report, t=writer.texts, w=writer, language=language, measures=MEASURES)


class Writer:
    """How the page writes numbers, days and names in its language, and which rows it shows."""

    def __init__(self, language: str, report: Report | None, question: Mapping[str, str]) -> None:
        self.language = language
        self._question = question
        self.locale = {"da": "da_DK", "en": "en_GB"}[language]
        self.texts = words(language)
        self._report = report
        self._labels = report and Labels(report)

    def number(self, number: int | None) -> str:
        return self.texts["hidden-mark"] if number is None else format_decimal(number, locale=self.locale)

    def percent(self, share: float | None) -> str:
        whole = percent(share)
        return "" if whole is None else f"{whole}\N{NO-BREAK SPACE}%"

    def is_rate_hidden(self, row: Row, share: float | None, section: Section) -> bool:
        """A rate of nothing is empty, not hidden."""
        return share is None and row.numbers[section.family.total] != 0

    def day(self, day: date) -> str:
        return format_date(day, "long", locale=self.locale)

    def moment(self, moment: datetime) -> str:
        local = moment.astimezone(COPENHAGEN)
        return f"{format_date(local, 'long', locale=self.locale)} {format_datetime(local, 'HH:mm', locale=self.locale)}"

    def label(self, measure: str) -> str:
        return part_label(measure)[self.language]

    def table(self, by: str) -> str:
        return TABLES[by][self.language]

    def row(self, by: str, row: Row) -> str:
        return self._labels.row(by, row)[self.language] if self._labels else row.code

    def caption(self, section: Section, table: Table) -> str:
        return self.texts["table-caption"].format(family=section.family.label[self.language], table=self._table_in_text(table.by))

    def period(self) -> str:
        """What the figures cover, in words."""
        if not self._report or not (self._report.start or self._report.end):
            return self.texts["all-time"]
        ends = (("from", self._report.start), ("to", last_day(self._report)))
        return " ".join(f"{self.texts[name]} {self.day(day)}" for name, day in ends if day)

    def part(self) -> str:
        """The names of the rows that a filtered report has."""
        rows = {row.path: self.row("place", row) for section in self.sections() for row in rows_of(section)}
        return ", ".join(rows.values())

    def address(self, language: str) -> str:
        """The query string of this page in another language."""
        return urlencode({**self._question, "lang": language})

    def sections(self) -> Sequence[Section]:
        """The sections that have anything to show."""
        return [s for s in self._report.sections if any(row.numbers[s.family.total] != 0 for row in rows_of(s))] if self._report else ()

    def tables(self, section: Section) -> Sequence[Table]:
        """A section's tables, without those that say no more than that nothing is stated."""
        total = section.family.total
        return [t for t in section.tables if any(row.numbers[total] != 0 and row.is_stated(t.by) for row in t.rows)]

    def shown_rows(self, table: Table) -> Sequence[Row]:
        """A row for what is not stated stands for itself, without the same once more inside it."""
        return [row for row in table.rows if row.path != f"{NOT_STATED}/{NOT_STATED}"]

    def kind(self, table: Table, row: Row) -> str:
        """Whether a row has others inside it, or lies inside another."""
        outer = {other.path.rpartition("/")[0] for other in table.rows}
        return "outer" if row.path in outer else "inner" if "/" in row.path else ""

    def chart(self, section: Section, table: Table) -> Chart:
        """A table's innermost rows as bars of the family's total; time is shown whole, elsewhere empty rows are left out."""
        measure, upright = section.family.total, table.by == "month"
        rows = [row for row in innermost(table) if row.is_stated(table.by) and (upright or row.numbers[measure] != 0)]
        names = {"measure": self.label(measure), "family": self.label(measure), "table": self._table_in_text(table.by)}
        title, text = (self.texts[name].format(**names) for name in ("table-caption", "chart-text"))
        return Chart(title, text, upright, self._bars(table.by, [(row, row.numbers[measure]) for row in rows]))

    def _bars(self, by: str, numbers: Sequence[tuple[Row, int | None]]) -> Sequence[Bar]:
        longest = max((number for _, number in numbers if number), default=1)
        return [
            Bar(self.row(by, row), number, self.number(number), None if number is None else number / longest, tick(row, first=nth == 0))
            for nth, (row, number) in enumerate(numbers)
        ]

    def _table_in_text(self, by: str) -> str:
        name = self.table(by)
        return name[:1].lower() + name[1:]


def tick(row: Row, *, first: bool) -> str:
    """Years are written under their first month."""
    year, _, month = row.code.partition("-")
    return year if first or month == "01" else ""


def innermost(table: Table) -> Sequence[Row]:
    """The rows that no other row lies in."""
    outer = {row.path.rpartition("/")[0] for row in table.rows}
    return [row for row in table.rows if row.path not in outer]
