"""Crash points: a test's environment may name one, and production's cannot."""

import os
import signal
import subprocess
import sys

import pytest

PASS_BY = 'from services.chassis.crashpoints import crash_point; crash_point("here")'


@pytest.mark.parametrize(("environment", "status"), [("development", -signal.SIGKILL), ("production", 0)])
def test_out_of_reach_in_production(environment: str, status: int) -> None:
    """A process ends at the point that its environment names; in production that point is a function that does nothing."""
    variables = os.environ | {"DELTAG_CRASH_POINT": "here", "DELTAG_ENVIRONMENT": environment}
    assert subprocess.run([sys.executable, "-c", PASS_BY], env=variables, check=False, timeout=60).returncode == status
