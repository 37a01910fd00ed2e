"""A file becomes lines of cells, whatever program wrote it: CSV in any encoding and with any delimiter, or a workbook."""

from collections.abc import Iterator

from services.registration.imports.reading import delimited, workbook
from services.registration.imports.reading.lines import Line

__all__ = ["Line", "lines"]


def lines(content: bytes) -> Iterator[Line]:
    """Every line, one at a time, empty ones too. Raises `Invalid` for what is neither a table of text nor a workbook."""
    return workbook.lines(content) if workbook.is_one(content) else delimited.lines(content)
