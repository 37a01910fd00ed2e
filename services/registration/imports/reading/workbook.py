"""Workbooks: the first sheet that can be seen, of XLSX and of what is like it (XLS, ODS)."""

from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import Final
from zipfile import BadZipFile, ZipFile

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from services.registration.imports.reading.lines import MOST_LINES, Line
from services.registration.imports.texts import unreadable
from services.registration.imports.values import Cell

_ZIP: Final = b"PK\x03\x04"
_OLE: Final = bytes.fromhex("d0cf11e0a1b11ae1")
_LARGEST_UNPACKED: Final = 1_000_000_000
"""A zip of a few megabytes can hold terabytes of nothing."""

Place = tuple[int, int]


def is_one(content: bytes) -> bool:
    """Whether these are the first bytes of a workbook."""
    return content.startswith((_ZIP, _OLE))


def lines(content: bytes) -> Iterator[Line]:
    """The sheet's rows. A cell that was merged with those below it stands in each of them. Raises `Invalid` for what cannot be read."""
    sheet = _sheet(content)
    if sheet.total_height > MOST_LINES:
        raise unreadable("too-many-lines", most=MOST_LINES)
    first_row, first_column = sheet.start or (0, 0)
    merged = _continued(sheet.merged_cell_ranges or ())
    above: list[Cell] = []
    for row, cells in enumerate(sheet.iter_rows(), start=first_row):
        placed: list[Cell] = [*[""] * first_column, *cells]
        columns = frozenset(column for column in merged.get(row, ()) if column < min(len(placed), len(above)))
        for column in columns:
            placed[column] = above[column]
        above = placed
        yield Line(row + 1, placed, columns)


def _sheet(content: bytes) -> CalamineSheet:
    try:
        _refuse_bomb(content)
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        visible = [sheet.name for sheet in book.sheets_metadata if sheet.visible is SheetVisibleEnum.Visible]
        return book.get_sheet_by_name(visible[0])
    except (CalamineError, BadZipFile, ValueError, IndexError, OSError):
        raise unreadable("workbook-unreadable") from None


def _refuse_bomb(content: bytes) -> None:
    if content.startswith(_ZIP):
        with ZipFile(BytesIO(content)) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked > _LARGEST_UNPACKED:
            raise unreadable("workbook-unreadable")


def _continued(ranges: Sequence[tuple[Place, Place]]) -> Mapping[int, set[int]]:
    """The columns of each row in which a merged cell goes on that began above."""
    found: dict[int, set[int]] = {}
    for (top, left), (bottom, _right) in ranges:
        for row in range(top + 1, min(bottom, MOST_LINES) + 1):
            found.setdefault(row, set()).add(left)
    return found
