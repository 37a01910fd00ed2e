"""The host: nothing blocks the hub, services drain in time, and what was in hand is not run twice."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest
import sqlalchemy as sa

from services.chassis.bus.rabbit import RabbitBus
from services.chassis.service import Context
from services.chassis.topology import topology
from tests.chassis.conftest import eventually
from tests.chassis.tiny import SERVICE, effects

ASKED = 2_000
_DONE = "select count(*) from effect"
DRAINED_WITHIN_S = 5.0

HUB = """
from services.chassis.hosting.green import patch
patch()
import sys, time, threading, psycopg
from services.chassis.hosting.waiting import in_a_loop
if sys.argv[2] == "a loop":
    in_a_loop()
longest, last, going = 0.0, time.monotonic(), True
def tick():
    global longest, last
    while going:
        time.sleep(0.01)
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
ticking = threading.Thread(target=tick); ticking.start()
with psycopg.connect(sys.argv[1]) as connection:
    connection.execute("select pg_sleep(1)")
    list(connection.notifies(timeout=0.5))
going = False; ticking.join()
print(longest)
"""


@pytest.mark.parametrize("who", ["a caller", "a loop"])
def test_driver_does_not_block_the_hub(context: Context, who: str) -> None:
    """While PostgreSQL takes its time, other green threads go on, whoever waits: no gap comes near the second that the query takes."""
    command = [sys.executable, "-W", "ignore", "-c", HUB, context.database.url, who]
    child = subprocess.run(command, capture_output=True, text=True, check=True)
    assert float(child.stdout) < 0.5


HUNG_UP = """
from services.chassis.hosting.green import patch
patch()
import socket
from types import SimpleNamespace
from services.chassis.bus.heartbeat import Guarded
ours, theirs = socket.socketpair()
connection = SimpleNamespace(transport=SimpleNamespace(sock=ours, _write=ours.sendall), collect=ours.close)
guarded = Guarded(connection)
theirs.close()
guarded.beat()
connection.collect()
"""


def test_a_heartbeat_into_a_closed_connection_ends() -> None:
    """A heartbeat for a connection that the broker has closed, before its owner noticed, gives up at once, and lets the owner close it."""
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", HUNG_UP], timeout=60, check=True).returncode == 0


SETTLED = """
from services.chassis.hosting.green import patch
patch()
import gc, os, signal
from services.chassis.hosting.host import host
def tell():
    print(len(gc.get_objects()), gc.get_freeze_count())
    os.kill(os.getpid(), signal.SIGTERM)
host([], {}, drain_s=1, started=tell)
"""


def test_what_is_there_at_the_start_is_not_looked_through_again() -> None:
    """The collector has little to look at for every batch: modules and classes, a hundred thousand objects, are none of its business."""
    child = subprocess.run([sys.executable, "-W", "ignore", "-c", SETTLED], capture_output=True, text=True, check=True, timeout=60)
    looked_at, left_alone = map(int, child.stdout.split())
    assert looked_at * 20 < left_alone


LATE = """
import psycopg
from services.chassis.hosting.green import patch
patch()
"""


def test_patching_late_is_refused() -> None:
    """Locks that were made before the patch would stop the hub when two green threads meet at one, so the process does not even start."""
    child = subprocess.run([sys.executable, "-W", "ignore", "-c", LATE], capture_output=True, text=True, check=False)
    assert "before anything else is imported" in child.stderr


TAKEN = """
from services.chassis.hosting.green import patch
patch()
import sys
from services.chassis.errors import Conflict
from services.chassis.hosting.host import host
from services.chassis.setting_rules import Address
try:
    host([], {Address("127.0.0.1", int(sys.argv[1])): None}, drain_s=1)
except Conflict as taken:
    print(taken.slug)
"""


def test_a_port_is_not_shared() -> None:
    """A port that another process listens on is refused, also where that one would share it: callers would get either of the two."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        command = [sys.executable, "-W", "ignore", "-c", TAKEN, str(other.getsockname()[1])]
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "address-taken\n"


MORTAL = """
from services.chassis.hosting.green import patch
patch()
import sys
from types import SimpleNamespace
from services.chassis import logs
from services.chassis.hosting.host import host
from services.chassis.lifecycle import Stop
from services.chassis.runtime import Loop
def running(name, *loops):
    stop = Stop()
    context = SimpleNamespace(service=SimpleNamespace(name=name))
    last = lambda: (stop.wait(60), print(name, "ended in order", stop.is_set()))
    return SimpleNamespace(context=context, consumers=[], stop=stop, loops=lambda: [Loop("last", last), *loops])
def die():
    raise MemoryError
logs.configure("test")
sys.exit(0 if host([running("well"), running("mortal", Loop("die", die))], {}, drain_s=5) else 1)
"""


def test_the_death_of_a_service_ends_the_process() -> None:
    """When a loop dies of what nobody thought of, the process does not linger without it: the others end in order, and it fails."""
    command = [sys.executable, "-W", "ignore", "-c", MORTAL]
    child = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (child.returncode, child.stdout) == (1, "well ended in order True\n")


Host = Callable[[], subprocess.Popen[str]]


@pytest.fixture
def host(context: Context, bus_url: str, tmp_path: Path) -> Iterator[Host]:
    """Begins to host the tiny service by nameko in a process of its own, on RabbitMQ."""
    environment = os.environ | {"TINY_DATABASE": context.database.url, "TINY_BUS": bus_url, "TINY_DATA": str(tmp_path)}
    command = [sys.executable, "-W", "ignore", "-m", "tests.chassis.hosted_process"]
    children: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        children.append(child := subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE))
        assert child.stdout
        assert child.stdout.readline() == "running\n"
        return child

    yield start
    for child in children:
        child.kill()
        child.communicate()


def test_hosted_service_takes_and_publishes(host: Host, context: Context, bus_url: str) -> None:
    """A message published to RabbitMQ has its effect, and the fact that tells of it comes back over RabbitMQ."""
    from tests.chassis.tiny.talk import ask, listen_in  # noqa: PLC0415 - only here

    host()
    heard = listen_in(bus_url)
    ask(bus_url, ["r-1", "r-2"])
    answers = [json.loads(d.body) for d in heard(2)]
    assert sorted(a["causationid"] for a in answers) == ["r-1", "r-2"]
    assert len(effects(context)) == 2


def test_drains_in_time_and_runs_nothing_twice(host: Host, context: Context, bus_url: str) -> None:
    """On SIGTERM in the middle of work the service ends within five seconds; started again, it does the rest, and nothing twice."""
    from tests.chassis.tiny.talk import ask  # noqa: PLC0415 - only here

    RabbitBus(bus_url).declare(topology(SERVICE.listens))
    ask(bus_url, [f"r-{n}" for n in range(ASKED)])
    child = host()
    eventually(lambda: counted(context, _DONE) > (0,))
    assert stopped(child) < DRAINED_WITHIN_S
    assert counted(context, _DONE) < (ASKED,)
    child = host()
    eventually(lambda: counted(context, _DONE) >= (ASKED,))
    assert stopped(child) < DRAINED_WITHIN_S
    assert counted(context, "select count(*), count(distinct message) from effect") == (ASKED, ASKED)
    assert counted(context, "select sum(handled), sum(duplicate) from chassis.ledger") == (ASKED, 0)
    assert counted(context, "select count(*) from chassis.outbox") == (0,)


def stopped(child: subprocess.Popen[str]) -> float:
    """The seconds that it took to end in order."""
    began = monotonic()
    child.send_signal(signal.SIGTERM)
    assert child.wait(30) == 0
    return monotonic() - began


def counted(context: Context, query: str) -> tuple[int, ...]:
    """One row of numbers."""
    with context.work() as work:
        return tuple(map(int, work.connection.execute(sa.text(query)).one()))
