"""Workbooks: the one sheet with something in it that can be seen, of XLSX and of what is like it (XLS, ODS), as `sheet.py` reads it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

import msgspec

from services.registration.imports.reading.lines import MOST_LINES, Line
from services.registration.imports.reading.sheet import SEVERAL, TOO_LONG
from services.registration.imports.texts import unreadable

_ZIP: Final = b"PK\x03\x04"
_OLE: Final = bytes.fromhex("d0cf11e0a1b11ae1")
_ROOT: Final = Path(__file__).parents[4]
_WHY: Final = {TOO_LONG: "too-many-lines", SEVERAL: "several-sheets"}
_COMMAND: Final = (sys.executable, "-m", "services.registration.imports.reading.sheet")


def is_one(content: bytes) -> bool:
    """Whether these are the first bytes of a workbook."""
    return content.startswith((_ZIP, _OLE))


def lines(content: bytes) -> Iterator[Line]:
    """The sheet's rows. A cell that was merged with those below it stands in each of them. Raises `Invalid` for what cannot be read."""
    with _reader() as process:
        assert process.stdin is not None  # noqa: S101 - a pipe was asked for
        assert process.stdout is not None  # noqa: S101 - the same
        _feed(process.stdin, content)
        for row in process.stdout:
            number, cells, merged = msgspec.json.decode(row, type=tuple[int, list[str], frozenset[int]])
            yield Line(number, cells, merged)
        ended = process.wait()
    if ended:
        raise unreadable(_WHY.get(ended, "workbook-unreadable"), most=MOST_LINES)


@contextmanager
def _reader() -> Iterator[subprocess.Popen[bytes]]:
    """Knows none of our secrets, and ends when nobody wants its rows any more."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("DELTAG_")}
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(_COMMAND, stdin=pipe, stdout=pipe, stderr=nowhere, cwd=_ROOT, env=known) as process:
        try:
            yield process
        finally:
            process.kill()


def _feed(into: IO[bytes], content: bytes) -> None:
    """All of it: rows come only after the end. One who gave up before it has a status that says so."""
    with suppress(BrokenPipeError), into:
        into.write(content)
