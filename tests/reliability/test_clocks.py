"""Clocks that jump: delays, leases and order are the database's business, so nobody waits for an hour and nothing happens twice."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.reliability.lethal import OUTAGE
from tests.reliability.load import publish
from tests.reliability.oracle import deferred, number
from tests.reliability.patience import START_WITHIN_S, eventually
from tests.reliability.ward import Clock, Fault, Ward, fact

AN_HOUR_S = 3_600
SUMMER_TIME_BEGINS = datetime(2026, 3, 29, 1, tzinfo=UTC)
SUMMER_TIME_ENDS = datetime(2026, 10, 25, 1, tzinfo=UTC)
JUST_BEFORE = timedelta(seconds=1)


def until(moment: datetime) -> float:
    """How far off a clock is that shows a moment just before this one."""
    return (moment - JUST_BEFORE - datetime.now(UTC)).total_seconds()


@pytest.mark.parametrize(
    "jumps",
    [(AN_HOUR_S, -AN_HOUR_S), pytest.param((until(SUMMER_TIME_BEGINS), until(SUMMER_TIME_ENDS)), marks=pytest.mark.thorough)],
    ids=["an hour on, and one back", "summer time begins, and ends"],
)
def test_clocks_jump(ward: Ward, fault: Fault, tmp_path: Path, jumps: tuple[float, float]) -> None:
    """Fault 36: while messages wait for a retry and for an earlier one, the clocks of both processes jump, away from each other."""
    waiting = dict(fact(f"child-{n:02d}", 1, OUTAGE) for n in range(20))
    early = dict(fact(f"child-{n:02d}", 2) for n in range(40))
    late = dict(fact(f"child-{n:02d}", 1) for n in range(20, 40))
    clocks = [Clock(tmp_path / f"clock-{n}") for n in range(2)]
    for process in [
        ward.start(TZ="Europe/Copenhagen", DELTAG_RETRY_ATTEMPTS="6", **fault.variables, **clock.variables) for clock in clocks
    ]:
        process.await_ready()
    publish(ward.bus_url, [*waiting.values(), *early.values()])
    eventually(lambda: deferred(ward.context, kinds=["retry"]) == 20, within=START_WITHIN_S, what="retries")
    for clock, seconds in zip(clocks, jumps, strict=True):
        clock.jump(seconds)
    publish(ward.bus_url, late.values())
    eventually(lambda: number(ward.context, "select count(*) from effect") == 40, what="those that nothing is wrong with")
    fault.heal()
    sent = waiting | early | late
    ward.figures(sent, ward.settle(effects=len(sent))).judge(f"clocks off by {jumps[0]:.0f} s and {jumps[1]:.0f} s")
