"""The watchdog: a native thread that must outlive everything it watches."""

import subprocess
import sys

from services.chassis.watchdog import ENDED

BLIND = """
import psutil, time
from services.chassis import watchdog
psutil.Process.memory_info = lambda _self: open("no file descriptor is left")
watchdog.start("tiny", 1_000)
time.sleep(3 * watchdog.LOOK_S)
with watchdog.within(0.1, "tiny.facts"):
    time.sleep(60)
"""


def test_a_watchdog_that_cannot_see_goes_on() -> None:
    """While there is no file descriptor left to measure memory with, what does not come to an end is still ended."""
    ended = subprocess.run([sys.executable, "-c", BLIND], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, "watchdog.ended" in ended.stderr) == (ENDED, True)
