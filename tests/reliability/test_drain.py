"""Stopping in order under load: what is in hand is finished, nothing is done twice, and the end comes in time."""

import os

import pytest

from tests.reliability.stage import Stage

ROUNDS = int(os.environ.get("DELTAG_FAULT_ROUNDS", "12"))
DRAINED_WITHIN_S = 5.0
STARTING_S = 10


@pytest.mark.timeout(60 + ROUNDS * STARTING_S)
def test_stopped_under_load(stage: Stage) -> None:
    """Fault 20: SIGTERM under load, again and again. Every drain ends in time, nothing is lost, nothing is handled twice."""
    registration, reporting = stage.start_all("registration", "reporting")
    seconds = []
    with stage.flowing():
        for round_ in range(ROUNDS):
            stage.await_progress()
            stopped = registration if round_ % 2 else reporting
            seconds.append(stopped.stop())
            started = stage.start_all("registration" if round_ % 2 else "reporting")[0]
            registration, reporting = (started, reporting) if round_ % 2 else (registration, started)
    figures = stage.figures(0.0)
    figures.judge(f"{ROUNDS} stops under load, the longest in {max(seconds):.1f} s")
    assert figures.taken_again == 0
    assert max(seconds) < DRAINED_WITHIN_S
