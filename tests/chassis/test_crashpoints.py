"""Crash points: a test's environment may name one, and production's cannot."""

import os
import signal
import subprocess
import sys

import pytest

PASS_BY = 'from services.chassis.crashpoints import crash_point; crash_point("here")'


TWICE = f"{PASS_BY}; crash_point('here'); crash_point('here')"


def test_stands_still() -> None:
    """At a point that is to stop it a process stands still once, the n-th time that it comes by, and goes on when it is told to."""
    process = subprocess.Popen([sys.executable, "-c", TWICE], env=os.environ | {"DELTAG_CRASH_POINT": "here:2:SIGSTOP"})
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    process.send_signal(signal.SIGCONT)
    assert process.wait(60) == 0


@pytest.mark.parametrize(("environment", "status"), [("development", -signal.SIGKILL), ("production", 0)])
def test_out_of_reach_in_production(environment: str, status: int) -> None:
    """A process ends at the point that its environment names; in production that point is a function that does nothing."""
    variables = os.environ | {"DELTAG_CRASH_POINT": "here", "DELTAG_ENVIRONMENT": environment}
    assert subprocess.run([sys.executable, "-c", PASS_BY], env=variables, check=False, timeout=60).returncode == status
