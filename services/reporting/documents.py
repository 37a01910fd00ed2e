"""The report for machines: one JSON document, and one tidy table in CSV. Both are made from printed numbers only."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from services.chassis import tables
from services.reporting.domain.measures import MEASURES, TABLES, part_label
from services.reporting.domain.report import Report, Row, Section, Table
from services.reporting.texts import Labels

CSV_COLUMNS = ("programme", "from", "to", "family", "table", "row", "row_label", "measure", "measure_label", "unit", "value", "status")


def as_json(report: Report) -> Mapping[str, Any]:
    """The whole report. A number that is null is hidden; `path` is a row's place within its outer rows."""
    labels = Labels(report)
    programme = report.programme
    return {
        "programme": {name: getattr(programme, name) for name in ("code", "name", "starts_on", "ends_on", "target_children")},
        "from": _month(report.start),
        "to": _month(last_day(report)),
        "threshold": report.threshold,
        "updated_at": report.updated_at,
        "reach": report.reach,
        "sections": [_section(section, labels) for section in report.sections],
        "measures": [{"name": m.name, "label": m.label, "definition": m.definition, "facts": m.facts} for m in MEASURES.values()],
    }


def as_csv(report: Report, language: str) -> str:
    """One line a number, with a byte order mark, because spreadsheets take UTF-8 for something else without it.

    Hidden numbers are empty and say `hidden` in `status`; rates are whole percentages. No cell begins a formula.
    """
    return tables.as_csv([CSV_COLUMNS, *map(list, _lines(report, language))])


def last_day(report: Report) -> date | None:
    """The last day that the report covers, None where it is open."""
    return report.end and report.end - timedelta(days=1)


def percent(share: float | None) -> int | None:
    """A share as a whole percentage."""
    return None if share is None else round(share * 100)


def _month(day: date | None) -> str | None:
    return f"{day:%Y-%m}" if day else None


def _section(section: Section, labels: Labels) -> Mapping[str, Any]:
    return {
        "family": section.family.name,
        "label": section.family.label,
        "total": section.total and _row("", section.total, labels),
        "tables": [_table(table, labels) for table in section.tables],
    }


def _table(table: Table, labels: Labels) -> Mapping[str, Any]:
    columns = [{"name": name, "label": part_label(name)} for name in (*table.columns, *table.rates)]
    return {"by": table.by, "label": TABLES[table.by], "columns": columns, "rows": [_row(table.by, row, labels) for row in table.rows]}


def _row(by: str, row: Row, labels: Labels) -> Mapping[str, Any]:
    return {"path": row.path, "label": labels.row(by, row), "numbers": row.numbers, "rates": row.rates}


def _lines(report: Report, language: str) -> Iterator[Iterable[Any]]:
    labels = Labels(report)
    period = (_month(report.start), _month(last_day(report)))
    for section in report.sections:
        bottom = [("", section.total)] if section.total else []
        for by, row in (*bottom, *((table.by, row) for table in section.tables for row in table.rows)):
            place = (section.family.name, by, row.path, labels.row(by, row)[language])
            for measure, unit, value in _values(row):
                status = "hidden" if value is None else "shown"
                yield (report.programme.code, *period, *place, measure, part_label(measure)[language], unit, value, status)


def _values(row: Row) -> Iterator[tuple[str, str, int | None]]:
    yield from ((measure, "count", number) for measure, number in row.numbers.items())
    yield from ((rate, "percent", percent(share)) for rate, share in row.rates.items())
