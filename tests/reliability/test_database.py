"""A database that goes down, hangs, refuses or stands still under load: no half effects, and all goes on by itself.

The PostgreSQL is this module's own. The services are started once in each test, and never again.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from random import Random
from threading import Event

import psutil
import pytest
import sqlalchemy as sa

from services.chassis.database import Database, unavailable_when_away
from services.chassis.errors import Unavailable
from services.chassis.http import Grant, LocalIssuer, Role
from services.chassis.postgres import EmbeddedPostgres
from services.chassis.runtime import utc_now
from tests.reliability.chance import rounds, seed
from tests.reliability.clerk import Clerk
from tests.reliability.load import SOURCE, Families, Ledger
from tests.reliability.oracle import number
from tests.reliability.patience import RECOVERED_WITHIN_S, START_WITHIN_S, eventually, lasts
from tests.reliability.processes import Process
from tests.reliability.sabotage import (
    deadlocks,
    frozen,
    kill_a_backend,
    make_collisions,
    stop_at_once,
    stop_collisions,
    terminate_one,
)
from tests.reliability.stage import Stage
from tests.servers.databases import Databases
from tests.servers.ports import free_port
from tests.servers.proxy import Proxy
from tests.settings import settings_for

NAMES = ("registration", "reporting")
TERMINATED = rounds(40)
DEADLOCKS = 3
CALLERS = 30
"""More than the connections that a service may have."""
HELD_UP = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
VANISHING = "select count(*) from pg_stat_activity where application_name = 'vanishing' and wait_event = 'PgSleep'"
ARRIVED_S = 2
"""After so long no answer is under way any more that was given before the database hung."""
LASTING = 4
"""Connections that both services keep, at the least: a relay's and a listener's each."""
CONNECTIONS = 20
TOKEN = LocalIssuer(settings_for("registration"), utc_now).issue("clerk", [Grant(Role.SYSTEM, "0151", None, SOURCE)])


@pytest.fixture(scope="module")
def durable_postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL that only this module uses."""
    options = {"deadlock_timeout": "100ms", "listen_addresses": "127.0.0.1", "port": str(free_port())}
    with EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), options=options) as server:
        yield server


@pytest.fixture(scope="module")
def all_durable_databases(durable_postgres_server: EmbeddedPostgres) -> Databases:
    """Its databases."""
    return Databases(durable_postgres_server)


@pytest.fixture
def server(durable_databases: Databases) -> EmbeddedPostgres:
    """The server below the stage."""
    return durable_databases.server


@pytest.fixture
def wire(server: EmbeddedPostgres) -> Iterator[Proxy]:
    """What lies between the server and those who reach it over TCP."""
    with Proxy(int(str(sa.make_url(server.url()).query["port"]))).running() as wire:
        yield wire


def test_database_goes_down_under_load(stage: Stage, server: EmbeddedPostgres) -> None:
    """Fault 26: stopped at once, killed -9, restarted in order, one of its processes killed. Nothing is half done, and all goes on."""
    stage.start_all(*NAMES)
    seconds = {}
    with stage.flowing():
        for how in (stop_at_once, EmbeddedPostgres.kill, EmbeddedPostgres.stop):
            stage.await_progress()
            how(server)
            await_not_ready(stage)
            server.start()
            seconds[how.__name__] = recovered(stage)
        stage.await_progress()
        kill_a_backend(server, stage.contexts["registration"].database.url)
        seconds["kill_a_backend"] = recovered(stage)
    stage.figures(max(seconds.values())).judge(f"database down {told(seconds)}")


def test_connections_are_ended_at_random(stage: Stage) -> None:
    """Fault 27: `pg_terminate_backend` on any connection, again and again. Nobody's attempt is counted."""
    stage.start_all(*NAMES)
    chance = Random(seed())
    with stage.flowing():
        for _ in range(TERMINATED):
            url = stage.contexts[chance.choice(NAMES)].database.url
            eventually(partial(terminate_one, url, chance), what="a connection")
            Event().wait(chance.uniform(0, 0.2))
        seconds = recovered(stage)
    assert deferred_alone(stage) == 0
    stage.figures(seconds).judge(f"{TERMINATED} connections ended")


def test_transactions_collide(stage: Stage) -> None:
    """Fault 27: serialization failures and real deadlocks. The same is tried again in place, and nobody's attempt is counted."""
    stage.start_all(*NAMES)
    url = stage.contexts["registration"].database.url
    with stage.flowing():
        make_collisions(url)
        stage.await_progress()
        with deadlocks(url, "enrolment") as counted:
            eventually(lambda: counted() >= DEADLOCKS, within=START_WITHIN_S, what="deadlocks")
            found = counted()
        collisions = stop_collisions(url)
        seconds = recovered(stage)
    assert deferred_alone(stage) == 0
    stage.figures(seconds).judge(f"{collisions} collisions, {found} deadlocks")


@pytest.mark.thorough
@pytest.mark.parametrize("hung_s", [5, 30])
def test_database_hangs(stage: Stage, server: EmbeddedPostgres, hung_s: float) -> None:
    """Fault 28: PostgreSQL is stopped with SIGSTOP under load, and goes on. Meanwhile nothing is answered, and nothing is parked."""
    stage.start_all(*NAMES)
    with stage.flowing():
        stage.await_progress()
        with frozen(server):
            lasts(ARRIVED_S)
            before = set(stage.ledger.answers)
            lasts(hung_s - ARRIVED_S)
            assert set(stage.ledger.answers) == before, "it did not hang"
        seconds = recovered(stage)
    assert deferred_alone(stage) == 0
    stage.figures(seconds).judge(f"database hung for {hung_s} s")


@pytest.mark.thorough
def test_database_half_open(stage: Stage, wire: Proxy) -> None:
    """Fault 28, half open: PostgreSQL and the services have vanished for one another, and nobody is told. Both give up all connections,
    and new ones are made.
    """
    urls = {f"DELTAG_{name.upper()}_DATABASE_URL": over(wire, stage.contexts[name].database.url) for name in NAMES}
    stage.start_all(*NAMES, **urls)
    with stage.flowing():
        stage.await_progress()
        before = connected(stage, wire)
        wire.forget()
        seconds = recovered(stage)
        seconds += eventually(lambda: not before & connected(stage, wire), within=RECOVERED_WITHIN_S - seconds, what="all given up")
    assert len(before) >= LASTING
    assert deferred_alone(stage) == 0
    stage.figures(seconds).judge(f"{len(before)} connections to the database half open")


@pytest.mark.thorough
def test_a_statement_under_way_is_half_open(durable_databases: Databases, wire: Proxy) -> None:
    """Fault 28, half open while PostgreSQL computes: whoever waits for it gives up, and what his transaction held is free again."""
    with durable_databases.copied() as url, ThreadPoolExecutor(1) as waiting:
        direct, vanishing = Database(url), Database(over(wire, url), application="vanishing")
        with direct.engine.begin() as connection:
            connection.execute(sa.text("create table held ()"))
        answer = waiting.submit(work_for_long, vanishing)
        eventually(lambda: works_on(direct), what="a statement under way")
        wire.forget()
        given_up = eventually(answer.done, what="the end of the wait")
        assert isinstance(answer.exception(), Unavailable)
        freed = eventually(lambda: not works_on(direct), what="the end of the transaction")
        with direct.engine.begin() as connection:
            connection.execute(sa.text("lock table held nowait"))
        vanishing.close()
        direct.close()
    print(f"given up after {given_up:.1f} s, all it held was free after {given_up + freed:.1f} s")  # noqa: T201 - as the oracle does


@pytest.mark.thorough
def test_all_connections_are_in_use(stage: Stage) -> None:
    """Fault 28: callers hold every connection that a service may have. Consuming waits, nothing is parked, and callers are answered."""
    [registration, _] = stage.start_all(*NAMES, DELTAG_LOCK_S="29")
    clerk, families = Clerk(lambda _service: f"http://{registration.address}", TOKEN, Ledger()), Families(first=900_000)
    with ThreadPoolExecutor(CALLERS) as asking, stage.flowing():
        with nobody_enrols(stage):
            answers = [asking.submit(clerk.enrol, [families.request()]) for _ in range(CALLERS)]
            eventually(lambda: number(stage.contexts["registration"], HELD_UP) >= CONNECTIONS, what="all connections in use")
            eventually(lambda: "loop.paused" in registration.log.read_text(), what="somebody who waits for a connection in vain")
        seconds = recovered(stage)
        assert {answer["status"] for done in answers for answer in done.result()} == {"accepted"}
    assert deferred_alone(stage) == 0
    stage.ledger.attempted.update(clerk.ledger.attempted)
    stage.ledger.acknowledged.update(clerk.ledger.acknowledged)
    stage.figures(seconds).judge(f"{CALLERS} callers on {CONNECTIONS} connections")


def over(wire: Proxy, url: str) -> str:
    """The same database by way of it."""
    return sa.make_url(url).set(host="127.0.0.1", port=wire.port, query={}).render_as_string(hide_password=False)


def connected(stage: Stage, wire: Proxy) -> set[int]:
    """The connections by way of it that the system keeps for the services: each has a port of its own."""
    found = [one for process in stage.running for one in psutil.Process(process.pid).net_connections()]
    return {one.laddr.port for one in found if one.raddr[1:] == (wire.port,)}


def work_for_long(database: Database) -> None:
    """A transaction that holds a table, and computes for longer than anybody waits."""
    with unavailable_when_away(), database.engine.begin() as connection:
        connection.execute(sa.text("lock table held"))
        connection.execute(sa.text("select pg_sleep(:seconds)"), {"seconds": 2 * RECOVERED_WITHIN_S})


def works_on(database: Database) -> bool:
    """Whether that transaction is there, and computes."""
    with database.engine.begin() as connection:
        return bool(connection.execute(sa.text(VANISHING)).scalar())


@contextmanager
def nobody_enrols(stage: Stage) -> Iterator[None]:
    """Whoever enrols a child during the block waits for its end."""
    with stage.contexts["registration"].work() as work:
        work.connection.execute(sa.text("lock table child in exclusive mode"))
        yield


def await_not_ready(stage: Stage) -> None:
    """Wait until each process says that its database is missing; none has ended."""
    for process in stage.processes:
        eventually(partial(_is_not_ready, process), what="not ready")


def _is_not_ready(process: Process) -> bool:
    assert not process.ended, process.tail()
    return process.health().get("status") == "not-ready"


def recovered(stage: Stage) -> float:
    """Wait until all that is acknowledged by now is handled; returns the seconds that it took."""
    for context in stage.contexts.values():
        context.database.close()
    acknowledged = set(stage.ledger.acknowledged)
    seconds = eventually(lambda: stage.enrolments.handled(acknowledged), what="at work again")
    assert not any(process.ended for process in stage.processes)
    return seconds


def deferred_alone(stage: Stage) -> int:
    """How many messages were put aside because they failed."""
    return sum(process.log.read_text().count("message.deferred") for process in stage.processes)


def told(seconds: Mapping[str, float]) -> str:
    """Each way and its time."""
    return ", ".join(f"{how.replace('_', ' ')} {took:.1f} s" for how, took in seconds.items())
