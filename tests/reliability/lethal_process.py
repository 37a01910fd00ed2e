"""Hosts the lethal service as `deltag run` hosts ours; its settings come from the environment (DELTAG_TINY_DATABASE_URL, …)."""

# ruff: noqa: E402 - what could block is imported after the patch

import sys

from services.chassis.hosting import green

green.patch()

from services.chassis import settings
from services.chassis.runtime import context_for
from services.cli.places import Place, bus_of
from services.cli.serve import serve
from tests.reliability.lethal import SERVICE

KNOWN = settings.read(SERVICE.name)

if __name__ == "__main__":
    place = Place({SERVICE.name: KNOWN}, bus_of(KNOWN), {SERVICE.name: context_for(SERVICE, KNOWN)})
    sys.exit(0 if serve(place) else 1)
