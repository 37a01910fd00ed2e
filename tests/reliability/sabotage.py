"""What can happen to a PostgreSQL, done to one that the test owns."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from signal import SIGCONT, SIGKILL, SIGQUIT, SIGSTOP
from threading import Event

import psutil
import psycopg
from psycopg.errors import DeadlockDetected

from services.chassis.postgres import EmbeddedPostgres
from tests.reliability.beside import beside
from tests.reliability.patience import eventually

OF_SERVICES = "application_name like 'deltag%' and datname = current_database()"
OUTBOX = "chassis.outbox"
DEADLOCKS = "select deadlocks from pg_stat_database where datname = current_database()"

_COLLIDE = """
create sequence if not exists collision;
create or replace function collide() returns trigger language plpgsql as $$ begin
    if nextval('collision') % 3 = 0 then raise 'a collision' using errcode = 'serialization_failure'; end if;
    return null;
end $$;
create trigger collide before insert on {table} for each statement execute function collide()
"""
_STUMBLE = """
create or replace function stumble() returns trigger language plpgsql as $$ begin
    if hashtext(to_jsonb(new) ->> '{column}') % 10 = 0 then raise 'a defect'; end if;
    return new;
end $$;
create trigger stumble before insert on {table} for each row execute function stumble()
"""

_CLOSE = """
create function refuse() returns trigger language plpgsql as $$ begin raise 'it takes nothing' using errcode = '{code}'; end $$;
create trigger refuse before insert or update on {table} for each statement execute function refuse()
"""


def stop_at_once(server: EmbeddedPostgres) -> None:
    """`pg_ctl stop -m immediate`: nothing is finished, nothing is written down."""
    os.kill(server.pid, SIGQUIT)
    eventually(lambda: not server.running, what="its end")
    server.stop()


def kill_a_backend(server: EmbeddedPostgres, url: str) -> None:
    """Kill -9 one of its processes that serve us: it ends all others, and recovers by itself."""
    with psycopg.connect(url) as connection:
        [victim] = _pids(connection, "limit 1")
    os.kill(victim, SIGKILL)
    eventually(lambda: not psutil.pid_exists(victim), what="the end of the backend")
    eventually(lambda: _takes_connections(url), what="the end of its recovery")
    assert server.running


@contextmanager
def frozen(server: EmbeddedPostgres) -> Iterator[None]:
    """During the block it hangs with all its processes: connections stay open, and nothing is answered."""
    with standing_still(server.pid):
        yield


@contextmanager
def standing_still(pid: int) -> Iterator[None]:
    """During the block a process and its children do nothing."""
    process = psutil.Process(pid)
    stopped = [process]
    process.send_signal(SIGSTOP)
    for child in process.children(recursive=True):
        child.send_signal(SIGSTOP)
        stopped.append(child)
    try:
        yield
    finally:
        for process in stopped:
            process.send_signal(SIGCONT)


def terminate_one(url: str, chance: Random, which: str = OF_SERVICES) -> bool:
    """End one connection of the services, any; whether there was one."""
    with psycopg.connect(url, autocommit=True) as connection:
        pids = _pids(connection, which=which)
        if pids:
            connection.execute("select pg_terminate_backend(%s)", [chance.choice(pids)])
        return bool(pids)


def make_collisions(url: str, table: str = OUTBOX) -> None:
    """From now on each third transaction that writes into `table` fails as if it had collided with another."""
    _run(url, _COLLIDE.format(table=table))


def stop_collisions(url: str, table: str = OUTBOX) -> int:
    """No more; returns how many there were."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"drop trigger collide on {table}".encode())
        return int(_one(connection, "select last_value / 3 from collision"))


def break_every_tenth(url: str, table: str, column: str) -> None:
    """From now on a defect meets every tenth row of `table`, and always the same ones: those that hold these values in `column`."""
    _run(url, _STUMBLE.format(table=table, column=column))


def mend(url: str, table: str) -> None:
    """The defect is mended."""
    _run(url, f"drop trigger stumble on {table}")


@contextmanager
def deadlocks(url: str, table: str, last: str = OUTBOX) -> Iterator[Callable[[], int]]:
    """During the block somebody locks what handlers write `last`, and then `table`, the other way round than they; yields a count
    of deadlocks.
    """

    def run(stop: Event) -> None:
        while not stop.wait(0.05):
            _cross(url, last, table)

    with beside(run), psycopg.connect(url, autocommit=True) as connection:
        yield lambda: int(_one(connection, DEADLOCKS))


@contextmanager
def outbox_held(url: str) -> Iterator[None]:
    """During the block nothing is told: what a relay had begun to publish is done, and it can take nothing more."""
    with psycopg.connect(url) as connection:
        connection.execute("lock table chassis.outbox in access exclusive mode")
        yield


@contextmanager
def takes_nothing(url: str, table: str, code: str) -> Iterator[None]:
    """During the block nothing can be written into this table: the database answers with this error."""
    _run(url, _CLOSE.format(table=table, code=code))
    yield
    _run(url, "drop function refuse cascade")


def _cross(url: str, first: str, table: str) -> None:
    try:
        with psycopg.connect(url) as connection:
            connection.execute(f"lock table {first} in share row exclusive mode".encode())
            connection.execute("select pg_sleep(0.05)")
            connection.execute(f"lock table {table} in share row exclusive mode".encode())
            connection.rollback()
    except DeadlockDetected:
        pass


def _takes_connections(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


def _pids(connection: psycopg.Connection, then: str = "", which: str = OF_SERVICES) -> list[int]:
    query = f"select pid from pg_stat_activity where {which} and pid <> pg_backend_pid() {then}"
    return [pid for (pid,) in connection.execute(query.encode())]


def _one(connection: psycopg.Connection, query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    assert row
    return int(row[0])


def _run(url: str, script: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(script.encode())
