"""Mutated messages through the real intake of each service, on a real PostgreSQL."""

from collections.abc import Callable, Iterator
from io import StringIO
from random import Random

import pytest
from prometheus_client import generate_latest

from services.chassis.service import Context, Listen, Service
from tests.reliability.chance import many, seed
from tests.reliability.fuzz.inspection import Inspection
from tests.reliability.fuzz.secrets import found_in, logged
from tests.reliability.fuzz.stories import SERVICES, tell
from tests.reliability.report import SIZE

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
    return lambda service: tell(context_of(service, retry_base_s=0.001))


def take(context: Context, log: StringIO, listen: Listen, number: int) -> None:
    """Let them come; then nobody may be found in the log, in the reasons that operators read, or in the metrics."""
    verdict = Inspection(context, listen, Random(seed())).take(number)
    assert "message.parked" in log.getvalue()
    assert not found_in("\n".join([log.getvalue(), *verdict.reasons, generate_latest().decode()]))


@each_queue
def test_mutated_messages(told: Callable[[Service], Context], log: StringIO, service: Service, listen: Listen) -> None:
    """Each is handled, known, early or parked with a readable reason; requests are answered, and good neighbours handled."""
    take(told(service), log, listen, QUICK)


@pytest.mark.thorough
@pytest.mark.timeout(1_200)
@each_queue
def test_very_many_mutated_messages(
    told: Callable[[Service], Context], log: StringIO, service: Service, listen: Listen, record_property: Callable[[str, object], None]
) -> None:
    """Of very many messages each is handled, known, early or parked with a readable reason, and good neighbours are handled."""
    number = many("DELTAG_FUZZ_MESSAGES", THOROUGH)
    record_property(SIZE, number)
    take(told(service), log, listen, number)
