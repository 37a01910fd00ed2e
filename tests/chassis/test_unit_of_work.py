"""What a unit of work promises: the real one and the fake pass the same suite."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.database import Database, HeldUp
from services.chassis.envelope import Received
from services.chassis.migrating import at_head, migrate
from services.chassis.service import Context
from services.chassis.testing import FakeStore, FakeUnitOfWork, published
from tests.chassis.conftest import eventually
from tests.chassis.tiny import SERVICE
from tests.servers.databases import Databases

MADE = "tiny.echo.made.v1"
Ways = tuple[Callable[[], Any], Callable[[], list[dict[str, Any]]]]


@pytest.fixture(params=[pytest.param("real", marks=pytest.mark.server), "fake"])
def ways(request: pytest.FixtureRequest) -> Ways:
    """How to begin a unit of work, and how to see what left."""
    if request.param == "fake":
        store = FakeStore()
        return lambda: FakeUnitOfWork(store), lambda: store.published
    context: Context = request.getfixturevalue("context_of")(SERVICE)
    return context.work, lambda: published(context)


def test_commit_lets_messages_leave(ways: Ways) -> None:
    """What was emitted leaves when the block ends well, in the order in which it was emitted."""
    begin, left = ways
    with begin() as work:
        work.emit(MADE, subject="a", data={"n": 1})
        work.emit(MADE, subject="b", data={"n": 2})
    assert [(m["subject"], m["data"]) for m in left()] == [("a", {"n": 1}), ("b", {"n": 2})]


def test_nothing_leaves_before_the_commit(ways: Ways) -> None:
    """While the block runs nothing has left."""
    begin, left = ways
    with begin() as work:
        work.emit(MADE, subject="a", data={})
        assert left() == []


def test_rollback_lets_nothing_leave(ways: Ways) -> None:
    """An exception takes back everything that was emitted."""
    begin, left = ways
    with suppress(ZeroDivisionError), begin() as work:
        work.emit(MADE, subject="a", data={})
        _ = 1 / 0
    assert left() == []


def test_an_attempt_is_taken_back_unless_it_is_kept(ways: Ways) -> None:
    """What a kept attempt emitted leaves with the rest; what another one did never was, and leaves no gap."""
    begin, left = ways
    with begin() as work:
        work.emit(MADE, subject="a", data={"n": 1})
        with work.attempt() as attempt:
            work.emit(MADE, subject="a", data={"n": 2})
            attempt.keep()
        with work.attempt():
            work.emit(MADE, subject="a", data={"n": 3})
        work.emit(MADE, subject="a", data={"n": 4})
    assert [(m["data"]["n"], int(m["sequence"])) for m in left()] == [(1, 1), (2, 2), (4, 3)]


def test_sequence_has_no_gaps(ways: Ways) -> None:
    """An aggregate's messages are numbered from 1 without gaps, across units of work and around a rollback."""
    begin, left = ways
    with begin() as work:
        work.emit(MADE, subject="a", data={})
        work.emit(MADE, subject="a", data={})
    with suppress(ZeroDivisionError), begin() as work:
        work.emit(MADE, subject="a", data={})
        _ = 1 / 0
    with begin() as work:
        work.emit("tiny.echo.changed.v1", subject="a", data={})
        work.emit(MADE, subject="b", data={})
    assert [(m["subject"], int(m["sequence"])) for m in left()] == [("a", 1), ("a", 2), ("a", 3), ("b", 1)]


def test_cause_is_carried_on(ways: Ways) -> None:
    """A message tells what caused it, and keeps the correlation of the first."""
    begin, left = ways
    cause: Received[None] = Received("m-2", "/other", "t", "s", None, correlationid="m-1")
    with begin() as work:
        work.emit(MADE, subject="a", data={}, cause=cause)
    assert (left()[0]["causationid"], left()[0]["correlationid"]) == ("m-2", "m-1")


def test_answer_goes_to_the_asker_too(ways: Ways) -> None:
    """With a reply address the same message goes there as well; without one it does not."""
    begin, left = ways
    with begin() as work:
        work.emit(MADE, subject="a", data={}, reply=Received("m", "/other", "t", "", None, reply_to="answers"))
        work.emit(MADE, subject="b", data={}, reply=Received("m", "/other", "t", "", None))
    assert [(m["subject"], m["exchange"], m["routing_key"]) for m in left()] == [
        ("a", "deltag.events", MADE),
        ("a", "", "answers"),
        ("b", "deltag.events", MADE),
    ]


@pytest.mark.parametrize(("content", "verdict"), [(b'{"n": 1}', "duplicate"), (b'{ "n":1 }', "duplicate"), (b'{"n": 2}', "conflict")])
def test_inbox_knows_an_id_again(ways: Ways, content: bytes, verdict: str) -> None:
    """The same id is new once; then a duplicate with the same content, and a conflict with other content."""
    begin, _ = ways
    with begin() as work:
        assert work.admit("tiny.requests", "/portal", [("1", b'{"n": 1}')]) == ["new"]
    with begin() as work:
        assert work.admit("tiny.requests", "/portal", [("2", b"{}"), ("1", content), ("2", content)]) == ["new", verdict, "conflict"]


def test_every_connection_asks_for_the_address(context_of: Callable[..., Context]) -> None:
    """Where a secret changes, the next connection is made with the new one."""
    url = context_of(SERVICE).database.url
    present = [url]
    database = Database(lambda: present[0])
    database.engine.connect().invalidate()
    present[0] = url.replace("postgres@", "nobody@", 1)
    with pytest.raises(sa.exc.OperationalError, match="nobody"):
        database.engine.connect()
    present[0] = url
    with database.engine.connect() as connection:
        assert connection.scalar(sa.text("select current_user")) == "postgres"
    database.close()


WAITS = sa.text(
    "select count(*) > 0 from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())"
)


@pytest.mark.parametrize("late", ["select from effect for update", "set local statement_timeout = 50; select pg_sleep(9)"])
def test_nobody_waits_long_for_what_is_held(context_of: Callable[..., Context], late: str) -> None:
    """A statement that waits too long, for another's lock or for its own end, ends as one that was held up, and so tells of no defect."""
    context = context_of(SERVICE)
    impatient = Database(context.database.url, lock_s=0.05)
    with context.work() as holding:
        holding.connection.exec_driver_sql("lock table effect in exclusive mode")
        context.database, real = impatient, context.database
        with pytest.raises(HeldUp), context.work() as work:
            work.connection.exec_driver_sql(late)
        context.database = real
    impatient.close()


def test_a_migration_waits_for_another(databases: Databases) -> None:
    """However long another migration takes, the one that comes second waits for it and does not give up."""
    with databases.copied() as url, ThreadPoolExecutor() as elsewhere:
        patient, impatient = Database(url), Database(url, lock_s=0.05)
        with patient.engine.begin() as first:
            first.exec_driver_sql("select pg_advisory_xact_lock(hashtext('deltag migrations'))")
            second = elsewhere.submit(migrate, impatient, SERVICE.migrations)
            eventually(lambda: bool(first.execute(WAITS).scalar()))
            first.exec_driver_sql("select pg_sleep(0.2)")
        second.result()
        assert at_head(patient, SERVICE.migrations)
        patient.close()
        impatient.close()


def test_who_only_asks_loads_no_migrations(context_of: Callable[..., Context]) -> None:
    """A process that finds its database at head has not imported Alembic, which takes 8 MB."""
    ask = "import sys; from services.chassis.database import Database; from services.chassis.migrating import at_head, migrate;"
    ask += " from tests.chassis.tiny import SERVICE; database = Database(sys.argv[1]); migrate(database, SERVICE.migrations);"
    ask += " print(at_head(database, SERVICE.migrations), 'alembic' in sys.modules)"
    command = [sys.executable, "-c", ask, context_of(SERVICE).database.url]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "True False\n"
