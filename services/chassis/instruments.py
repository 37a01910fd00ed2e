"""What delivery reports about itself."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any


def observe_handled(service: str, handled: Sequence[Any], duplicates: Sequence[Any], now: datetime) -> None:
    """Count messages taken, and how old they were."""


def observe_relayed(service: str, *, published: int, returned: int) -> None:
    """Count messages that left the outbox."""
