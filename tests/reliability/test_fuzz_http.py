"""Mutated requests at the HTTP doors of all services, in process, on a real PostgreSQL."""

from collections.abc import Callable
from random import Random

import pytest

from services.chassis.service import Context, Service
from tests.reliability.chance import many, seed
from tests.reliability.fuzz.answers import Visit
from tests.reliability.fuzz.calls import Calls
from tests.reliability.fuzz.secrets import found_in, logged
from tests.reliability.fuzz.stories import SERVICES, tell
from tests.reliability.report import SIZE

each_service = pytest.mark.parametrize("service", SERVICES, ids=[service.name for service in SERVICES])
QUICK = 300
THOROUGH = 6_000


def visit(context: Context, number: int) -> None:
    """Ask so many times; then nobody may be found in the log."""
    with logged() as log:
        Visit(context, Calls(context, Random(seed()))).ask(number)
    assert not found_in(log.getvalue())


@each_service
def test_mutated_requests(context_of: Callable[..., Context], service: Service) -> None:
    """Whatever is asked, the door answers, and what it refuses it refuses with a slug, a text and nobody's data."""
    visit(tell(context_of(service)), QUICK)


@pytest.mark.thorough
@pytest.mark.timeout(1_200)
@each_service
def test_very_many_mutated_requests(
    context_of: Callable[..., Context], service: Service, record_property: Callable[[str, object], None]
) -> None:
    """Of very many requests the door answers each, and what it refuses it refuses with a slug, a text and nobody's data."""
    number = many("DELTAG_FUZZ_REQUESTS", THOROUGH)
    record_property(SIZE, number)
    visit(tell(context_of(service)), number)
