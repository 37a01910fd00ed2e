"""What Deltag needs on the bus: its exchanges, and for every queue of a service what is bound to it."""

from collections.abc import Sequence

from services.chassis.bus import Queue, Topology
from services.chassis.service import EVENTS, PERSONAL, REQUESTS, Listen

EXCHANGES = (EVENTS, REQUESTS, PERSONAL)


def topology(listens: Sequence[Listen], log: str | None = None) -> Topology:
    """What these queues need on the bus."""
    return Topology(EXCHANGES, [Queue(listen.queue, listen.exchange, tuple(listen.keys)) for listen in listens], log)
