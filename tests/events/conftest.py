"""A town with one programme, and the desk where its people sign up; both on a real database that is empty else."""

from collections.abc import Callable

import pytest

from services.chassis.service import Context
from services.events.service import SERVICE
from tests.events.town import Desk, Town


@pytest.fixture
def context(context_of: Callable[..., Context]) -> Context:
    """The service, running on a database of its own."""
    return context_of(SERVICE)


@pytest.fixture
def town(context: Context) -> Town:
    """The programme and its places are known."""
    return Town(context)


@pytest.fixture
def desk(context: Context, town: Town) -> Desk:  # noqa: ARG001 - activities are opened in a town
    """The HTTP door of a service that knows the town."""
    return Desk(context)
