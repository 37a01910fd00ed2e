"""Reads a workbook in a process of its own: the workbook in, one JSON array a row out.

A workbook of five kilobytes can describe more cells than there is memory, and the library that reads workbooks ends its
process when it gets no more. So this process may have so much memory and time and no more, and whoever started it goes on.
"""

import resource
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Final

import msgspec
from python_calamine import CalamineSheet, CalamineWorkbook, SheetMetadata, SheetTypeEnum, SheetVisibleEnum

from services.registration.imports.reading.lines import MOST_LINES
from services.registration.imports.values import tidy

TOO_LONG: Final = 3
SEVERAL: Final = 4
"""The status with which it ends where the sheet has more lines than are taken, and where there is more than one; any other
but 0 is that of a workbook that cannot be read."""

_MEMORY_BYTES: Final = 1_500_000_000
"""200,000 lines of 40 columns need half of it."""

_CPU_S: Final = 60

Place = tuple[int, int]


def main() -> None:
    """Read standard input to its end, then write the rows of the one sheet that can be seen and is not empty."""
    _limit_itself()
    sheets = _sheets(sys.stdin.buffer.read())
    if len(sheets) > 1:
        sys.exit(SEVERAL)
    if any(sheet.total_height > MOST_LINES for sheet in sheets):
        sys.exit(TOO_LONG)
    for sheet in sheets:
        for row in _rows(sheet):
            sys.stdout.buffer.write(msgspec.json.encode(row) + b"\n")


def _limit_itself() -> None:
    """Where memory is short all the same, this process is the first to be ended. A system may have lower limits, or know none."""
    for limit, most in ((resource.RLIMIT_AS, _MEMORY_BYTES), (resource.RLIMIT_CPU, _CPU_S), (resource.RLIMIT_CORE, 0)):
        with suppress(ValueError, OSError):
            resource.setrlimit(limit, (most, most))
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _sheets(content: bytes) -> list[CalamineSheet]:
    book = CalamineWorkbook.from_filelike(BytesIO(content))
    sheets = [book.get_sheet_by_name(about.name) for about in book.sheets_metadata if _is_shown(about)]
    return [sheet for sheet in sheets if sheet.height]


def _is_shown(about: SheetMetadata) -> bool:
    return about.visible is SheetVisibleEnum.Visible and about.typ is SheetTypeEnum.WorkSheet


def _rows(sheet: CalamineSheet) -> Iterator[tuple[int, Sequence[str], Sequence[int]]]:
    """Each row's number, its cells, and which of them were merged with the one above, which then stands in them too.

    The library gives the empty rows above a sheet's first cell, and not the empty columns before it.
    """
    _first_row, first_column = sheet.start or (0, 0)
    merged = _continued(sheet.merged_cell_ranges or (), sheet.total_height)
    above: list[str] = []
    for row, cells in enumerate(sheet.iter_rows()):
        placed = [*[""] * first_column, *map(tidy, cells)]
        columns = sorted(column for column in merged.get(row, ()) if column < min(len(placed), len(above)))
        for column in columns:
            placed[column] = above[column]
        above = placed
        yield row + 1, placed, columns


def _continued(ranges: Sequence[tuple[Place, Place]], last_row: int) -> Mapping[int, set[int]]:
    """The columns of each row in which a merged cell goes on that began above."""
    found: dict[int, set[int]] = {}
    for (top, left), (bottom, _right) in ranges:
        for row in range(top + 1, min(bottom, last_row) + 1):
            found.setdefault(row, set()).add(left)
    return found


if __name__ == "__main__":
    main()
