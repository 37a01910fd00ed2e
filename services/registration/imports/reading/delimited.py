"""Tables of text: CSV, as Excel, KMD and scripts write it."""

import csv
from collections import Counter
from collections.abc import Iterator
from io import BytesIO, TextIOWrapper
from itertools import islice
from typing import Final

from services.registration.imports.reading.encoding import detected
from services.registration.imports.reading.lines import MOST_LINES, Line
from services.registration.imports.reading.quotes import records
from services.registration.imports.texts import unreadable

_DELIMITERS: Final = ";,\t|"
_LOOKED_AT: Final = 50


def lines(content: bytes) -> Iterator[Line]:
    """Each record a line; a record may go over several lines of the file, and counts once, as in a spreadsheet."""
    codec = detected(content)
    delimiter = _delimiter(content, codec)
    number = 0
    try:
        for number, (cells, unclosed) in enumerate(records(_open(content, codec), delimiter), start=1):
            if number > MOST_LINES:
                raise unreadable("too-many-lines", most=MOST_LINES)
            yield Line(number, cells, unclosed=unclosed)
    except (csv.Error, UnicodeError):
        raise unreadable("line-unreadable", line=number + 1) from None


def _open(content: bytes, codec: str) -> TextIOWrapper:
    """What is no UTF-8 in a file that otherwise is becomes U+FFFD, and is an objection to its cell alone."""
    return TextIOWrapper(BytesIO(content), encoding=codec, errors="replace" if codec == "utf-8" else "strict", newline="")


def _delimiter(content: bytes, codec: str) -> str:
    """The one that cuts most of the first lines into the same number of cells, and into most cells."""
    try:
        first = [line for line in islice(_open(content, codec), _LOOKED_AT) if line.strip()]
    except UnicodeError:
        raise unreadable("line-unreadable", line=1) from None
    return max(_DELIMITERS, key=lambda delimiter: _evenness(first, delimiter))


def _evenness(first: list[str], delimiter: str) -> tuple[int, int]:
    """How many lines have the usual number of cells, and that number; a delimiter that is nowhere cuts nothing."""
    try:
        widths = Counter(len(cells) for line in first for cells in csv.reader([line], delimiter=delimiter) if len(cells) > 1)
    except csv.Error:
        return (0, 0)
    return max(((lines * width, width) for width, lines in widths.items()), default=(0, 0))
