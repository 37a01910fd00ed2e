"""When something was said, by which two that speak of the same thing are put in order, whichever of them came first."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from services.chassis.envelope import Received

if TYPE_CHECKING:
    from services.registration.storage import Work


def said_at(message: Received[Any], work: "Work") -> datetime:
    """When its sender wrote it, or now where he gives no time; nobody writes in the future."""
    return min(message.time or work.now, work.now)
