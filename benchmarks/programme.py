"""The enrolment pipeline, against the broker's own pace: `make bench` (about three minutes; ARGS="--requests 20000 --rounds 5").

A backlog of enrolment requests is taken by registration (validated, decided, stored, answered with facts) and its facts
by reporting, each in a process of its own, on a durable PostgreSQL and a RabbitMQ started for this run. Beside it, in the
same round: one connection that publishes the same bodies with a window of 1,000 unconfirmed, which is what the broker can do at all.
Machines are shared: quote medians and the ratio, not the rates.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import psutil
import sqlalchemy as sa

from services.chassis.bus import Queue, Topology
from services.chassis.bus.rabbit import RabbitBus
from services.chassis.envelope import Outgoing
from services.chassis.postgres import EmbeddedPostgres
from services.chassis.service import REQUESTS, Context
from services.chassis.storage import Database
from services.cli.places import Place, developed
from services.registration.handlers import load_programme
from tests.reliability.load import Families
from tests.servers.ports import free_port
from tests.servers.rabbit import RabbitNode

ROOT = Path(__file__).parents[1]
SERVICES = ("registration", "reporting")
TYPE = "enrolment.requested.v1"
PATIENCE_S = 300.0

_TAKEN = sa.text("select extract(epoch from min(taken_at)) from chassis.inbox")
_STARTED = sa.text("select count(*) from (select 1 from chassis.inbox limit 1) as first")
_REPORTED = sa.text("select count(*) from enrolment")


def main() -> None:
    """Run the rounds, print the table, keep the figures."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, servers(Path(folder)):
        rounds = [one_round(wanted.requests, first=n * wanted.requests) for n in range(wanted.rounds)]
    show(rounds)
    (ROOT / "benchmarks" / "results").mkdir(exist_ok=True)
    (ROOT / "benchmarks" / "results" / "pipeline.json").write_text(
        json.dumps({"requests": wanted.requests, "rounds": rounds}, indent=2) + "\n"
    )


@contextmanager
def servers(folder: Path) -> Iterator[None]:
    """A PostgreSQL and a RabbitMQ for this run, named by the environment as a deployment would."""
    node = RabbitNode(folder / "rabbit").start()
    try:
        with EmbeddedPostgres(folder / "postgres") as postgres:
            os.environ |= {"DELTAG_AMQP_URL": node.url(), "DELTAG_POSTGRES_URL": postgres.url(), "DELTAG_DATA_DIR": str(folder / "data")}
            yield
    finally:
        node.discard()


def one_round(requests: int, *, first: int) -> dict[str, float]:
    """The limit, then Deltag on an empty database."""
    bodies = [json.dumps(Families(first + n).request()).encode() for n in range(requests)]
    limit = publish(bodies, "limit")
    place = fresh_place()
    publish(bodies, REQUESTS)
    with running(place) as processes:
        await_first(place.context("registration"))
        before = cpu_seconds(processes)
        began, ended = await_all(place.context("registration"), place.context("reporting"), requests)
        cpu = cpu_seconds(processes) - before
    for context in place.contexts.values():
        context.database.close()
    rate = requests / (ended - began)
    return {"limit_per_s": limit, "deltag_per_s": rate, "ratio": rate / limit, "cpu_python_s_per_1000": cpu / requests * 1000}


def publish(bodies: Sequence[bytes], exchange: str) -> float:
    """Publish with pipelined confirms; returns messages a second."""
    bus = RabbitBus(os.environ["DELTAG_AMQP_URL"])
    if exchange == "limit":
        bus.declare(Topology([exchange], [Queue("limit", exchange, ["#"])]))
    publisher = bus.publisher()
    messages = [Outgoing(json.loads(body)["id"], exchange, TYPE, body) for body in bodies]
    began = time.perf_counter()
    returned = publisher.publish(messages)
    took = time.perf_counter() - began
    publisher.close()
    assert not returned  # noqa: S101 - a benchmark that loses messages measures nothing
    return len(bodies) / took


def fresh_place() -> Place:
    """Empty databases and queues, with the programme loaded."""
    drop_databases(os.environ["DELTAG_POSTGRES_URL"])
    place = developed()
    place.prepare()
    with place.context("registration").work() as work:
        load_programme(ROOT / "programmes" / "sammen-om-boern", work)
    return place


def drop_databases(url: str) -> None:
    """Remove what the round before left."""
    with Database(url).engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for name in ("registration", "events", "notifications", "reporting"):
            connection.execute(sa.text(f"drop database if exists deltag_{name} with (force)"))


@contextmanager
def running(place: Place) -> Iterator[list[psutil.Process]]:
    """Registration and reporting, a process each, on ports that nobody else wants."""
    environment = os.environ | {f"DELTAG_{name.upper()}_DATABASE_URL": place.settings[name].database_url for name in SERVICES}
    started = [_start(name, environment) for name in SERVICES]
    try:
        yield [psutil.Process(process.pid) for process in started]
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(30)


def _start(name: str, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "services.cli", "run", name, "--only", "bus"]
    ports = {"DELTAG_METRICS_ADDRESS": f"127.0.0.1:{free_port()}"}
    return subprocess.Popen(command, env=dict(environment) | ports, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def cpu_seconds(processes: Sequence[psutil.Process]) -> float:
    """User and system time that the processes have used so far."""
    return float(sum(sum(process.cpu_times()[:2]) for process in processes))


def await_first(registration: Context) -> None:
    """Return when the first request was taken."""
    deadline = time.monotonic() + PATIENCE_S
    while not _scalar(registration, _STARTED):
        if time.monotonic() > deadline:
            raise TimeoutError("registration does not begin")
        time.sleep(0.01)


def await_all(registration: Context, reporting: Context, requests: int) -> tuple[float, float]:
    """When the first request was taken, and when the last enrolment was in the report."""
    deadline = time.monotonic() + PATIENCE_S
    while _scalar(reporting, _REPORTED) < requests:
        if time.monotonic() > deadline:
            raise TimeoutError(f"only {_scalar(reporting, _REPORTED):.0f} of {requests} arrived")
        time.sleep(0.05)
    return _scalar(registration, _TAKEN), time.time()


def _scalar(context: Context, query: sa.TextClause) -> float:
    with context.work() as work:
        return float(work.connection.execute(query).scalar_one())


def show(rounds: Sequence[Mapping[str, float]]) -> None:
    """Medians and ranges."""
    for figure in rounds[0]:
        values = [r[figure] for r in rounds]
        sys.stdout.write(f"{figure:24}{median(values):12,.3f}   ({min(values):,.3f} to {max(values):,.3f})\n")


if __name__ == "__main__":
    main()
