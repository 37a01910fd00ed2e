"""The embedded Deltag, killed at random moments: what it has acknowledged is done, once, and everybody knows of it."""

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random
from signal import SIGKILL
from threading import Event

import pytest
import sqlalchemy as sa

from services.chassis.bus import matches
from services.chassis.bus.embedded import read_log
from services.chassis.database import Database
from services.chassis.files import programmes
from services.chassis.http import Grant, LocalIssuer, Role
from services.chassis.postgres import EmbeddedPostgres
from services.chassis.runtime import utc_now
from services.chassis.service import Listen
from services.cli.places import BUS, NAMES, service
from services.registration.handlers.programmes import load_programme
from tests.reliability.beside import beside
from tests.reliability.chance import rounds, seed
from tests.reliability.clerk import Clerk
from tests.reliability.load import SOURCE, Ledger
from tests.reliability.oracle import Enrolments, rows
from tests.reliability.patience import START_WITHIN_S, eventually
from tests.reliability.processes import Process, environment_of
from tests.reliability.stage import viewed
from tests.reliability.witness import Passed, passed
from tests.settings import settings_for

ROUNDS, MANY_ROUNDS = rounds(3), 20
LONGEST_ROUND_S = 30
pytestmark = pytest.mark.server  # it starts a PostgreSQL of its own
POINTS = ("relay.before-publish", "relay.after-confirm", "intake.before-commit", "intake.after-commit")
SIGNED_UP = "select person_id::text as child from party where role = 'child'"


class Embedded:
    """Everything in one process and one folder: the four services, the bus, and below it a PostgreSQL that may die too."""

    def __init__(self, folder: Path, chance: Random) -> None:
        self.folder = folder
        self.ledger = Ledger()
        self._chance = chance
        self._server = EmbeddedPostgres(folder)
        self._bus = Database(self._server.url(BUS), application="test")
        self.contexts = {name: viewed(service(name), self._server.url(name), folder) for name in NAMES}
        registration, *receivers = self.contexts.values()
        self.enrolments = Enrolments(registration, receivers, self.ledger, self._queued, _is_public)
        self.process = self.start()

    def start(self, **environment: str) -> Process:
        """Start it, in the place of the one before."""
        for database in self._databases():
            database.close()
        chosen = environment_of(settings_for("deltag", data_dir=self.folder)) | {"DELTAG_BATCH_SIZE": "25"} | environment
        self.process = Process("deltag", ["-m", "services.cli", "up"], environment=chosen, log=self.folder.parent / "deltag.log")
        return self.process

    def strike(self) -> str:
        """Kill it: after a while, at a named point, or with its PostgreSQL; sometimes before it is ready. Returns how."""
        how = self._chance.choice(("it", "it and its PostgreSQL", "it while it starts", *POINTS))
        if how in POINTS:
            self._die_at(how)
            return how
        if how != "it while it starts":
            self.process.await_ready()
        Event().wait(self._chance.uniform(0, 1.5))
        if how == "it and its PostgreSQL":
            os.kill(int((self.folder / "postgres" / "postmaster.pid").read_text().split()[0]), SIGKILL)
        self.process.kill()
        return how

    def settle(self) -> float:
        """Wait until everything is done; returns the seconds that it took after it was ready."""
        self.process.await_ready()
        return eventually(self.enrolments.settled, within=START_WITHIN_S, what="settled", told=self.enrolments.unsettled)

    def facts(self) -> list[Passed]:
        """Everything that passed."""
        return [passed(delivery.body) for delivery in read_log(self._bus, 0)]

    def expire_leases(self) -> None:
        """Let the ten minutes pass for which a dead process had leased the mails that it was sending."""
        with self.contexts["notifications"].work() as work:
            work.connection.execute(sa.text("update mail set due_at = clock_timestamp() where status = 'sending'"))

    def mails(self) -> int:
        """How many mails have left."""
        return len(list((self.folder / "mail").glob("*.eml")))

    def close(self) -> None:
        """Leave nothing running."""
        self.process.discard()
        for database in self._databases():
            database.close()

    def _die_at(self, point: str) -> None:
        """Let it end in order, and start it with a point at which it dies."""
        self.process.await_ready()
        self.process.stop()
        self.start(DELTAG_CRASH_POINT=f"{point}:{self._chance.randint(1, 12)}").await_death()

    def _queued(self) -> int:
        return sum(self._waiting(listen) for context in self.contexts.values() for listen in context.service.listens)

    def _waiting(self, listen: Listen) -> int:
        """What the log holds for a queue behind its cursor."""
        query = "select exchange, routing_key from log where id > (select done from cursor where queue = :queue)"
        found = [row.routing_key for row in rows(self._bus, query, queue=listen.queue) if row.exchange == listen.exchange]
        return sum(any(matches(pattern, key) for pattern in listen.keys) for key in found)

    def _databases(self) -> list[Database]:
        return [self._bus, *(context.database for context in self.contexts.values())]


def _is_public(key: str) -> bool:
    """Whether the log keeps an aggregate's facts: contact cards go when they are taken."""
    return not key.startswith("registration.contact/")


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Embedded]:
    """An embedded Deltag with the sample programme, at work."""
    embedded = Embedded(tmp_path / "data", Random(seed()))
    embedded.process.await_ready()
    with embedded.contexts["registration"].work() as work:
        load_programme(programmes() / "sammen-om-boern", work)
    yield embedded
    embedded.close()


@pytest.fixture
def clerk(embedded: Embedded) -> Clerk:
    """A clerk at its door."""
    grants = [Grant(Role.SYSTEM, "0151", None, SOURCE), Grant(Role.COORDINATOR, "0151")]
    token = LocalIssuer(settings_for("registration"), utc_now).issue("clerk", grants)
    clerk = Clerk(lambda service: f"http://{embedded.process.address}/{service}", token, embedded.ledger)
    clerk.open_activity()
    return clerk


@pytest.mark.timeout(120 + MANY_ROUNDS * LONGEST_ROUND_S)
@pytest.mark.parametrize("kills", [ROUNDS, pytest.param(MANY_ROUNDS, marks=pytest.mark.thorough)])
def test_killed_at_random_moments(embedded: Embedded, clerk: Clerk, kills: int) -> None:
    """Kill -9 of the whole process, again and again, and sometimes of its PostgreSQL: nothing acknowledged is lost or done twice."""
    strikes = []
    with beside(clerk.run):
        for _ in range(kills):
            strikes.append(embedded.strike())
            embedded.start()
        embedded.process.await_ready()
    seconds = embedded.settle()
    embedded.enrolments.figures(embedded.facts(), seconds).judge(f"embedded, killed: {', '.join(strikes)}")
    signed_up = [row.child for row in rows(embedded.contexts["events"], SIGNED_UP)]
    assert sorted(signed_up) == sorted(clerk.signed_up)
    embedded.expire_leases()
    eventually(lambda: embedded.mails() == len(signed_up), what="one mail for each sign-up", told=embedded.mails)
    embedded.process.stop()
