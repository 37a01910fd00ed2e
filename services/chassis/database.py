"""A service's database: its connections, with a deadline on every wait, and what PostgreSQL's refusals mean.

Errors are told apart by SQLSTATE: the database is away (nobody's fault and nobody's attempt), something is locked for too
long, two transactions collided, or the values themselves cannot be kept.
"""

from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from functools import cached_property
from types import TracebackType
from typing import Any

import psycopg
import sqlalchemy as sa

from services.chassis.errors import Unavailable
from services.chassis.settings import LOCK_S

STATEMENT_TIMEOUT_S = 30
CONNECT_TIMEOUT_S = 5
CONNECTIONS = 16
"""What a process keeps open at most; 4 more for a moment. With 8, sixteen callers of one row got half as many answers."""
SILENT_S, PROBE_S, PROBES = 3, 1, 3
"""A connection on which nothing has come for so long is probed so often and so many times; then it is given up, by us and by the server.
What is sent, too, has to be confirmed as soon. Else a statement would wait for minutes for a server that has vanished from the network,
and what a vanished process had locked would stay locked for one. It is half of what recovery may take and less: somebody may send just
before the probes have failed. Nobody probes a unix socket."""
NOTICE_DEATH_S = 1
"""So often the server looks whether we still live while it works for us: else a killed process keeps its locks to the statement's end."""

_GIVEN_UP_MS = (SILENT_S + PROBE_S * PROBES) * 1_000
_UNAVAILABLE = ("08", "53", "57P", "58")
"""SQLSTATE classes of a database that is away, full or going down (PostgreSQL documentation, appendix A)."""

_LOCKED, _TOO_LONG = "55P03", "57014"
"""SQLSTATEs of a statement that waited too long for a lock, and for its own end."""

_UNSTORABLE = ("22", "23502", "23514", "54")
"""SQLSTATEs of values that are out of range or not of their type, that are missing, break a check, or are too large for an index."""


class Database:
    """The engine of one service's database. psycopg 3 speaks to it.

    `url` is a `postgresql://` URL, or says which one holds at present: every new connection asks it.
    """

    def __init__(
        self,
        url: str | Callable[[], str],
        *,
        pool_size: int = CONNECTIONS,
        application: str = "deltag",
        lock_s: float = LOCK_S,
    ) -> None:
        self._url = url
        self._pool_size = pool_size
        self._lock_s = lock_s
        self._application = application

    @property
    def url(self) -> str:
        """Where the database is at present, and who may enter."""
        return self._url() if callable(self._url) else self._url

    @cached_property
    def engine(self) -> sa.Engine:
        """Made at first use; every wait on it has a deadline."""
        engine = sa.create_engine(
            driver_url(self.url),
            pool_size=self._pool_size,
            max_overflow=4,
            pool_timeout=10,
            hide_parameters=True,  # an error's text may reach a log, and parameters are people's data
            connect_args=self._arguments,
        )
        sa.event.listen(engine, "do_connect", self._at_present)
        return engine

    @contextmanager
    def apart(self) -> Iterator[psycopg.Connection]:
        """A connection beside the pool, in autocommit, for who keeps it. Raises `Unavailable` when it cannot be had, or is lost."""
        try:
            with psycopg.connect(self.url, autocommit=True, **self._arguments) as connection:
                yield connection
        except psycopg.OperationalError as error:
            raise _away() from error

    @property
    def _arguments(self) -> dict[str, Any]:
        return {
            "connect_timeout": CONNECT_TIMEOUT_S,
            "application_name": self._application,
            "tcp_user_timeout": _GIVEN_UP_MS,
            "keepalives_idle": SILENT_S,
            "keepalives_interval": PROBE_S,
            "keepalives_count": PROBES,
            "options": f"-c statement_timeout={STATEMENT_TIMEOUT_S}s -c lock_timeout={self._lock_s * 1000:.0f}"
            " -c idle_in_transaction_session_timeout=60s"
            f" -c client_connection_check_interval={NOTICE_DEATH_S}s -c timezone=UTC"
            f" -c tcp_keepalives_idle={SILENT_S} -c tcp_keepalives_interval={PROBE_S} -c tcp_keepalives_count={PROBES}"
            f" -c tcp_user_timeout={_GIVEN_UP_MS}",
        }

    def close(self) -> None:
        """Give all connections back to the server."""
        self.engine.dispose()

    def _at_present(self, _dialect: object, _record: object, _arguments: object, parameters: MutableMapping[str, Any]) -> None:
        """A new connection is made with the password of this moment, not with the one that the engine was made with."""
        parameters.update(sa.make_url(self.url).translate_connect_args(username="user", database="dbname"))


def driver_url(url: str) -> sa.URL:
    """The same address, naming the driver."""
    return sa.make_url(url).set(drivername="postgresql+psycopg")


class HeldUp(Unavailable):
    """A statement took too long; the database answers, and the rest of it can be worked on."""

    slug = "held-up"


class Locked(HeldUp):
    """It waited in vain for what another transaction holds."""


class unavailable_when_away:  # noqa: N801 - reads as a statement: `with unavailable_when_away():`
    """Turns the driver's words for "the database is away" into `Unavailable`."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is not None and (trouble := as_unavailable(error)):
            raise trouble from error


def as_unavailable(error: BaseException) -> Unavailable | None:
    """What an error of the driver's means, when it is nobody's fault."""
    if sqlstate(error) == _TOO_LONG:
        return HeldUp(da="Databasen var for længe om svaret.", en="The database took too long to answer.")
    if sqlstate(error) == _LOCKED:
        return Locked(da="En anden transaktion holder noget låst for længe.", en="Another transaction holds something locked for too long.")
    if is_away(error):
        return _away()
    return None


def _away() -> Unavailable:
    return Unavailable(da="Databasen svarer ikke.", en="The database does not answer.")


def is_away(error: BaseException) -> bool:
    """Whether an error says that the database is away, full or shutting down: nobody's fault and nobody's attempt."""
    if isinstance(error, sa.exc.TimeoutError):
        return True
    if not isinstance(error, sa.exc.DBAPIError):
        return False
    state = sqlstate(error)
    return error.connection_invalidated or state.startswith(_UNAVAILABLE) or (not state and isinstance(error, sa.exc.OperationalError))


def is_collision(error: BaseException) -> bool:
    """Whether two transactions collided (serialization failure, deadlock): try the same again at once."""
    return sqlstate(error) in {"40001", "40P01"}


def is_unstorable(error: BaseException) -> bool:
    """Whether the database cannot keep the values themselves: trying again would change nothing."""
    return sqlstate(error).startswith(_UNSTORABLE)


def sqlstate(error: BaseException) -> str:
    """PostgreSQL's five-character code, or nothing."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) or ""
