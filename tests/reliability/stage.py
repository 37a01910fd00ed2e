"""Registration and reporting on a stage of their own: two databases, a virtual host, processes that may die."""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property, partial
from pathlib import Path
from time import monotonic

from services.chassis.bus.rabbit import RabbitBus
from services.chassis.database import Database
from services.chassis.files import programmes
from services.chassis.runtime import utc_now
from services.chassis.service import Context, Service
from services.chassis.topology import topology
from services.registration.handlers.programmes import load_programme
from services.registration.service import SERVICE as REGISTRATION
from services.reporting.service import SERVICE as REPORTING
from tests.reliability.beside import beside
from tests.reliability.clerk import ANSWERED_WITHIN_S, TOKEN, Clerk, Desk
from tests.reliability.load import Families, Ledger, Sender, Steadfast, flowing
from tests.reliability.oracle import Enrolments, Figures, put_aside
from tests.reliability.patience import START_WITHIN_S, eventually
from tests.reliability.processes import Process, command, environment_of
from tests.reliability.witness import Passed, Witness
from tests.servers.databases import Databases
from tests.settings import settings_for

SERVICES = {service.name: service for service in (REGISTRATION, REPORTING)}
ANSWERS_AFTER = 20
"""When so many requests have been answered over the bus after a fault, it flows again."""
QUEUES = [listen.queue for service in SERVICES.values() for listen in service.listens]


class Stage:
    """Two services and the broker between them. `contexts` are the test's own view into their databases."""

    def __init__(self, folder: Path, bus_url: str, contexts: Mapping[str, Context]) -> None:
        self.folder = folder
        self.bus_url = bus_url
        self.contexts = contexts
        self.ledger = Ledger()
        self.families = Families()
        self.processes: list[Process] = []
        self.witness = Witness(bus_url)
        RabbitBus(bus_url).declare(topology([listen for service in SERVICES.values() for listen in service.listens]))
        with contexts["registration"].work() as work:
            load_programme(programmes() / "sammen-om-boern", work)

    @cached_property
    def enrolments(self) -> Enrolments:
        """Both services, before the oracle."""
        return Enrolments(self.contexts["registration"], [self.contexts["reporting"]], self.ledger, lambda: self.witness.waiting(QUEUES))

    @property
    def vhost(self) -> str:
        """The virtual host on which all of it plays."""
        return self.bus_url.rpartition("/")[2]

    @property
    def running(self) -> list[Process]:
        """The processes that were not stopped."""
        return [process for process in self.processes if not process.ended]

    def start(self, name: str, **environment: str) -> Process:
        """Start a process of a service; `await_ready` waits until it takes part."""
        return self._started(name, environment)

    def start_bound(self, name: str, **environment: str) -> Process:
        """The same, and it can be held to limits that do not hold for root."""
        return self._started(name, environment, bound=True)

    def _started(self, name: str, environment: Mapping[str, str], *, bound: bool = False) -> Process:
        settings = self.contexts[name].settings
        chosen = {"DELTAG_AMQP_URL": self.bus_url, "DELTAG_BATCH_SIZE": "25", **environment}
        log = self.folder / f"{name}-{len(self.processes)}.log"
        process = Process(name, ["-m", "services.cli", "run", name], environment=environment_of(settings) | chosen, log=log, bound=bound)
        self.processes.append(process)
        return process

    def start_all(self, *names: str, **environment: str) -> list[Process]:
        """Start several at once, and wait until all are ready."""
        started = [self.start(name, **environment) for name in names]
        for process in started:
            process.await_ready()
        return started

    def command(self, name: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Begin `deltag` with these arguments, with the settings of a service."""
        return command(environment_of(self.contexts[name].settings) | {"DELTAG_AMQP_URL": self.bus_url} | environment, *arguments)

    def sender(self, **options: int) -> Sender:
        """The other system, on a connection of its own."""
        return Sender(self.bus_url, self.ledger, self.families, **options)

    @contextmanager
    def flowing(self, requests: int | None = None) -> Iterator[None]:
        """Requests come during the block."""
        sender = self.sender()
        with flowing(sender, requests):
            yield
        sender.close()

    @contextmanager
    def busy(self, registration: Process, **options: int) -> Iterator[Desk]:
        """Requests come over the bus and over HTTP during the block, whatever happens to the broker."""
        desk = Desk(Clerk(lambda _service: f"http://{registration.address}", TOKEN, self.ledger), self.families)
        sender = Steadfast(self.bus_url, self.ledger, self.families, **options)
        with flowing(sender), beside(desk.run):
            self.await_progress()
            yield desk
        sender.close()
        print(f"{desk.answers} enrolled over HTTP, none waited longer than {desk.longest_s:.2f} s")  # noqa: T201 - as the oracle does
        assert desk.longest_s < ANSWERED_WITHIN_S

    @contextmanager
    def at_work(self, **environment: str) -> Iterator[Desk]:
        """Both services run, and are busy during the block."""
        registration, _ = self.start_all("registration", "reporting", **environment)
        with self.busy(registration) as desk:
            yield desk

    def await_trouble(self, said: str = "broker") -> None:
        """Wait until the health of every process says what is wrong."""
        for process in self.running:
            eventually(partial(_says, process, said), within=START_WITHIN_S, what=f"{said} in the health of {process.name}")

    def recovered(self) -> float:
        """The seconds from now until answers come again, all are ready, and everybody knows what was acknowledged by then."""
        began, wanted = monotonic(), self.ledger.told + ANSWERS_AFTER
        eventually(lambda: self.ledger.told >= wanted, within=START_WITHIN_S, what="answers again", told=self._still)
        acknowledged = set(self.ledger.acknowledged)
        eventually(lambda: self._ready() and self.enrolments.known(acknowledged), within=START_WITHIN_S, what="recovery", told=self._still)
        return monotonic() - began

    def restart(self, name: str, **environment: str) -> float:
        """Start a process in the place of one that died; returns the seconds from its being ready to all being
        handled that had been acknowledged by then.
        """
        self.start_all(name, **environment)
        acknowledged = set(self.ledger.acknowledged)
        return eventually(lambda: self.enrolments.handled(acknowledged), what=f"{name} at work again")

    def await_progress(self, answers: int = 40) -> None:
        """Wait until so many more requests are answered."""
        wanted = len(self.ledger.answers) + answers
        eventually(lambda: len(self.ledger.answers) >= wanted, within=START_WITHIN_S, what=f"{answers} more answers")

    def await_settled(self) -> None:
        """Wait until everything that was acknowledged is handled, and everybody knows of it."""
        eventually(self.enrolments.settled, within=START_WITHIN_S, what="settled", told=self.enrolments.unsettled)

    def stop(self) -> None:
        """Stop in order whatever still runs."""
        for process in self.processes:
            if not process.ended:
                process.stop()

    def figures(self, seconds: float | None = None, facts: Sequence[Passed] = ()) -> Figures:
        """Settle, stop, and count; `facts` are those that the witness gave away before."""
        self.await_settled()
        eventually(lambda: self.witness.waiting(QUEUES) == 0, within=START_WITHIN_S, what="empty queues")
        self.stop()
        return self.enrolments.figures([*facts, *self.witness.testimony()], seconds)

    def _ready(self) -> bool:
        return all(process.is_ready() for process in self.running)

    def _still(self) -> dict[str, object]:
        """What still keeps it from being well."""
        under_way = {name: found if isinstance(found, int) else sorted(found)[:3] for name, found in self.enrolments.unsettled().items()}
        aside = [row for context in self.contexts.values() for row in put_aside(context)]
        return {
            "troubles": [process.trouble() for process in self.running],
            "queued": self.witness.waiting(QUEUES),
            "aside": aside,
        } | under_way

    def discard(self) -> None:
        """Leave nothing running."""
        for process in self.processes:
            process.discard()
        for context in self.contexts.values():
            context.database.close()


def _says(process: Process, said: str) -> bool:
    return said in process.trouble()


@contextmanager
def a_stage(databases: Databases, bus_url: str, folder: Path) -> Iterator[Stage]:
    """A stage with the sample programme loaded, and nothing running on it."""
    with ExitStack() as cleanup:
        contexts = {name: viewed(service, cleanup.enter_context(databases.migrated(service)), folder) for name, service in SERVICES.items()}
        stage = Stage(folder, bus_url, contexts)
        cleanup.callback(stage.discard)
        yield stage


def viewed(service: Service, url: str, folder: Path) -> Context:
    """The test's own view of a service whose database is at `url`."""
    settings = settings_for(service.name, database_url=url, data_dir=folder)
    return Context(service, settings, Database(url, application="test"), service.resources(settings), utc_now)
