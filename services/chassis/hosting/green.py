"""Turns blocking calls green. Imports nothing but what must come before.

Names are looked up by the system, as everywhere else on the machine: eventlet's own resolver knows no nsswitch, and
costs every process 20 MB.
"""

import os

os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")

import eventlet

from services.chassis import watchdog  # noqa: F401 - takes the native thread and sleep before they are patched
from services.chassis.bus import heartbeat  # noqa: F401 - the same, and the lock
from services.chassis.hosting import hub


def patch() -> None:
    """Patch, once, before anything else is imported.

    psycopg waits in C and would stop the whole hub; told to wait in Python, it lets the others run
    (proven by tests/chassis/test_hosting.py).
    """
    os.environ["PSYCOPG_WAIT_FUNC"] = "wait_selector"
    eventlet.hubs.use_hub(hub)
    eventlet.monkey_patch()
