"""Tables for people: CSV and XLSX that spreadsheets open as they are meant, and of which they run nothing."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from tempfile import TemporaryFile
from typing import IO, Any, Final

CSV: Final = "text/csv"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet run a cell instead of showing it (OWASP, CSV injection)."""


def harmless(value: Any) -> Any:
    """A text that a spreadsheet would run gets an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and value.lstrip(" ").startswith(FORMULA_STARTS) else value


def as_csv(rows: Iterable[Sequence[Any]]) -> str:
    """The whole table, with a byte order mark, because spreadsheets take UTF-8 for something else without it."""
    return "".join(csv_lines(rows))


def csv_lines(rows: Iterable[Sequence[Any]], delimiter: str = ",") -> Iterator[str]:
    """The same, a line at a time, for tables that are longer than memory. A Danish spreadsheet takes `;` for the delimiter."""
    yield "\ufeff"
    for row in rows:
        line = io.StringIO()
        csv.writer(line, delimiter=delimiter).writerow([harmless(value) for value in row])
        yield line.getvalue()


def csv_file(rows: Iterable[Sequence[Any]], delimiter: str = ",") -> IO[bytes]:
    """The same in a file without a name, which is gone when it is closed: a long table is never in memory."""
    file = TemporaryFile()  # noqa: SIM115 - who gets it closes it
    file.writelines(line.encode() for line in csv_lines(rows, delimiter))
    file.seek(0)
    return file


def as_xlsx(rows: Iterable[Sequence[Any]], sheet: str) -> bytes:
    """The whole table as one sheet, its first row standing still. Texts are written as texts, so that none is a formula or a link."""
    with xlsx_file(rows, sheet) as file:
        return file.read()


def xlsx_file(rows: Iterable[Sequence[Any]], sheet: str) -> IO[bytes]:
    """The same in a file without a name, as `csv_file`. Its rows wait in one that only this process's user can read."""
    import xlsxwriter  # noqa: PLC0415 - three megabytes that only who writes workbooks needs to hold

    file = TemporaryFile()  # noqa: SIM115 - who gets it closes it
    book = xlsxwriter.Workbook(file, {"constant_memory": True})
    page = book.add_worksheet(sheet)
    page.freeze_panes(1, 0)
    for number, row in enumerate(rows):
        _write(page, number, row)
    book.close()
    file.seek(0)
    return file


def _write(page: Any, number: int, row: Sequence[Any]) -> None:
    for column, value in enumerate(row):
        match value:
            case None:
                pass
            case bool() | int() | float():
                page.write(number, column, value)
            case _:
                page.write_string(number, column, str(value))
