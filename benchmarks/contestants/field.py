"""The field: who takes part, how long each one's backlog is, and how its queues and tables are made."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psycopg

from benchmarks.contestants import wire
from benchmarks.contestants.deltag import enrolment, insight
from benchmarks.job import ENROLMENT_TABLES, INSIGHT_TABLES, SUBMITTED
from benchmarks.machine import Ground
from services.chassis.bus import Queue, Topology
from services.chassis.database import Database
from services.chassis.migrating import migrate
from services.chassis.service import REQUESTS
from services.chassis.topology import topology


@dataclass(frozen=True)
class Contestant:
    """`backlog` is long enough for some seconds of work; `intake` takes the submissions, `facts` is the second queue."""

    name: str
    backlog: int
    intake: wire.Route
    facts: str
    prepare: Callable[[Ground], None]


def _prepare_peer(ground: Ground) -> None:
    routes = (wire.SUBMISSIONS, wire.FACTS)
    ground.bus.declare(Topology([r.exchange for r in routes], [Queue(r.queue, r.exchange, [r.key]) for r in routes]))
    for name, tables in (("enrolment", ENROLMENT_TABLES), ("insight", INSIGHT_TABLES)):
        with psycopg.connect(ground.urls[name], autocommit=True) as connection:
            connection.execute(tables)


def _prepare_deltag(ground: Ground) -> None:
    services = (enrolment.SERVICE, insight.SERVICE)
    ground.bus.declare(topology([listen for service in services for listen in service.listens]))
    for service in services:
        database = Database(ground.urls[service.name])
        migrate(database, service.migrations)
        database.close()


DELTAG = Contestant("deltag", 20_000, wire.Route(REQUESTS, SUBMITTED, enrolment.QUEUE), insight.QUEUE, _prepare_deltag)


def _peer(name: str, backlog: int) -> Contestant:
    return Contestant(name, backlog, wire.SUBMISSIONS, wire.FACTS.queue, _prepare_peer)


FIELD: Sequence[Contestant] = (DELTAG, _peer("aiopika_raw", 4_000), _peer("nameko_direct", 1_500), _peer("faststream", 1_500))
