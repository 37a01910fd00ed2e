"""Hosts one of the two, as `deltag run` hosts ours: `python -m benchmarks.contestants.deltag.process enrolment`."""

# ruff: noqa: E402 - what could block is imported after the patch

import sys
from importlib import import_module

from services.chassis.hosting import green

green.patch()

from services.chassis import settings
from services.chassis.migrating import migrate
from services.chassis.runtime import context_for
from services.cli.places import Place, bus_of
from services.cli.serve import serve


def main(name: str) -> bool:
    """Migrate, and serve until told to stop."""
    service = import_module(f"benchmarks.contestants.deltag.{name}").SERVICE
    known = settings.read(name)
    context = context_for(service, known)
    migrate(context.database, service.migrations)
    return serve(Place({name: known}, bus_of(known), {name: context}), only="bus")


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1]) else 1)
