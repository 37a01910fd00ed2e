"""Files of every program become the same lines."""

import io
from collections.abc import Generator

import psutil
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis.errors import Invalid
from services.registration.imports.columns import Kind, recognised, suggest
from services.registration.imports.reading import lines
from services.registration.imports.values import tidy
from tests.registration.imports import messy

LETTERS = "abcæøåABCÆØÅéü 0123456789"
CELLS = st.text(LETTERS, max_size=12).map(str.strip)
DANISH = ["Fødselsdato", "Børnehuset Åkærgård", "Sørensen", "Ærø"]


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "mac_roman", "cp850"])
@settings(max_examples=15)
@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=6))
def test_any_encoding_and_delimiter_gives_the_same_cells(encoding: str, delimiter: str, rows: list[list[str]]) -> None:
    """With or without a byte order mark, on Windows, Mac and DOS, whichever character stands between the cells."""
    table = [["Navn", "Født", "Hus"], DANISH[:3], DANISH[1:], *rows]
    content = "\r\n".join(delimiter.join(row) for row in table).encode(encoding)
    assert [[tidy(cell) for cell in line.cells] for line in lines(content)] == [[tidy(cell) for cell in row] for row in table]


def test_a_byte_that_does_not_fit_breaks_its_own_cell_alone() -> None:
    """In a file of UTF-8 that somebody mended with an old program, and in one that was cut off, all other letters stay good."""
    content = "Navn;Hus\nSøren;Birkegården\nM\udcf8na;Åkanden\nÆrø".encode("utf-8", "surrogateescape") + b"\xc3"
    cells = [line.cells for line in lines(content)]
    assert cells == [["Navn", "Hus"], ["Søren", "Birkegården"], ["M\ufffdna", "Åkanden"], ["Ærø\ufffd"]]
    assert [tidy(cell) for line in lines(b"Navn;Hus\nAs\0ta;Globen\n") for cell in line.cells] == ["Navn", "Hus", "Asta", "Globen"]


def test_the_messy_file_is_the_same_from_both_programs() -> None:
    """As Windows-1252 with semicolons and as a workbook, line by line, but for how numbers and dates are kept."""
    from_csv = {line.number: [tidy(cell) for cell in line.cells] for line in lines(messy.as_csv())}
    from_xlsx = {line.number: [tidy(cell) for cell in line.cells] for line in lines(messy.as_xlsx())}
    filled = {number for number, cells in from_csv.items() if any(cells)}
    assert {number for number, cells in from_xlsx.items() if any(cells)} == filled
    assert all(" ".join(from_csv[n]).split() == " ".join(from_xlsx[n]).split() for n in filled if n < messy.FIRST_LINE)


def test_a_merged_cell_stands_in_every_line() -> None:
    """What was merged downwards is there for each line that it covered, and the line says which columns."""
    first, second = [line for line in lines(messy.as_xlsx()) if line.number in {messy.FIRST_LINE, messy.FIRST_LINE + 1}]
    assert (second.cells[3], first.merged, second.merged) == (first.cells[3], frozenset(), frozenset({3}))


def test_the_header_is_found_below_titles() -> None:
    """The line with most names that are known is the header, wherever it stands."""
    found = max(lines(messy.as_csv()), key=lambda line: recognised(Kind.FAMILIES, line.cells))
    assert found.number == messy.FIRST_LINE - 1
    suggested = {one.field for one in suggest(Kind.FAMILIES, found.cells)}
    assert suggested >= {"child.cpr_number", "child.name", "guardian1.email", "guardian2.name"}


def test_a_misspelt_name_is_suggested_and_not_taken_for_certain() -> None:
    """A column that is nearly called like a field is suggested for it; another person's is not."""
    [misspelt, other] = suggest(Kind.FAMILIES, ["Barnets fodselsdato", "Bedstemors navn"])
    assert (misspelt.field, misspelt.likeness < 100) == ("child.birth_date", True)
    assert other.field is None


@pytest.mark.parametrize(
    "content",
    [
        b'navn;hus\r\n"Asta;Birkeg\xc3\xa5rden\r\n' + b"x" * 200_000,
        b"PK\x03\x04 no workbook at all",
        bytes.fromhex("d0cf11e0a1b11ae1") + b"nothing",
    ],
    ids=["an open quotation mark", "a broken zip", "a broken XLS"],
)
def test_what_cannot_be_read_says_so(content: bytes) -> None:
    """One sentence about the file, and nothing of what stands in it."""
    with pytest.raises(Invalid) as refused:
        list(lines(content))
    assert "Asta" not in str(refused.value)


def a_workbook(*sheets: dict[tuple[int, int], str], hidden: int | None = None) -> bytes:
    """Sheets by what stands where; one may be hidden."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    for number, cells in enumerate(sheets):
        sheet = book.add_worksheet()
        for (row, column), text in cells.items():
            sheet.write_string(row, column, text)
        if number == hidden:
            sheet.hide()
        else:
            sheet.activate()
    book.close()
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "slug"),
    [
        (a_workbook({(1_000_000, 0): "far below"}), "too-many-lines"),
        (a_workbook({(0, 0): "here", (1_048_575, 16_383): "and there"}), "workbook-unreadable"),
        (a_workbook({(0, 0): "Birkegården"}, {(0, 0): "Globen"}), "several-sheets"),
    ],
    ids=["a line far below", "more cells than there is memory", "two sheets"],
)
def test_a_workbook_that_is_not_meant_so_is_refused(content: bytes, slug: str) -> None:
    """One that goes on for ever is not read to its end, and does not end who reads it; of two sheets none is passed over in silence."""
    with pytest.raises(Invalid) as refused:
        list(lines(content))
    assert [reason.slug for reason in refused.value] == [slug]


@pytest.mark.parametrize("content", [a_workbook({}, {(1, 2): "Asta"}, {}), a_workbook({(0, 0): "codes"}, {(1, 2): "Asta"}, hidden=0)])
def test_empty_and_hidden_sheets_do_not_count(content: bytes) -> None:
    """The one sheet that somebody sees something on is read, each cell where it stands."""
    assert [(line.number, line.cells) for line in lines(content) if any(line.cells)] == [(2, ["", "", "Asta"])]


def test_whoever_stops_reading_a_workbook_leaves_nobody_behind() -> None:
    """The process that reads it ends with the last line that somebody wants."""
    before = set(psutil.Process().children())
    reading = lines(a_workbook({(row, 0): "x" * 100 for row in range(5_000)}))
    next(reading)
    [child] = set(psutil.Process().children()) - before
    assert isinstance(reading, Generator)
    reading.close()
    assert not child.is_running()


def test_a_quotation_mark_swallows_no_line() -> None:
    """One that opens and is never closed, and one that closes lines below: every line is there, and its own alone is said to be unsure."""
    table = 'Navn;Hus;Spor\nAsta;"har hund;A\nBo;"Globen";B\nÅse;Globen;"A\nCarl;Globen;B\n'
    read = list(lines(table.encode()))
    assert [line.cells[0] for line in read] == ["Navn", "Asta", "Bo", "Åse", "Carl"]
    assert [line.unclosed for line in read] == [None, 2, None, 4, None]
    assert [list(line.cells) for line in read][2:] == [["Bo", "Globen", "B"], ["Åse", "Globen", '"A'], ["Carl", "Globen", "B"]]


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("rows", [1, 2, 5])
def test_lone_marks_are_ditto_marks(place: int, rows: int) -> None:
    """A quotation mark alone in its cell stays one, in every line and column, beside cells in proper quotation marks."""
    marked = [['"' if n == place else f'"x{row}{n}"' for n in range(3)] for row in range(rows)]
    content = "\n".join(";".join(row) for row in [["Navn", "Hus", "Spor"], *marked, ["Bo", "Globen", "B"]])
    read = list(lines(content.encode()))
    assert [line.unclosed for line in read] == [None] * (rows + 2)
    assert [[tidy(cell).strip('"') or cell for cell in line.cells] for line in read[1:-1]] == [
        ['"' if n == place else f"x{row}{n}" for n in range(3)] for row in range(rows)
    ]


def test_two_ditto_marks_in_a_line_hide_no_column() -> None:
    """Between them stands a delimiter and no cell."""
    assert [list(line.cells) for line in lines(b'Navn;Hus;Spor\nAsta;Globen;A\nBo;";"\n')][2] == ["Bo", '"', '"']


def test_an_address_may_go_over_several_lines() -> None:
    """A cell in quotation marks with line ends in it, and no delimiter, is one cell, as spreadsheets write it."""
    read = list(lines('Navn;Adresse\nAsta;"Prøvevej 1\n2750 Ballerup"\nBo;Prøvevej 2\n'.encode()))
    assert [[tidy(cell) for cell in line.cells] for line in read] == [
        ["Navn", "Adresse"],
        ["Asta", "Prøvevej 1 2750 Ballerup"],
        ["Bo", "Prøvevej 2"],
    ]


@settings(max_examples=60)
@given(st.lists(st.lists(st.sampled_from(['"', '"a', 'a"', "a", "", '"b"', 'b"c']), min_size=3, max_size=3), min_size=1, max_size=8))
def test_whatever_marks_there_are_every_line_is_read(rows: list[list[str]]) -> None:
    """However quotation marks stand in a file without line ends in its cells, as many lines come out as went in."""
    table = [["Navn", "Hus", "Spor"], *([f"n{n}", *row] for n, row in enumerate(rows))]
    assert len(list(lines("\n".join(";".join(row) for row in table).encode()))) == len(table)
