"""The lines of a file, one after the other, as the spreadsheet numbers them."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.registration.imports.values import Cell

MOST_LINES = 200_000
"""More in one file is refused: nobody reads a report of it."""


@dataclass(frozen=True, slots=True)
class Line:
    """`number` counts from 1, as spreadsheets show it; `merged` are the columns whose cell was merged with the one above.

    `unclosed` is the line of the file where a quotation mark was not closed: its cells may not be what was meant.
    """

    number: int
    cells: Sequence[Cell]
    merged: frozenset[int] = frozenset()
    unclosed: int | None = None
