"""The report as a table for spreadsheets: nothing in it is run, and nothing hidden is in it."""

import csv
import io
from datetime import date

import pytest

from services.chassis.tables import harmless
from services.reporting.documents import as_csv
from services.reporting.domain.figures import TOTAL, Cell, Count
from services.reporting.domain.measures import FAMILIES
from services.reporting.domain.report import Place, Programme, Report, section, tabulate

CHILDREN = next(family for family in FAMILIES if family.name == "children")


def report(name: str, number: int) -> Report:
    """A report on one house with so many children."""
    rows = (
        ("", TOTAL),
        ("place", "baltorp"),
        ("place", "baltorp/sesam"),
        ("month", "2024"),
        ("month", "2024/2024-03"),
        ("attended", "never"),
        ("consent", "given"),
    )
    counts = {Cell(by, row, column): Count(number, number) for by, row in rows for column in (TOTAL, "children-not-yet")}
    places = [Place("baltorp", "sesam", name)]
    programme = Programme("p", "P", date(2021, 1, 1), date(2024, 6, 30), 1000, [{"code": "baltorp", "name": "Baltorp"}])
    return Report(programme, places, None, None, 5, None, None, (section(CHILDREN, tabulate(CHILDREN, counts, places), 5),))


def lines(of: Report, language: str = "da") -> list[dict[str, str]]:
    """The CSV, read back."""
    return list(csv.DictReader(io.StringIO(as_csv(of, language).removeprefix("\ufeff"))))


@pytest.mark.parametrize("name", ['=HYPERLINK("x")', "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_no_cell_begins_a_formula(name: str) -> None:
    """A house whose name would be run by a spreadsheet is shown with an apostrophe before it."""
    assert harmless(name) == f"'{name}"
    cells = [cell for line in lines(report(name, 9)) for cell in line.values()]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)


def test_hidden_number_is_empty() -> None:
    """A hidden number has no value, and its status says that it is hidden."""
    values = {(line["value"], line["status"]) for line in lines(report("Sesam", 3))}
    assert values == {("", "hidden"), ("0", "shown")}


def test_labels_follow_the_language() -> None:
    """Names of measures and months are Danish or English; codes stay the same."""
    months = {
        language: {line["row_label"] for line in lines(report("Sesam", 9), language) if line["row"] == "2024/2024-03"}
        for language in ("da", "en")
    }
    assert months == {"da": {"marts 2024"}, "en": {"March 2024"}}
