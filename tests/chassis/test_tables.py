"""Tables that spreadsheets open and of which they run nothing."""

import csv
import io
import tracemalloc
from collections.abc import Callable, Iterable, Sequence
from typing import IO, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from services.chassis.tables import FORMULA_STARTS, as_csv, as_xlsx, csv_file, harmless, xlsx_file

CELLS = st.one_of(st.text(max_size=20), st.sampled_from(["=1+1", "+45 20000017", "-1", "@SUM(1)", "\t=1", "\r=1", " =1", "http://x"]))
ROWS = st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=5)
PRINTED = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=10)


@given(ROWS)
def test_no_cell_of_a_csv_begins_a_formula(rows: list[list[str]]) -> None:
    """Whatever stands in a cell, no reader of CSV finds one that a spreadsheet would run."""
    read = list(csv.reader(io.StringIO(as_csv(rows).removeprefix("\ufeff"), newline="")))
    assert not [cell for row in read for cell in row if cell.lstrip(" ").startswith(FORMULA_STARTS)]


@given(PRINTED)
def test_an_innocent_text_stays_as_it_is(text: str) -> None:
    """Only what would be run is marked, by one apostrophe."""
    assert harmless(text) in {text, f"'{text}"}
    assert (harmless(text) == text) is not text.startswith(FORMULA_STARTS)


def test_numbers_stay_numbers() -> None:
    """A negative number is no formula."""
    assert as_csv([[-1, 2.5, None]]) == "\ufeff-1,2.5,\r\n"


@given(
    st.lists(
        st.lists(st.one_of(PRINTED.filter(bool), st.sampled_from(["=1+1", "{=1}", "http://x", "mailto:x"])), min_size=2, max_size=2),
        min_size=1,
        max_size=4,
    )
)
def test_a_workbook_holds_texts_as_texts(rows: list[list[str]]) -> None:
    """What is written as a text is read as that text, formulas and links too."""
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(as_xlsx(rows, "Liste"))).get_sheet_by_index(0)
    assert sheet.to_python() == rows


def test_a_workbook_holds_numbers() -> None:
    """What is a number is one to the spreadsheet."""
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(as_xlsx([["a", 1, 2.5, None]], "Liste"))).get_sheet_by_index(0)
    assert sheet.to_python() == [["a", 1.0, 2.5]]


@pytest.mark.parametrize("written", [csv_file, lambda rows: xlsx_file(rows, "Liste")], ids=["csv", "xlsx"])
def test_a_long_table_is_not_in_memory(written: Callable[[Iterable[Sequence[Any]]], IO[bytes]]) -> None:
    """Of a table of ten megabytes no tenth is in memory while it is written."""
    tracemalloc.start()
    with written([text, text] for text in map(str, range(10**9, 10**9 + 40_000)) for text in [text * 12]) as file:
        most, size = tracemalloc.get_traced_memory()[1], len(file.read())
    tracemalloc.stop()
    assert most < 1_000_000
    assert size > 200_000
