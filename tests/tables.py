"""Tables of headers that stop a careless reader, written byte by byte; pika, with which no reader of ours shares anything, sends them."""

import struct

from pika.spec import BasicProperties


def nested(depth: int, kind: bytes = b"A") -> bytes:
    """A header of lists within lists, or of tables within tables, so deep."""
    name = b"\x01n" if kind == b"F" else b""
    value = kind + struct.pack(">I", 0)
    for _ in range(depth):
        value = kind + struct.pack(">I", len(name + value)) + name + value
    return b"\x01x" + value


def at(time: int) -> bytes:
    """A header with a time, which AMQP counts in seconds."""
    return b"\x01tT" + struct.pack(">Q", time)


TABLES = {
    "a time in milliseconds": at(1_700_000_000_000),
    "a time in nanoseconds": at(1_700_000_000_000_000_000),
    "the last of all times": at(2**64 - 1),
    "lists within lists": nested(2_000),
    "tables within tables": nested(2_000, b"F"),
    "lists within lists that some can read": nested(400),
}
"""By what stands in each."""


class Table(BasicProperties):  # type: ignore[misc] # pika has no types
    """Properties that are this table of headers, and nothing else."""

    def __init__(self, table: bytes) -> None:
        super().__init__()
        self._table = table

    def encode(self) -> list[bytes]:
        """As they go over the wire."""
        return [struct.pack(">HI", self.FLAG_HEADERS, len(self._table)) + self._table]
