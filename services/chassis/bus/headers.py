"""What a sender may write beside a message's content: texts, and a table of headers.

py-amqp raises over text that is not UTF-8, over times that no calendar has, and over lists within lists without end, so that
one message of a careless sender would stop its queue for good, or the reading of the log. Here such text is read with other
characters in its place, and headers that hold no plain value, for which nobody asks, are left out.

Source: AMQP 0-9-1 specification, sections 4.2.5.3 (strings), 4.2.5.4 (timestamps) and 4.2.5.5 (field tables).
"""

from collections.abc import Iterator
from struct import error as StructError  # noqa: N812 - a class
from typing import Any

from amqp import serialization
from amqp.exceptions import AMQPError

_NESTED = b"FA"
_TIME = ord("T")
_NO_CALENDAR = (253_402_300_800).to_bytes(8, "big")
"""The year 10,000, which lies behind milliseconds and nanoseconds where AMQP counts seconds."""


def text(raw: bytes | str) -> str:
    """What a sender says is text, as far as it is; NUL is no text to a database."""
    said = raw.decode(errors="replace") if isinstance(raw, bytes) else raw
    return said.replace("\0", "\N{REPLACEMENT CHARACTER}")


def read_short(data: bytes, at: int) -> tuple[str, int]:
    """The short string at `at`, and where it ends."""
    end = at + 1 + data[at]
    return text(data[at + 1 : end]), end


def read_headers(data: bytes, at: int) -> tuple[dict[str, Any], int]:
    """The headers in the table at `at`, and where it ends; a table that breaks AMQP counts as empty."""
    end = at + 4 + int.from_bytes(data[at : at + 4], "big")
    try:
        return dict(_plain(data[at + 4 : end])), end
    except (ValueError, ArithmeticError, LookupError, TypeError, StructError, AMQPError):
        return {}, end


def _plain(table: bytes) -> Iterator[tuple[str, Any]]:
    at = 0
    while at < len(table):
        name, at = read_short(table, at)
        if size := _left_out(table, at):
            at += size
        else:
            value, at = serialization._read_item(table, at)  # noqa: SLF001 - py-amqp has no public way to read one
            yield name, value


def _left_out(table: bytes, at: int) -> int:
    """How many bytes the value at `at` takes, if it is left out: a list or a table, perhaps deeper than any stack, or such a time."""
    if table[at] in _NESTED:
        return 5 + int.from_bytes(table[at + 1 : at + 5], "big")
    return 9 if table[at] == _TIME and table[at + 1 : at + 9] >= _NO_CALENDAR else 0


_loads = serialization.loads


def _loads_what_can_be(format: str, buf: bytes, offset: int) -> tuple[list[Any], int]:  # noqa: A002 - py-amqp's names
    """A table alone is what py-amqp asks for when it reads a message's headers, and for nothing else."""
    if format != "F":
        return _loads(format, buf, offset)  # type: ignore[no-any-return] # py-amqp has no types
    headers, end = read_headers(buf, offset)
    return [headers], end


serialization.loads = _loads_what_can_be
serialization.pstr_t = text
"""py-amqp's own ways, with which it reads what comes from the log, are those that raise, or leave names as bytes."""
