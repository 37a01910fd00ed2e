"""Both services in one process on the embedded bus, as `deltag up` runs ours, with a backlog of so many messages on it.

`python -m benchmarks.contestants.deltag.together 20000`; the bus' own database is `DELTAG_BUS_DATABASE_URL`.
"""

# ruff: noqa: E402 - what could block is imported after the patch

import json
import sys

from services.chassis.hosting import green

green.patch()

from benchmarks.contestants import wire
from benchmarks.contestants.deltag import enrolment, insight
from benchmarks.job import SUBMITTED, backlog
from services.chassis import settings
from services.chassis.bus.embedded import EmbeddedBus
from services.chassis.database import Database
from services.chassis.envelope import Outgoing
from services.chassis.migrating import migrate
from services.chassis.runtime import context_for
from services.chassis.service import REQUESTS
from services.chassis.topology import topology
from services.cli.places import Place
from services.cli.serve import serve

SERVICES = (enrolment.SERVICE, insight.SERVICE)


def main(messages: int) -> bool:
    """Migrate, fill the queue, and serve until told to stop."""
    bus = EmbeddedBus(Database(wire.database_url("bus")))
    contexts = {service.name: context_for(service, settings.read(service.name)) for service in SERVICES}
    for context in contexts.values():
        migrate(context.database, context.service.migrations)
    bus.declare(topology([listen for service in SERVICES for listen in service.listens]))
    sent = [Outgoing(event["id"], REQUESTS, SUBMITTED, json.dumps(event).encode()) for event in backlog(messages)]
    bus.publisher().publish(sent)
    return serve(Place({name: context.settings for name, context in contexts.items()}, bus, contexts), only="bus")


if __name__ == "__main__":
    sys.exit(0 if main(int(sys.argv[1])) else 1)
