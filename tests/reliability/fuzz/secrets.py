"""Whose data must stand nowhere: the people of the examples, in what a service logs, shows and answers."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

import structlog

from services.chassis import logs

PERSONAL = re.compile(
    r"mona|karim|asta\b|pr(ø|\\u00f8)vesen|@example\.(org|com)|\b\d{2}[01]\d{3}-[4-9]\d{3}\b|6903914028|20 ?00 ?00 ?17", re.IGNORECASE
)
"""Names, addresses and numbers of the examples and of the families that the load generator makes up."""


def found_in(text: str) -> list[str]:
    """Every line of the text in which somebody can be found."""
    return [line for line in text.splitlines() if PERSONAL.search(line)]


@contextmanager
def logged() -> Iterator[StringIO]:
    """Logs configured as a service does it, into the stream that the block gets."""
    root, stream = logging.getLogger(), StringIO()
    handlers, level = root.handlers, root.level
    logs.configure("fuzz", "info", stream)
    try:
        yield stream
    finally:
        root.handlers, root.level = handlers, level
        logging.captureWarnings(capture=False)
        structlog.reset_defaults()
