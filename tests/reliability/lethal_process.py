"""Hosts the lethal service as `deltag run` hosts ours; its settings come from the environment (DELTAG_TINY_DATABASE_URL, …)."""

# ruff: noqa: E402 - what could block is imported after the patch

import os
import sys

from services.chassis.hosting import green

green.patch()

from services.chassis import settings
from services.chassis.runtime import context_for
from services.cli.places import Place, bus_of
from services.cli.serve import serve
from tests.reliability.lethal import VERSIONS, clock

SERVICE = VERSIONS[os.environ.get("LETHAL_VERSION", "1")]
KNOWN = settings.read(SERVICE.name)

if __name__ == "__main__":
    context = context_for(SERVICE, KNOWN)
    context.clock = clock
    place = Place({SERVICE.name: KNOWN}, bus_of(KNOWN), {SERVICE.name: context})
    sys.exit(0 if serve(place) else 1)
