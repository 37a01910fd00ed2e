"""Hosts the tiny service in a process of its own; a package that imports the chassis would be imported before the patch."""

# ruff: noqa: E402 - what could block is imported after the patch

import os
import sys
from pathlib import Path

from services.chassis.hosting import green

green.patch()

from services.chassis.bus.rabbit import RabbitBus
from services.chassis.database import Database
from services.chassis.hosting.host import host
from services.chassis.runtime import Running, utc_now
from services.chassis.service import Context
from services.chassis.topology import topology
from tests.chassis.tiny import SERVICE
from tests.settings import settings_for


def say_running() -> None:
    """Tell the test that it may begin."""
    sys.stdout.write("running\n")
    sys.stdout.flush()


def main() -> bool:
    """Serve until SIGTERM; whether it drained in time."""
    url = os.environ["TINY_DATABASE"]
    settings = settings_for(SERVICE.name, database_url=url, data_dir=Path(os.environ["TINY_DATA"]))
    bus = RabbitBus(os.environ["TINY_BUS"])
    bus.declare(topology(SERVICE.listens))
    running = Running(Context(SERVICE, settings, Database(url), None, utc_now), bus)
    return host([running], {}, drain_s=settings.drain_s, started=say_running)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
