"""One fault at one moment of a step: before any statement, around any commit, at any touch of the bus, at any named crash point.

Moments are counted, not named, so that no place is forgotten: the fault strikes at the n-th one that the step comes by. A
process that ends is an exception which no handler of errors sees; a database that goes away is a connection that PostgreSQL
itself ends; and somebody who is quicker is another process' step, played on a thread while this one stands still.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from threading import Thread, get_ident
from time import monotonic
from typing import Any

import psycopg
import sqlalchemy as sa

from services.chassis.errors import Unavailable

GIVE_WAY_S = 0.1
"""How long a step stands still for somebody who is neither done nor waiting for it."""
JOIN_S = 30.0


class Crash(BaseException):
    """The end of a process."""


class Kind(StrEnum):
    """What goes wrong."""

    CRASH = "crash"
    DATABASE = "database"
    BROKER = "broker"
    MEANWHILE = "meanwhile"


class Place(StrEnum):
    """Where a moment lies."""

    STATEMENT = "statement"
    COMMITTING = "committing"
    COMMITTED = "committed"
    BUS = "bus"
    POINT = "point"


_DATABASE_PLACES = {Place.STATEMENT, Place.COMMITTING, Place.COMMITTED}
STRIKES_AT = {
    Kind.CRASH: set(Place),
    Kind.DATABASE: _DATABASE_PLACES,
    Kind.BROKER: {Place.BUS},
    Kind.MEANWHILE: {Place.STATEMENT, Place.COMMITTING, Place.POINT},
}


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and after how many moments; `other` is what somebody else does meanwhile."""

    kind: Kind
    after: int
    other: str = ""


class Nemesis:
    """Strikes once for each time that it is armed, and only on the thread that armed it."""

    def __init__(self, server_url: str) -> None:
        self._server = psycopg.connect(server_url, autocommit=True)
        self._fault: Fault | None = None
        self._other: Callable[[], None] = lambda: None
        self._thread = self._left = 0
        self._companion: Thread | None = None
        self.struck: Place | None = None

    def watch(self, engine: sa.Engine) -> None:
        """Count this engine's statements and commits among the moments."""
        sa.event.listen(engine, "before_cursor_execute", self._on_statement)
        sa.event.listen(engine, "commit", self._on_commit)

    def arm(self, fault: Fault | None, other: Callable[[], None]) -> None:
        """Strike once, when the step that follows has come by `fault.after` moments."""
        self._fault, self._other, self.struck = fault, other, None
        self._thread, self._left = get_ident(), fault.after if fault else 0

    def disarm(self) -> None:
        """The step is over, and so is what somebody else did meanwhile."""
        self._fault = None
        if self._companion:
            self._companion.join(JOIN_S)
            assert not self._companion.is_alive(), "two steps wait for each other"
        self._companion = None

    def bus(self) -> None:
        """The bus is about to be touched, or has been."""
        self._pass(Place.BUS)

    def point(self, _name: str) -> None:
        """A named crash point of the code."""
        self._pass(Place.POINT)

    def close(self) -> None:
        """Leave the server."""
        self._server.close()

    def _on_statement(self, connection: sa.Connection, *_: Any) -> None:
        self._pass(Place.STATEMENT, connection)

    def _on_commit(self, connection: sa.Connection) -> None:
        self._pass(Place.COMMITTING, connection)
        self._pass(Place.COMMITTED, connection)

    def _pass(self, place: Place, connection: sa.Connection | None = None) -> None:
        fault = self._fault
        if fault is None or get_ident() != self._thread or place not in STRIKES_AT[fault.kind]:
            return
        self._left -= 1
        if self._left < 0:
            self._fault, self.struck = None, place
            if place is Place.COMMITTED:
                _raw(connection).commit()
            self._strike(fault.kind, place, connection)

    def _strike(self, kind: Kind, place: Place, connection: sa.Connection | None) -> None:
        match kind:
            case Kind.CRASH:
                raise Crash(place)
            case Kind.BROKER:
                raise Unavailable(en="The broker went away.")
            case Kind.MEANWHILE:
                self._give_way()
            case Kind.DATABASE:
                self._cut(_raw(connection))

    def _cut(self, raw: Any) -> None:
        """End the connection on the server's side, and wait until it has: what it held is rolled back."""
        self._server.execute("select pg_terminate_backend(%s, 5000)", [raw.info.backend_pid])
        raw.close()

    def _give_way(self) -> None:
        self._companion = Thread(target=self._other, daemon=True)
        self._companion.start()
        deadline = monotonic() + GIVE_WAY_S
        while self._companion.is_alive() and not self._somebody_waits() and monotonic() < deadline:
            self._companion.join(0.002)

    def _somebody_waits(self) -> bool:
        return bool(self._server.execute("select exists (select from pg_locks where not granted)").fetchone() == (True,))


def _raw(connection: sa.Connection | None) -> Any:
    assert connection, "a moment of the database has a connection"
    return connection.connection.dbapi_connection
