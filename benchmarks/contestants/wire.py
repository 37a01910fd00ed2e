"""Where a contestant's messages come from and go to, and where its servers are.

The peers' queues are named as nameko names those of its event handlers, who would not find them otherwise.
"""

import os
from typing import Any, NamedTuple


class Route(NamedTuple):
    """A queue, and what is bound to it."""

    exchange: str
    key: str
    queue: str


SUBMISSIONS = Route("portal.events", "enrolment.submitted", "evt-portal-enrolment.submitted--enrolment.handle_submitted")
FACTS = Route("enrolment.events", "enrolment.accepted", "evt-enrolment-enrolment.accepted--insight.handle_accepted")


def amqp_url() -> str:
    """The broker."""
    return os.environ["DELTAG_AMQP_URL"]


def database_url(service: str, driver: str = "") -> str:
    """A service's own database, with SQLAlchemy's name of a driver if one is wanted."""
    url = os.environ[f"DELTAG_{service.upper()}_DATABASE_URL"]
    return url.replace("postgresql:", f"postgresql+{driver}:") if driver else url


def is_quorum() -> bool:
    """Whether this run is on quorum queues."""
    return os.environ["DELTAG_QUEUE_TYPE"] == "quorum"


def queue_arguments() -> dict[str, Any]:
    """What a queue of this run's type is declared with."""
    return {"x-queue-type": "quorum"} if is_quorum() else {}
