"""The reporting service on a database of its own."""

from collections.abc import Callable

import pytest

from services.chassis.service import Context
from services.reporting.service import SERVICE


@pytest.fixture
def context(context_of: Callable[..., Context]) -> Context:
    """The service, with nothing told yet."""
    return context_of(SERVICE)
