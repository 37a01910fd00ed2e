"""Two processes of a service that share its outbox and its queues, of which one stands still for a while."""

import os
from signal import SIGCONT

import psutil
import pytest

from tests.reliability.oracle import number
from tests.reliability.patience import START_WITHIN_S, eventually, lasts
from tests.reliability.processes import Process
from tests.reliability.stage import Stage

LEASE_S, LONGER_THAN_ANY_LEASE_S = 60, 75
"""The broker gives up who is silent for 9 s; the database ends a transaction that stands still, and a lease runs out, after 60 s."""
HELD = """
select count(*) from chassis.outbox join pg_stat_activity on backend_xid = xmax
where state = 'idle in transaction' and state_change < clock_timestamp() - interval '1 second'
"""
"""The rows of a relay that has taken them, and stands still."""


@pytest.mark.thorough
@pytest.mark.timeout(300)
@pytest.mark.parametrize("still_s", [5, 30, LONGER_THAN_ANY_LEASE_S])
def test_one_of_two_stands_still(stage: Stage, still_s: float) -> None:
    """Fault 5: two relays at once, of which one stands still with what it has published and not yet noted, and goes on later. What the
    database took from it meanwhile passes twice, the rest once (no epoch is refused: what a relay takes is locked, and nobody else's
    until its transaction ends); order is kept, one effect each.
    """
    sleeper = stage.start("registration", DELTAG_CRASH_POINT="relay.after-confirm:3:SIGSTOP")
    awake, _ = stage.start_all("registration", "reporting")
    sleeper.await_ready()
    with stage.busy(awake) as desk:
        eventually(lambda: stands_still(sleeper), within=START_WITHIN_S, what="a relay that stands still")
        eventually(lambda: number(stage.contexts["registration"], HELD), what="rows that it holds")
        lasts(still_s)
        os.kill(sleeper.pid, SIGCONT)
        desk.await_answers(10)
        seconds = stage.recovered()
    figures = stage.figures(seconds)
    figures.judge(f"two relays, of which one stood still for {still_s} s")
    assert figures.repeated > 0 or still_s < LEASE_S


def stands_still(process: Process) -> bool:
    """Whether it has come to the point where it stops."""
    return psutil.Process(process.pid).status() == psutil.STATUS_STOPPED
