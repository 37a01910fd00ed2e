"""Mutated messages through the real intake of each service, on a real PostgreSQL."""

from collections.abc import Callable, Iterator
from io import StringIO
from operator import itemgetter
from random import Random

import pytest

from services.chassis.contracts import by_type, example
from services.chassis.files import programmes
from services.chassis.service import Context, Listen, Service
from services.chassis.testing import deliver
from services.events.service import SERVICE as EVENTS
from services.notifications.service import SERVICE as NOTIFICATIONS
from services.registration.handlers import load_programme
from services.registration.service import SERVICE as REGISTRATION
from services.reporting.service import SERVICE as REPORTING
from tests.reliability.chance import many, seed
from tests.reliability.fuzz.inspection import Inspection
from tests.reliability.fuzz.secrets import logged

SERVICES = (REGISTRATION, EVENTS, NOTIFICATIONS, REPORTING)
QUEUES = [(service, listen) for service in SERVICES for listen in service.listens]
each_queue = pytest.mark.parametrize(("service", "listen"), QUEUES, ids=[listen.queue for _service, listen in QUEUES])
QUICK = 600
THOROUGH = 16_000


@pytest.fixture(autouse=True)
def log() -> Iterator[StringIO]:
    """What the service writes into its log."""
    with logged() as stream:
        yield stream


@pytest.fixture
def told(context_of: Callable[..., Context]) -> Callable[[Service], Context]:
    """A service that knows what the good examples tell."""

    def make(service: Service) -> Context:
        context = context_of(service, retry_base_s=0.001)
        _tell(context, service)
        return context

    return make


def _tell(context: Context, service: Service) -> None:
    if service is REGISTRATION:
        with context.work() as work:
            load_programme(programmes() / "sammen-om-boern", work)
        return
    facts = [example(by_type()[type_]) for listen in service.listens for type_ in listen.reads]
    for fact in sorted(facts, key=itemgetter("time", "sequence")):
        deliver(context, fact["type"], fact["data"], subject=fact["subject"], sequence=int(fact["sequence"]))


@each_queue
def test_mutated_messages(told: Callable[[Service], Context], service: Service, listen: Listen) -> None:
    """Each is handled, known, early or parked with a readable reason; requests are answered, and good neighbours handled."""
    Inspection(told(service), listen, Random(seed())).take(QUICK)


@pytest.mark.thorough
@pytest.mark.timeout(1_200)
@each_queue
def test_very_many_mutated_messages(told: Callable[[Service], Context], service: Service, listen: Listen) -> None:
    """The same with very many."""
    Inspection(told(service), listen, Random(seed())).take(many("DELTAG_FUZZ_MESSAGES", THOROUGH))
