"""Turns blocking calls green. Imports nothing but what must come before.

Names are looked up by the system, as everywhere else on the machine: eventlet's own resolver knows no nsswitch, and
costs every process 20 MB.
"""

import os
import sys

os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")

import eventlet

from services.chassis import watchdog  # noqa: F401 - takes the native thread and sleep before they are patched
from services.chassis.bus import heartbeat  # noqa: F401 - the same, and the lock
from services.chassis.hosting import hub


def patch() -> None:
    """Patch, once, before anything else is imported. Raises `ImportError` when it comes too late.

    psycopg waits in C and would stop the whole hub; told to wait in Python, it lets the others run, and in the loops after
    a first millisecond, as `waiting.py` says (both proven by tests/chassis/test_hosting.py). psycopg 2, which eventlet
    would load besides where it is installed, is used by nobody here and takes 6 MB.
    """
    if "psycopg" in sys.modules:
        raise ImportError("The patch has to come before anything else is imported: locks made before it stop the whole hub.")
    os.environ["PSYCOPG_WAIT_FUNC"] = "wait_selector"
    if hub.is_available():  # on Linux
        eventlet.hubs.use_hub(hub)
    eventlet.monkey_patch(psycopg=False)
    from services.chassis.hosting.waiting import wait_at_first  # noqa: PLC0415 - it imports psycopg, which has to come after

    wait_at_first()
