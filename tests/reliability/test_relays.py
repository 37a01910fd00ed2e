"""Two processes of a service that share its outbox and its queues, of which one stands still for a while."""

import os
from signal import SIGCONT, SIGSTOP

import pytest

from tests.reliability.patience import lasts
from tests.reliability.stage import Stage

LONGER_THAN_ANY_LEASE_S = 75
"""The broker gives up who is silent for 9 s; the database ends a transaction that stands still, and a lease runs out, after 60 s."""


@pytest.mark.thorough
@pytest.mark.timeout(300)
@pytest.mark.parametrize("still_s", [5, 30, LONGER_THAN_ANY_LEASE_S])
def test_one_of_two_stands_still(stage: Stage, still_s: float) -> None:
    """Fault 5: two relays at once, of which one is stopped and goes on later, with what it had in hand. Order is kept, one effect each."""
    awake, sleeper, _ = stage.start_all("registration", "registration", "reporting")
    with stage.busy(awake) as desk:
        os.kill(sleeper.pid, SIGSTOP)
        try:
            lasts(still_s)
        finally:
            os.kill(sleeper.pid, SIGCONT)
        desk.await_answers(10)
        seconds = stage.recovered()
    stage.figures(seconds).judge(f"two relays, of which one stood still for {still_s} s")
