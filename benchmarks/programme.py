"""Registration and reporting themselves, against the broker's own pace.

A backlog of enrolment requests is taken by registration (checked, decided, stored, answered with facts) and its facts by
reporting, each in a process of its own. Beside it, in the same round: what one connection publishes of the same bodies.
"""

import json
import subprocess
import time
from collections.abc import Sequence

import psutil
import sqlalchemy as sa

from benchmarks.machine import Machine, cpu_seconds, machine
from benchmarks.process import started, stop
from benchmarks.town import Town, town
from benchmarks.waiting import until
from benchmarks.wanted import Result, Wanted, tell
from services.chassis.bus import Queue, Topology
from services.chassis.bus.rabbit import RabbitBus
from services.chassis.envelope import Outgoing
from services.chassis.service import REQUESTS
from tests.reliability.load import REQUESTED, Families
from tests.servers.ports import free_port

BACKLOG = 10_000

_TAKEN = sa.text("select extract(epoch from min(taken_at)) from chassis.inbox")
_STARTED = sa.text("select count(*) from (select 1 from chassis.inbox limit 1) as first")
_ENROLLED = sa.text("select count(*) from enrolment")


def measure(wanted: Wanted) -> Result:
    """Every round on empty databases."""
    with machine() as servers:
        runs = [_run(number, servers, wanted.of(BACKLOG)) for number in range(wanted.rounds)]
    return {"rounds": wanted.rounds, "runs": runs}


def _run(number: int, servers: Machine, requests: int) -> Result:
    families = Families()
    bodies = [json.dumps(families.request()).encode() for _ in range(requests)]
    with town(servers) as place:
        limit = _published(place, bodies, "limit")
        _published(place, bodies, REQUESTS)
        rate, cpu = _worked_off(place, requests)
        kept = {place.number(name, _ENROLLED) for name in ("registration", "reporting")}
    tell(f"{number + 1} programme  {rate:8,.0f}/s, {rate / limit:.2f} of the publish rate, Python {cpu:.3f} s/1000")
    return {"round": number, "events_per_s": rate, "share": rate / limit, "cpu_python_s_per_1000": cpu, "ok": kept == {requests}}


def _published(place: Town, bodies: Sequence[bytes], exchange: str) -> float:
    """Publish all; messages a second."""
    bus = RabbitBus(place.environment["DELTAG_AMQP_URL"])
    if exchange == "limit":
        bus.declare(Topology([exchange], [Queue("limit", exchange, ["#"])]))
    publisher = bus.publisher()
    messages = [Outgoing(json.loads(body)["id"], exchange, REQUESTED, body) for body in bodies]
    began = time.perf_counter()
    publisher.publish(messages)
    rate = len(bodies) / (time.perf_counter() - began)
    publisher.close()
    return rate


def _worked_off(place: Town, requests: int) -> tuple[float, float]:
    """The rate from the first request taken to the last one reported, and what Python used for a thousand."""
    processes = [_started(place, name) for name in ("reporting", "registration")]
    try:
        until(lambda: bool(place.number("registration", _STARTED)), "registration does not begin")
        watched = [psutil.Process(process.pid) for process in processes]
        before = sum(map(cpu_seconds, watched))
        until(lambda: place.number("reporting", _ENROLLED) >= requests, "reporting does not finish", every_s=0.05)
        used, ended = sum(map(cpu_seconds, watched)) - before, time.time()
    finally:
        stop(processes)
    return requests / (ended - place.number("registration", _TAKEN)), used / requests * 1000


def _started(place: Town, name: str) -> subprocess.Popen[bytes]:
    environment = {**place.environment, "DELTAG_METRICS_ADDRESS": f"127.0.0.1:{free_port()}"}
    return started(("services.cli", "run", name, "--only", "bus"), environment, place.folder / f"{name}.log")
