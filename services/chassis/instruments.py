"""What delivery reports about itself."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any


def observe_handled(service: str, handled: Sequence[Any], duplicates: Sequence[Any], now: datetime) -> None:
    """Count messages taken, and how old they were."""


def observe_relayed(service: str, *, published: int, returned: int) -> None:
    """Count messages that left the outbox."""


def observe_books(service: str, books: Any) -> None:
    """Show a queue's conservation difference."""


def observe_outbox(service: str, pending: int, oldest: float) -> None:
    """Show what waits in the outbox, and for how long."""


def observe_deferred(service: str, consumers: Sequence[str], rows: Sequence[Any]) -> None:
    """Show what is deferred, by kind and reason."""
