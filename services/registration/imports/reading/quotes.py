"""Quotation marks in tables of text: one that nobody closes must not swallow the lines below it.

A cell may go over several lines of the file (an address). One that holds a line end and a delimiter has most likely begun with
a mark that was only a mark, such as a ditto mark or `"har hund`: then its first line is read alone, as it stands, and those
below it as lines of their own.
"""

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final, Self

_MARK: Final = '"'

Record = tuple[list[str], int | None]
"""The cells, and the line of the file (from 1) where a quotation mark was not closed, if one was not."""


class _Lines:
    """The lines of a file, which a record takes one by one; those that it should not have taken are put back."""

    def __init__(self, text: Iterable[str]) -> None:
        self._text = iter(text)
        self._again: deque[str] = deque()
        self._before = 0
        self.taken: list[str] = []

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        self.taken.append(self._again.popleft() if self._again else next(self._text))
        return self.taken[-1]

    @property
    def first(self) -> int:
        """The number of the record's first line in the file."""
        return self._before + 1

    def begin(self) -> None:
        """The next record begins."""
        self._before += len(self.taken)
        self.taken = []

    def put_back(self) -> str:
        """Keep the record's first line alone."""
        self._again.extendleft(reversed(self.taken[1:]))
        self.taken = self.taken[:1]
        return self.taken[0]


def records(text: Iterable[str], delimiter: str) -> Iterator[Record]:
    """Every record. Raises `csv.Error` for a line that is too long."""
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=delimiter)
    while (cells := _next(reader, lines)) is not None:
        yield _alone(lines.put_back(), lines.first, delimiter) if _has_swallowed(cells, delimiter) else (cells, None)
        lines.begin()


def _next(reader: Iterator[list[str]], lines: _Lines) -> list[str] | None:
    """The next record's cells; those of one that grew too long over several lines are its text, as one."""
    try:
        return next(reader, None)
    except csv.Error:
        if len(lines.taken) == 1:
            raise
        return ["".join(lines.taken)]


def _has_swallowed(cells: Iterable[str], delimiter: str) -> bool:
    """Whether a cell took in the next ones: it holds a line end and a delimiter, or begins with the delimiter after a ditto mark."""
    return any(delimiter in cell and ("\n" in cell or "\r" in cell or cell.lstrip().startswith(delimiter)) for cell in cells)


def _alone(line: str, number: int, delimiter: str) -> Record:
    """One line of the file by itself. Marks that stand alone in their cells are ditto marks, and nobody left them open."""
    [cells] = csv.reader([line.rstrip("\r\n")], delimiter=delimiter, quoting=csv.QUOTE_NONE)
    bare = [_unquoted(cell) for cell in cells]
    return bare, number if any(_MARK in cell and cell.strip() != _MARK for cell in bare) else None


def _unquoted(cell: str) -> str:
    return cell[1:-1].replace(_MARK * 2, _MARK) if len(cell) > 1 and cell[0] == cell[-1] == _MARK else cell
